"""Functions over dates, which are texts such as 2026-03-01, as Kenjo's are. Null in, null out."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from bridge.mapping.arguments import Unusable, day, text, whole

_TOKEN = re.compile(r"'(?:[^']|'')*'|([yYmMdDELQ])\1*|.", re.DOTALL)
"""Letters that some pattern or other has for a part of a date; others stand for themselves."""


def _names(months: str, days: str, short: str, short_days: str) -> tuple[list[str], ...]:
    return tuple(text_.split() for text_ in (months, days, short, short_days))


NAMES: Mapping[str, tuple[list[str], ...]] = {
    "en": _names(
        "January February March April May June July August September October November December",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "Mon Tue Wed Thu Fri Sat Sun",
    ),
    "de": _names(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
        "Mo. Di. Mi. Do. Fr. Sa. So.",
    ),
    "es": _names(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "lunes martes miércoles jueves viernes sábado domingo",
        "ene feb mar abr may jun jul ago sept oct nov dic",
        "lun mar mié jue vie sáb dom",
    ),
}
"""Months, days of the week from Monday, and both in short, as the CLDR has them within a date."""

FIELDS: Mapping[str, Callable[[date, tuple[list[str], ...]], str]] = {
    "yyyy": lambda found, _: f"{found.year:04}",
    "yy": lambda found, _: f"{found.year % 100:02}",
    "y": lambda found, _: f"{found.year}",
    "QQQ": lambda found, _: f"Q{(found.month + 2) // 3}",
    "Q": lambda found, _: f"{(found.month + 2) // 3}",
    "MMMM": lambda found, names: names[0][found.month - 1],
    "MMM": lambda found, names: names[2][found.month - 1],
    "MM": lambda found, _: f"{found.month:02}",
    "M": lambda found, _: f"{found.month}",
    "dd": lambda found, _: f"{found.day:02}",
    "d": lambda found, _: f"{found.day}",
    "DDD": lambda found, _: f"{found.timetuple().tm_yday:03}",
    "EEEE": lambda found, names: names[1][found.weekday()],
    "EEE": lambda found, names: names[3][found.weekday()],
}
"""The parts of a pattern: fields of ICU's date formats (Unicode Technical Standard 35, part 4)."""


def add_days(value: Any, number: int) -> str | None:
    """A date so many days later, or earlier for a negative number."""
    found, days = day(value), whole(number)
    if found is None:
        return None
    if not 1 <= found.toordinal() + days <= date.max.toordinal():
        raise Unusable("would give a date that no calendar has")
    return (found + timedelta(days=days)).isoformat()


def add_months(value: Any, number: int) -> str | None:
    """A date so many months later or earlier: the same day, or the month's last where it is shorter."""
    found, months = day(value), whole(number)
    return None if found is None else _months_later(found, months).isoformat()


def add_years(value: Any, number: int) -> str | None:
    """A date so many years later or earlier; of 29 February 28 February where there is none."""
    found, years = day(value), whole(number)
    return None if found is None else _months_later(found, 12 * years).isoformat()


def end_of_month(value: Any) -> str | None:
    """The last day of a date's month."""
    found = day(value)
    return None if found is None else _in_month(found.year, found.month, 31).isoformat()


def days_between(start: Any, end: Any) -> int | None:
    """Days from one date to another; negative when the other comes first."""
    first, last = day(start), day(end)
    return None if first is None or last is None else (last - first).days


def months_between(start: Any, end: Any) -> int | None:
    """Whole months from one date to another; negative when the other comes first."""
    first, last = day(start), day(end)
    return None if first is None or last is None else _months(first, last)


def years_between(start: Any, end: Any) -> int | None:
    """Whole years from one date to another, such as an age; negative when the other comes first."""
    months = months_between(start, end)
    return None if months is None else int(months / 12)


def format_date(value: Any, pattern: str, language: str = "en") -> str | None:
    """A date in the form of a pattern in ICU's words; what stands in '...' is taken as it is."""
    found = day(value)
    if found is None:
        return None
    if wrong_part(text(pattern)):  # which may come from a record, and is not said here
        raise Unusable(f"has a pattern with a part that is none of: {', '.join(FIELDS)}")
    if wrong := language_problem(text(language)):
        raise Unusable(wrong)
    return "".join(_part(match[0], found, language) for match in _TOKEN.finditer(pattern))


def pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern of a date, as the end of a sentence; "" when nothing is."""
    wrong = wrong_part(pattern)
    return f"knows no part '{wrong}' of a date{near_part(wrong)}" if wrong else ""


def wrong_part(pattern: str) -> str:
    """The first run of letters in a pattern that some pattern has for a part of a date, and this has not."""
    runs = (match[0] for match in _TOKEN.finditer(pattern) if match[1])
    return next((run for run in runs if run not in FIELDS), "")


def near_part(wrong: str) -> str:
    """The part that was probably meant, and those there are, as the end of a sentence."""
    same = [part for part in FIELDS if part[0].lower() == wrong[0].lower()]
    near = min(same, key=lambda part: (abs(len(part) - len(wrong)), part != wrong.lower()), default="")
    hint = f"; did you mean {near}?" if near else ""
    return f"{hint}; there is: {', '.join(FIELDS)}, and what stands in '...' is taken as it is"


def language_problem(language: str) -> str:
    """What is wrong with a language of months' names; "" when nothing is."""
    return (
        ""
        if language in NAMES
        else f"knows the names of months in {', '.join(NAMES)}, not in another language"
    )


def _part(token: str, found: date, language: str) -> str:
    if token in FIELDS:
        return FIELDS[token](found, NAMES[language])
    if len(token) == 1:
        return token
    return token[1:-1].replace("''", "'") or "'"  # '' is one quotation mark


def _months_later(found: date, months: int) -> date:
    year, month = divmod(found.year * 12 + found.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise Unusable("would give a date that no calendar has")
    return _in_month(year, month + 1, found.day)


def _in_month(year: int, month: int, day_: int) -> date:
    return date(year, month, min(day_, calendar.monthrange(year, month)[1]))


def _months(first: date, last: date) -> int:
    if last < first:
        return -_months(last, first)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months if _in_month(last.year, last.month, first.day) <= last else months - 1
