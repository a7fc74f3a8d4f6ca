"""Functions over dates: months that are shorter, names of months, what a pattern may have."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import RecordRejected
from bridge.mapping.dates import FIELDS
from tests.evaluating import value

quick = settings(max_examples=100, deadline=None)
days = st.dates(date(1900, 1, 1), date(2200, 1, 1))


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('addMonths("2026-01-15", 6)', "2026-07-15"),
        ('addMonths("2026-01-31", 1)', "2026-02-28"),
        ('addMonths("2024-03-31", -1)', "2024-02-29"),
        ('addMonths("2026-01-31T00:00:00.000Z", 12)', "2027-01-31"),
        ('addYears("2024-02-29", 1)', "2025-02-28"),
        ('addYears("2024-02-29", -4)', "2020-02-29"),
        ('endOfMonth("2024-02-05")', "2024-02-29"),
        ('monthsBetween("2026-01-31", "2026-02-28")', 1),
        ('monthsBetween("2026-01-15", "2026-02-14")', 0),
        ('monthsBetween("2026-02-14", "2026-01-15")', 0),
        ('monthsBetween("2026-03-15", "2026-01-15")', -2),
        ('yearsBetween("1990-03-02", "2026-03-01")', 35),
        ('yearsBetween("2026-03-01", "1990-03-02")', -35),
        ('formatDate("2026-03-01", "EEEE, d. MMMM yyyy", "de")', "Sonntag, 1. März 2026"),
        ('formatDate("2026-05-04", "EEE d \'de\' MMMM \'de\' y", "es")', "lun 4 de mayo de 2026"),
        ('formatDate("2026-05-04", "EEE dd-MMM-yy")', "Mon 04-May-26"),
        ('formatDate("2026-05-04", "QQQ Q DDD")', "Q2 2 124"),
        ("formatDate(\"2026-05-04\", \"''yy 'o''clock'\")", "'26 o'clock"),
        ('formatDate("2026-05-04", "yyyy年M月")', "2026年5月"),
    ],
)
def test_dates(source: str, result: Any) -> None:
    """Months and years are added as a calendar does, and written in ICU's words."""
    assert value(source) == result


@quick
@given(days, st.integers(-600, 600))
def test_months_are_added_and_counted_alike(start: date, months: int) -> None:
    """Months added and then counted == the same number, and the day is the same or the month's last."""
    end = value("addMonths(person.d, person.n)", d=start.isoformat(), n=months)
    assert value("monthsBetween(person.a, person.b)", a=start.isoformat(), b=end) == months or months < 0
    assert end[8:] == f"{start.day:02}" or end == value("endOfMonth(person.d)", d=end)
    assert (date.fromisoformat(end).year - start.year) * 12 + date.fromisoformat(
        end
    ).month - start.month == months


@quick
@given(days, days)
def test_months_between_are_whole(start: date, end: date) -> None:
    """The months between two days == the most that can be added without passing the later one."""
    first, last = sorted((start, end))
    months = value("monthsBetween(person.a, person.b)", a=first.isoformat(), b=last.isoformat())
    reached = value("addMonths(person.a, person.n)", a=first.isoformat(), n=months)
    beyond = value("addMonths(person.a, person.n)", a=first.isoformat(), n=months + 1)
    assert reached <= last.isoformat() < beyond


@quick
@given(days)
def test_every_field_tells_one_date_from_another(day: date) -> None:
    """Year, month and day of a pattern == the date; each field has a text in every language."""
    assert value('formatDate(person.d, "yyyy-MM-dd")', d=day.isoformat()) == day.isoformat()
    assert value('formatDate(person.d, "yyyy-DDD")', d=day.isoformat()) == day.strftime("%Y-%j")
    for name in FIELDS:
        for language in ("en", "de", "es"):
            assert value(f'formatDate(person.d, "{name}", "{language}")', d=day.isoformat())


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ('addMonths("9999-12-01", 1)', "addMonths() would give a date that no calendar has"),
        ('addYears("2026-01-01", -2026)', "addYears() would give a date that no calendar has"),
        ('addDays("2026-01-01", 99999999)', "addDays() would give a date that no calendar has"),
        ("endOfMonth(person.s)", "endOfMonth() wants a date such as 2026-03-01, not another text"),
        ("endOfMonth(3)", "endOfMonth() wants a date such as 2026-03-01, not a number"),
        ("addMonths(today, 1.5)", "addMonths() wants a whole number, not a number with decimal places"),
        ("formatDate(today, person.p)", "formatDate() has a pattern with a part that is none of: yyyy, yy,"),
        ('formatDate(today, "d", person.s)', "formatDate() knows the names of months in en, de, es"),
    ],
)
def test_what_is_no_date(source: str, problem: str) -> None:
    """No date, or one beyond the calendar == one sentence."""
    with pytest.raises(RecordRejected) as caught:
        value(source, s="Planted", p="Planted MMMMM")
    assert problem in str(caught.value)
    assert "Planted" not in str(caught.value)
    assert "MMMMM" not in str(caught.value)
