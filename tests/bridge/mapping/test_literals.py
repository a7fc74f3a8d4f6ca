"""What is wrong with a call, as far as it shows in the expression."""

from __future__ import annotations

import pytest

from bridge.mapping.inference import infer
from tests.evaluating import ENVIRONMENT


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            'formatDate(today, "YYYY-MM")',
            "which knows no part 'YYYY' of a date; did you mean yyyy?",
        ),
        ('today.formatDate("mm")', "formatDate(), which knows no part 'mm' of a date; did you mean MM?"),
        ('formatDate(today, "MMMM", "fr")', "formatDate(), which knows the names of months in en, de, es"),
        (
            'transliterate("x", "german")',
            "transliterate(), which knows no such language (there is: az, bg,",
        ),
        ('slug("x", "DE")', "slug(), which knows no such language"),
        ('titleCase("x", "de")', "titleCase(), which knows tr, az as languages with letters of their own"),
        ('regexReplace("x", "(", "")', "regexReplace(), which has a pattern that is no regular expression"),
        ('regexReplace("x", "a", r"\\1")', "regexReplace(), which has a \\ that is no group of its pattern"),
        ('regexExtract("x", "(?=a)")', "regexExtract(), which has a pattern that is no regular expression"),
        ('e164("1", "GERMANY")', "e164(), which wants a country as two capital letters such as DE"),
        ('left("x")', "left() with 1 value, but it takes 2"),
        ('"x".left(1, 2)', "left() with 3 values, but it takes 2"),
        ('substring("x")', "substring() with 1 value, but it takes 2 to 3"),
        ("lower()", "lower() with 0 values, but it takes 1"),
        ("left(person.work.teams, 1)", "left() with a list (person.work.teams), but it takes text"),
        ('addMonths("1.2.2026", 1)', "addMonths() with a text that is no day"),
        ("number(person.work.teams)", "number() with a list"),
        ("divide(1, 2) + 1", "has a number (divide()) + a number (1), which always fails"),
    ],
)
def test_wrong_calls_are_found_at_the_start(source: str, problem: str) -> None:
    """No such pattern, language or country, too few arguments, the wrong kind of value == a phrase."""
    (found,) = infer(source, ENVIRONMENT.functions)[1]
    assert problem in found


@pytest.mark.parametrize(
    "source",
    ['formatDate(today, "dd.MM." + "XX")', "first(null)", 'first("a", "b", "c")', '"formatDate(1)" == "x"',
     'regexReplace(r"(", "\\\\d{2}", "\\\\0")', '["a"].map(x, slug(x, "tr"))', 'e164("1", "DE", null)'],
)  # fmt: skip
def test_what_may_be_right_is_left_alone(source: str) -> None:
    """What shows only with a record, and texts that look like calls == no complaint."""
    assert infer(source, ENVIRONMENT.functions)[1] == []
