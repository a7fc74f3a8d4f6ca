"""The functions of expressions, as expressions call them."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import RecordRejected
from bridge.mapping.functions import MAX_TEXT, functions
from bridge.mapping.latin import spelled_out
from tests.evaluating import value

quick = settings(max_examples=100, deadline=None)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('lower("JÜRGEN")', "jürgen"),
        ('"JÜRGEN".lower()', "jürgen"),
        ('upper("straße")', "STRASSE"),
        ('trim("  a b\\t")', "a b"),
        ('replace("a b c", " ", ".")', "a.b.c"),
        ('join(["a", "", null, "b"], "/")', "a/b"),
        ('join(["a", "b"])', "a, b"),
        ('split("a,b,", ",")', ["a", "b", ""]),
        ('first("", null, "x", "y")', "x"),
        ('first(["", null, [], {}, "x"])', "x"),
        ("first(null)", None),
        ("first(0, 1)", 0),
        ("first(false, true)", False),
        ('default(null, "x")', "x"),
        ('default("", "x")', "x"),
        ('default("y", "x")', "y"),
        ('merge({"a": 1, "b": 2}, null, {"b": null, "c": [3]})', {"a": 1, "b": None, "c": [3]}),
        ("merge(null)", {}),
        ('addDays("2024-02-28", 2)', "2024-03-01"),
        ('addDays("2024-03-01T00:00:00.000Z", -1)', "2024-02-29"),
        ('addDays(timestamp("2024-12-31T10:00:00Z"), 1)', "2025-01-01"),
        ('daysBetween("2024-02-28", "2024-03-01")', 2),
        ('daysBetween("2024-03-01", "2024-02-28")', -2),
        ('formatDate("2024-02-09", "dd.MM.yyyy")', "09.02.2024"),
        ('formatDate("2024-02-09", "d/M/yy")', "9/2/24"),
        ('formatDate("2024-02-09", "yyyy-MM \'d\'")', "2024-02 d"),
        ('lookup("locations", "Berlin")', "BER"),
        ('lookup("locations", 7)', "seven"),
        ('lookup("locations", "Rome")', None),
        ('lookup("locations", "Rome", "other")', "other"),
        ('lookup("locations", null, "other")', "other"),
    ],
)
def test_function_gives(source: str, result: Any) -> None:
    """Each function == what its docstring says, called alone or as a method."""
    found = value(source)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(
    ("text", "ascii_"),
    [
        ("Jürgen Straße", "Juergen Strasse"),
        ("Ärzte ÄRZTE Ä ÜÖ", "Aerzte AERZTE Ae UEOE"),
        ("u\u0308ber", "ueber"),  # the same letter in two characters
        ("Ñandú Łódź Søren Þór Œuvre", "Nandu Lodz Soren Thor Oeuvre"),
        ("O’Brien – ﬁne №1", "O'Brien - fine No1"),
        ("Ελένη 李", "Eleni Li"),
        ("😀 ©", " "),
        ("", ""),
    ],
)
def test_transliterate(text: str, ascii_: str) -> None:
    """German umlauts are spelled out, other letters lose their accents, what is no letter is left out."""
    assert value("transliterate(person.x)", x=text) == ascii_


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Vertrieb & Büro (Süd)", "vertrieb-buero-sued"),
        ("  R/D, 'Labs'…", "r-d-labs"),
        ("A.B_C+d@e 42", "a-b-c-d-e-42"),
        ("李", "li"),
        ("😀", ""),
        ("", ""),
    ],
)
def test_slug(text: str, slug: str) -> None:
    """Small letters and digits stay, whatever lies between them is one hyphen, none at the ends."""
    assert value("slug(person.x)", x=text) == slug


def test_a_user_name_from_a_name() -> None:
    """The functions together: Jürgen Groß-Müller == juergen.gross-mueller."""
    source = 'lower(transliterate(person.first + "." + person.last)).replace(" ", "-")'
    assert value(source, first="Jürgen", last="Groß Müller") == "juergen.gross-mueller"


@quick
@given(st.text())
def test_transliterated_text_is_ascii_and_stays(text: str) -> None:
    """Any text == ASCII that is transliterated to itself, or a refusal because a letter would get lost."""
    spelled, whole = spelled_out(unicodedata.normalize("NFC", text))
    assert spelled.isascii()
    if whole:
        assert value("transliterate(person.x)", x=text) == spelled
        assert value("transliterate(person.x)", x=spelled) == spelled
    else:
        with pytest.raises(RecordRejected, match="was given a letter that has no spelling"):
            value("transliterate(person.x)", x=text)


@quick
@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(-30_000, 30_000))
def test_days_are_added_as_a_calendar_does(start: date, number: int) -> None:
    """Adding days and counting them == the same number, and formatting reads the same date."""
    end = value("addDays(person.d, person.n)", d=start.isoformat(), n=number)
    assert end == (start + timedelta(days=number)).isoformat()
    assert value("daysBetween(person.a, person.b)", a=start.isoformat(), b=end) == number
    assert value('formatDate(person.d, "yyyy-MM-dd")', d=end) == end


NULL_IN = ["lower", "upper", "trim", "transliterate", "slug", "join", "initials", "titleCase", "familyNames",
           "number", "round", "endOfMonth"]  # fmt: skip


@pytest.mark.parametrize("name", NULL_IN)
def test_null_in_null_out(name: str) -> None:
    """What a person lacks stays nothing."""
    assert value(f"{name}(person.x)", x=None) is None


@pytest.mark.parametrize(
    "source",
    ['replace(person.x, "a", "b")', 'split(person.x, ",")', "addDays(person.x, 1)",
     "daysBetween(person.x, today)",
     "daysBetween(today, person.x)", 'formatDate(person.x, "yyyy")', "left(person.x, 1)",
     "right(person.x, 1)", "substring(person.x, 1, 2)",
     'substringBefore(person.x, "@")', 'substringAfter(person.x, "@")',
     "truncate(person.x, 1)", 'keepOnly(person.x, "0-9")', "padStart(person.x, 6)", "divide(person.x, 40)",
     "divide(40, person.x)", "formatNumber(person.x, 2)", "addMonths(person.x, 1)", "addYears(person.x, 1)",
     "monthsBetween(person.x, today)", "yearsBetween(today, person.x)", 'e164(person.x, "DE")',
     'regexReplace(person.x, "a", "b")', 'regexExtract(person.x, "a")'],
)  # fmt: skip
def test_null_with_more_arguments(source: str) -> None:
    """A date or text that a person lacks stays nothing."""
    assert value(source, x=None) is None


@pytest.mark.parametrize(
    "source",
    ["lower(person.n)", "trim(person.n)", "transliterate(person.n)", 'replace(person.s, "", "x")',
     'split(person.s, "")', "join(person.s)", "join([person.n])", "addDays(person.s, 1)",
     'addDays("9999-12-31", 1)', 'formatDate("2024-02-30", "d")',
     'lookup("nowhere", person.s)', "lower()", "lower(person.s, person.s)", 'addDays("2024-01-01", 1.5)'],
)  # fmt: skip
def test_wrong_arguments_reject_the_record(source: str, caplog: pytest.LogCaptureFixture) -> None:
    """A number for a text, no date for a date == RecordRejected with the expression; no value is logged."""
    with pytest.raises(RecordRejected) as caught:
        value(source, n=7, s="planted")
    assert "planted" not in str(caught.value)
    assert caplog.text == ""


def test_no_error_of_a_function_has_values() -> None:
    """Python's own words on a value (an ISO date that is none) never leave the function."""
    with pytest.raises(ValueError, match=r"^addDays\(\) wants a date such as 2026-03-01, not another text$"):
        functions({})["addDays"]("planted", 1)


@pytest.mark.parametrize(
    "source",
    ["replace(person.s, 'a', person.s)", "join([person.s, person.s], person.s)", "person.s + person.s"],
)
def test_results_are_bounded(source: str) -> None:
    """A result longer than 100,000 characters == RecordRejected; a function does not even make it."""
    with pytest.raises(RecordRejected):
        value(source, s="a" * (MAX_TEXT // 2 + 1))


def test_every_function_is_described() -> None:
    """docs/mapping.md can take its list from here: each name has a docstring."""
    assert [name for name, one in functions({}).items() if not one.__doc__] == []
