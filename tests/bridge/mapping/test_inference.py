"""What can never work in an expression is said before anybody is read; what may be right is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.dates import FIELDS
from bridge.mapping.environment import Environment
from bridge.mapping.expressions import Expression
from bridge.mapping.inference import infer
from bridge.mapping.shapes import BOOL, BYTES, DOUBLE, INT, LIST, MAP, NULL, SPAN, TEXT, TIME, UINT
from bridge.mapping.syntax import UNKNOWN, parse

ENVIRONMENT = Environment({"locations": {"Berlin": "BER"}})
PERSON: dict[str, Any] = {
    "id": "5f",
    "lifecycle": "active",
    "account": {"email": "ana@example.com", "isActive": True, "language": "de"},
    "work": {
        "jobTitle": "Buyer",
        "startDate": "2026-01-15",
        "contractEnd": None,
        "isAssistant": None,
        "teams": ["Blue", "Red"],
        "weeklyHours": 38.5,
        "employeeNumber": 7,
        "manager": {"id": "6a", "work": {"jobTitle": None}},
    },
}


def said(source: str) -> str:
    return "; ".join(infer(source, ENVIRONMENT.functions)[1])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("person.work.jobTitle + 1", "string() makes text of a number"),
        ("person.work.teams + person.work.jobTitle", "join() makes text of a list"),
        ("person.work.jobTitle + person.account.isActive", 'x ? "yes" : "no"'),
        ("person.work.jobTitle + null", "default(x, ...) stands in for null"),
        ("1 + 1.5", "double() and int()"),
        ('"5" * 3', "int() and double() make a number of text"),
        ("lower(5)", "lower() with a number (5), but it takes text"),
        ("person.work.teams.lower()", "lower() with a list (person.work.teams), but it takes text"),
        ('join(person.work.jobTitle, ",")', "join() with text"),
        ("join([1, 2])", "with a list of a number, but it takes a list of text"),
        ("lower()", "lower() with 0 values, but it takes 1"),
        ("replace(person.work.jobTitle, 'a')", "replace() with 2 values, but it takes 3"),
        ("addDays(person.work.startDate, '3')", "addDays() with text, but it takes a number"),
        ('addDays("1.2.2026", 3)', "with a text that is no day"),
        ("size(person.account.isActive)", "size() with true or false"),
        ('person.work.teams.contains("Red")', "contains() with a list"),
        ("person.work.startDate > 5", 'days are text such as "2026-03-01"'),
        ("2026 == person.work.startDate", "which is never true; days are text"),
        ('person.work.startDate >= "01.03.2026"', "a day with a text that is none"),
        ('person.work.contractEnd < "today"', "today without quotes"),
        ('daysBetween(person.work.startDate, today) < "90"', "with text by <"),
        ('person.account.isActive == "true"', "write person.account.isActive or !person.account.isActive"),
        ('person.work.jobTitle != true', "which is always true; write the word in quotes"),
        ('person.lifecycle == "Active"', 'did you mean "active"?'),
        ('person.lifecycle in ["active", "lefft"]', 'did you mean "left"?'),
        ('team.kind != "teams"', 'did you mean "team"?'),
        ('"a" in person.work.jobTitle', "contains() looks into a text"),
        ("5 in person.work.teams", "looks for a number (5) in a list of text"),
        ("person.work.teams.exists(t, t > 5)", "text (t) with a number (5)"),
        ("person.work.teams.filter(t, t)", "where true or false has to stand"),
        ("person.work.jobTitle.map(t, t)", "goes through text (person.work.jobTitle) by map()"),
        ("person.work.jobTitle ? 1 : 2", "where true or false has to stand"),
        ("!person.work.jobTitle", "where true or false has to stand"),
        ("person.account.isActive && person.work.jobTitle", "where true or false has to stand"),
        ("-person.work.jobTitle", "which is no number"),
        ("person.work.jobTitle.length", "for 'length', which only an object has"),
        ("person.work.jobTitle[0]", "takes a part of text (person.work.jobTitle) by [ ]"),
        ('person.work.teams["a"]', "write its number, from 0"),
        ("person.work.manager.work.jobTitle + 5", "which always fails"),
        ("lower(default(person.work.jobTitle, 5) + 1) == 1", "text (lower()) with a number"),
        ('formatDate(today, "DD.MM.yyyy")', "no part 'DD' of a date; did you mean dd?"),
        ('formatDate(today, "dd.MM.YYYY")', "no part 'YYYY' of a date; did you mean yyyy?"),
        ('formatDate(today, "MMMMM")', "no part 'MMMMM' of a date; did you mean MMMM?"),
        ('today.formatDate("%d.%m.%Y")', "no part 'm' of a date; did you mean M?"),
        ('formatDate(today, "LLLL d")', "no part 'LLLL' of a date; there is: yyyy"),
    ],
)  # fmt: skip
def test_what_can_never_work(source: str, words: str) -> None:
    """An expression that fails, or says the same, for everybody == a phrase with what would be right."""
    assert words in said(source)


@pytest.mark.parametrize(
    "source",
    [
        "person.work.employeeNumber + 1",  # of an unknown type
        'person.work.employeeNumber == "10121" || person.work.employeeNumber == 10121',
        'person.work["jobTitle"] + 1',  # in brackets nothing is known
        'person.work.c_Badge > 5 && person.personal.c_Name.startsWith("A")',
        'lookup("locations", person.work.office, 5) == 5',
        'person.work.startDate != "" && person.work.startDate >= "2026" && person.work.startDate < today',
        "person.work.manager == null ? null : person.work.manager.account.email",
        'lower(split(default(person.account.email, ""), "@")[0])',
        "dyn(person.work.jobTitle) + 1",
        'formatDate(today, "d. \'of\' M yyyy") + formatDate(today, "yyyy-MM-ddT00:00:00Z")',
        '[1, "a"].exists(x, x == "a") && {"a": 1}.a == 1 && {"a": 1}["a"] < 2.5',
        "(person.account.isActive ? 1 : null) == null",
        'timestamp("2026-01-01T00:00:00Z").getFullYear() > 2000',
        r'person.work.startDate == "2026\u002d01-01"',  # what an escape means is not known here
        "person.work.teams.map(t, size(t)).exists(n, n > 3)",
    ],
)
def test_what_may_be_right(source: str) -> None:
    """What could be right for somebody == nothing said."""
    assert said(source) == ""


def test_every_part_of_a_date_is_one() -> None:
    """Each part that formatDate reads == accepted, alone and beside others; five times as long it is none."""
    assert said(f'formatDate(today, "{".".join(FIELDS)}")') == ""
    for part in FIELDS:
        assert "no part" in said(f'formatDate(today, "{part * 5}")')


@pytest.mark.parametrize("source", ["a ? b ? c : d : e", '"a" "b"', "a.`b`", "(" * 200 + "1" + ")" * 200])
def test_what_is_not_understood_is_unknown(source: str) -> None:
    """Text beyond the grammar, or too deep == a tree of which nothing is known."""
    assert parse(source) == UNKNOWN


_LEAVES = [
    "1", "2.5", '"a"', '"2026-01-01"', "null", "true", "today", "[1]", '["a"]', '{"a": 1}', "person.id",
    "person.lifecycle", "person.account.isActive", "person.account.language", "person.work.jobTitle",
    "person.work.startDate", "person.work.contractEnd", "person.work.isAssistant", "person.work.teams",
    "person.work.weeklyHours", "person.work.employeeNumber", "person.work.manager.id",
    "person.work.manager.work.jobTitle", "person.work.manager",
]  # fmt: skip
_FORMS = [
    "({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} % {1})", "({0} < {1})", "({0} == {1})", "(-{0})",
    "({0} in {1})", "[{0}, {1}]", "{0}[{1}]", "(!{0})", "lower({0})", "first({0}, {1})", "default({0}, {1})",
    "join({0})", "split({0}, {1})", "addDays({0}, {1})", "daysBetween({0}, {1})", "size({0})", "string({0})",
    "int({0})", "double({0})", "{0}.contains({1})", "formatDate({0}, {1})", 'lookup("locations", {0})',
    "{0}.map(x, x + {1})", "{0}.filter(x, x == {1})", "{0}.exists(x, x == {1})", "replace({0}, {1}, {0})",
    "(true ? {0} : {1})", "slug({0})", "first({0})", "left({0}, 1)", "divide({0}, {1})", "number({0})",
    "round({0}, 1)", "formatNumber({0}, 2)", "addMonths({0}, 1)", "endOfMonth({0})",
    "monthsBetween({0}, {1})",
    "titleCase({0})", "familyNames({0})", 'regexReplace({0}, "a", {1})', 'regexExtract({0}, "a")',
    "padStart({0}, 3)",
    'e164({0}, "DE", {1})', 'e164({0}, "DE")', 'keepOnly({0}, "a-z")', "transliterate({0}, {1})",
    "initials({0})",
]  # fmt: skip
_EXPRESSIONS = st.recursive(
    st.sampled_from(_LEAVES),
    lambda inner: st.builds(
        lambda form, one, other: form.format(one, other), st.sampled_from(_FORMS), inner, inner
    ),
    max_leaves=6,
)
_KINDS: dict[type, set[str]] = {
    bool: {BOOL}, int: {INT, UINT}, float: {DOUBLE}, str: {TEXT, TIME}, list: {LIST}, dict: {MAP},
    type(None): {NULL}, bytes: {BYTES}, object: {SPAN},
}  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(_EXPRESSIONS)
@example('first(first([1, ["a"]]))')
def test_nothing_that_works_is_refused(source: str) -> None:
    """Whatever an expression gives for somebody == among what it was said to give; and no "always fails"."""
    try:
        expression = Expression(source, "scope")
        value = expression.evaluate(ENVIRONMENT.given({"person": PERSON}))
    except (ConfigurationError, RecordRejected):
        return
    found, phrases = infer(source, ENVIRONMENT.functions)
    assert found.can & _KINDS[type(value)], (source, value)
    if "?" not in source and "[]" not in source and " == " not in source:
        assert [phrase for phrase in phrases if "always fails" in phrase] == [], (source, value)
