"""Functions that expressions can use beside CEL's own. Pure; null in, null out."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bridge.mapping.budget import MOST_TEXT, Budget

Lookups = Mapping[str, Mapping[str, str]]
"""The setting `lookups`: tables by name."""

MAX_TEXT = MOST_TEXT
"""Characters of a text that a function may make."""

_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}
_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
     "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
     **dict.fromkeys("‘’´`", "'"), **dict.fromkeys("–—‐‑", "-")}
)  # fmt: skip
_NO_SLUG = re.compile(r"[^a-z0-9]+")
DATE_PARTS = ("yyyy", "yy", "MM", "M", "dd", "d")
"""What stands for a part of a date in the pattern of `formatDate`, the longer ones first."""

_TOKEN = re.compile(rf"{'|'.join(DATE_PARTS)}|'[^']*'|.", re.DOTALL)


def lower(text: str | None) -> str | None:
    """In lower case."""
    return None if text is None else _text(text).lower()


def upper(text: str | None) -> str | None:
    """In upper case."""
    return None if text is None else _text(text).upper()


def trim(text: str | None) -> str | None:
    """Without blanks at both ends."""
    return None if text is None else _text(text).strip()


def replace(text: str | None, old: str, new: str) -> str | None:
    """With each `old` replaced."""
    if text is None:
        return None
    if not old:
        raise ValueError("nothing to replace")
    if len(text) + _text(text).count(_text(old)) * len(_text(new)) > MAX_TEXT:
        raise ValueError("too long")
    return text.replace(old, new)


def join(items: list[Any] | None, between: str = ", ") -> str | None:
    """The texts of a list in one, nulls and empty ones left out."""
    if items is None:
        return None
    if not isinstance(items, list):
        raise TypeError("is no list")
    texts = [_text(item) for item in items if item not in (None, "")]
    if sum(map(len, texts)) + len(texts) * len(_text(between)) > MAX_TEXT:
        raise ValueError("too long")
    return between.join(texts)


def split(text: str | None, at: str) -> list[str] | None:
    """The parts of a text between separators."""
    return None if text is None else _text(text).split(_text(at))


def transliterate(text: str | None) -> str | None:
    """In ASCII: German umlauts as ae, oe, ue, ss, other letters without their accents, the rest left out."""
    if text is None:
        return None
    composed = unicodedata.normalize("NFC", _text(text))
    spelled = "".join(_umlaut(composed, place) for place in range(len(composed))).translate(_LETTERS)
    return unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()


def slug(text: str | None) -> str | None:
    """As it may stand before the @ of an address: small letters and digits of ASCII, hyphens for the rest."""
    if text is None:
        return None
    return _NO_SLUG.sub("-", str(transliterate(text)).lower()).strip("-")


def _umlaut(text: str, place: int) -> str:
    letter = text[place]
    spelled = _UMLAUTS.get(letter.lower(), "")
    if not spelled or letter.islower():
        return spelled or letter
    around = text[place + 1 : place + 2] or text[max(place - 1, 0) : place]
    return spelled.upper() if around.isupper() else spelled.capitalize()  # ÄRZTE is AERZTE, Ärzte is Aerzte


def first(*values: Any) -> Any:
    """The first value that is not empty, of several or of one list; else null."""
    candidates = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return next((value for value in candidates if not _empty(value)), None)


def default(value: Any, fallback: Any) -> Any:
    """The value, or the fallback when it is empty."""
    return fallback if _empty(value) else value


def merge(*values: Any) -> dict[str, Any]:
    """The entries of several maps in one; of two with the same name the later one counts, null has none."""
    if any(value is not None and not isinstance(value, Mapping) for value in values):
        raise TypeError("is no map")
    return {name: entry for value in values for name, entry in (value or {}).items()}


def add_days(day: Any, number: int) -> str | None:
    """A date so many days later, or earlier for a negative number."""
    found = _day(day)
    if not isinstance(number, int):
        raise TypeError("is no whole number")
    return None if found is None else (found + timedelta(days=number)).isoformat()


def days_between(start: Any, end: Any) -> int | None:
    """Days from one date to another; negative when the other comes first."""
    first_day, last_day = _day(start), _day(end)
    return None if first_day is None or last_day is None else (last_day - first_day).days


def format_date(day: Any, pattern: str) -> str | None:
    """A date in the form of a pattern: yyyy, yy, MM, M, dd, d; what stands in '...' is taken as it is."""
    found = _day(day)
    if found is None:
        return None
    parts = {
        "yyyy": f"{found.year:04}",
        "yy": f"{found.year % 100:02}",
        "MM": f"{found.month:02}",
        "M": f"{found.month}",
        "dd": f"{found.day:02}",
        "d": f"{found.day}",
    }
    tokens = _TOKEN.findall(_text(pattern))
    return "".join(parts.get(token, token[1:-1] if len(token) > 1 else token) for token in tokens)


def functions(lookups: Lookups, budget: Budget | None = None) -> dict[str, Callable[..., Any]]:
    """All of them by the name that expressions know; `budget` counts what they do."""
    counts = budget or Budget()

    def lookup(table: str, key: Any, fallback: Any = None) -> Any:
        if table not in lookups:
            raise LookupError("no such table")
        return fallback if key is None else lookups[table].get(str(key), fallback)

    made: dict[str, Callable[..., Any]] = {
        "lower": lower,
        "upper": upper,
        "trim": trim,
        "replace": replace,
        "join": join,
        "split": split,
        "transliterate": transliterate,
        "slug": slug,
        "first": first,
        "default": default,
        "merge": merge,
        "addDays": add_days,
        "daysBetween": days_between,
        "formatDate": format_date,
        "lookup": lookup,
    }
    return {name: _private(function, counts) for name, function in made.items()}


def _private(function: Callable[..., Any], budget: Budget) -> Callable[..., Any]:
    """The same function, counted, whose errors say nothing of the values: the CEL package logs their text."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            budget.give(arguments)
            return budget.take(function(*arguments))
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may have values
            problem = type(error).__name__
        raise ValueError(problem)

    return call


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("is not text")
    return value


def _day(value: Any) -> date | None:
    """Kenjo's dates are calendar days, whatever clock time follows."""
    if value is None or value == "":
        return None
    return value.date() if isinstance(value, datetime) else date.fromisoformat(_text(value)[:10])
