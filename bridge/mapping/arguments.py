"""What functions of expressions are given, looked at: a sentence for what cannot be used. Pure."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from itertools import pairwise
from typing import Any

MOST_MARKS = 30
"""Marks on one letter, as in the Stream-Safe Text Format (Unicode Standard Annex 15): to put more of them in
order takes the square of their number."""

_CALLED = {
    bool: "true or false",
    int: "a number",
    float: "a number with decimal places",
    str: "a text",
    list: "a list",
    dict: "an object",
    datetime: "a time",
    type(None): "nothing",
}


class Unusable(ValueError):
    """What a function was given cannot be used. Its text goes to logs: it has no value in it."""


def text(value: Any) -> str:
    """A text, which is not null. Raises Unusable."""
    if not isinstance(value, str):
        raise Unusable(f"wants a text, not {called(value)}")
    return value


def whole(value: Any, least: int | None = None, most: int | None = None) -> int:
    """A whole number, within limits. Raises Unusable."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unusable(f"wants a whole number, not {called(value)}")
    if (least is not None and value < least) or (most is not None and value > most):
        limits = f"from {least} to {most}" if most is not None else f"of {least} or more"
        raise Unusable(f"wants a whole number {limits}")
    return value


def day(value: Any) -> date | None:
    """A date, None where there is none; Kenjo's are calendar days, whatever clock time follows.

    Raises Unusable.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if not isinstance(value, str):
        raise Unusable(f"wants a date such as 2026-03-01, not {called(value)}")
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise Unusable("wants a date such as 2026-03-01, not another text") from None


def called(value: Any) -> str:
    """What kind of value it is, in words."""
    return _CALLED.get(type(value), "a value of another kind")


def normal(value: Any, form: str = "NFC") -> str:
    """A text with composed letters, or in another normal form of Unicode. Raises Unusable."""
    given = text(value)
    if given.isascii():
        return given
    marks = 0
    for sign in given:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks > MOST_MARKS:
            raise Unusable(f"was given a letter with more than {MOST_MARKS} marks")
    return unicodedata.normalize(form, given)  # type: ignore[arg-type]  # only ours are passed


def letters(value: Any) -> list[str]:
    """The letters of a text as people count them: each with its accents, in whatever form they come.

    A short form of extended grapheme clusters (Unicode Standard Annex 29): marks and variation selectors stay
    with what they follow, and so does what a zero-width joiner joins. Raises Unusable.
    """
    given = normal(value)
    if given.isascii():
        return list(given)
    begins = [
        place for place in range(len(given)) if not place or not _goes_on(given[place - 1], given[place])
    ]
    return [given[start:end] for start, end in pairwise([*begins, len(given)])]


def _goes_on(before: str, sign: str) -> bool:
    if before == "\u200d" or sign == "\u200d" or "\U0001f3fb" <= sign <= "\U0001f3ff":
        return True
    return unicodedata.category(sign) in ("Mn", "Mc", "Me")
