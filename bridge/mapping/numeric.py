"""Functions over numbers of either kind, whole or not, and over texts that are numbers. Null in, null out."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

from bridge.mapping.arguments import Unusable, called, text, whole

MOST_DIGITS = 10
"""Decimal places."""

Number = int | float | str
"""A number, or a text that is one: 38.5, 38,5, 1.234,50."""

_PLAIN = re.compile(r"[+\-]?\d+", re.ASCII)
_GROUPED = re.compile(r"([+\-]?\d{1,3})((?:[., ’'\u00a0\u202f]\d{3})+)", re.ASCII)
_LONGEST = 40
_EXACT = Context(prec=_LONGEST + MOST_DIGITS + 2)


def number(value: Number | None, mark: str = "") -> float | None:
    """A number with decimal places, whatever kind it was; `mark`: its decimal mark, if it is a text."""
    if value is None or value == "":
        return None
    return float(_decimal(value, mark))


def divide(value: Number | None, by: Number | None) -> float | None:
    """One number divided by another, of whatever kinds they are."""
    if value is None or value == "" or by is None or by == "":
        return None
    divisor = float(_decimal(by))
    if not divisor:
        raise Unusable("cannot divide by 0")
    return _finite(float(_decimal(value)) / divisor)


def rounded(value: Number | None, places: int = 0) -> float | None:
    """A number rounded to decimal places, halves away from 0 as in commerce."""
    if value is None or value == "":
        return None
    return float(_rounded(value, places))


def format_number(value: Number | None, places: int, mark: str = ".") -> str | None:
    """A number as text, with just so many decimal places."""
    if value is None or value == "":
        return None
    if len(text(mark)) != 1:
        raise Unusable("wants one character as decimal mark")
    return f"{_rounded(value, places):f}".replace(".", mark)


def _rounded(value: Number, places: int) -> Decimal:
    found = _decimal(value)
    if found.adjusted() > _LONGEST:
        raise Unusable("was given a number of too many digits")
    # + 0: nothing is called -0
    return found.quantize(Decimal(1).scaleb(-whole(places, 0, MOST_DIGITS)), ROUND_HALF_UP, _EXACT) + 0


def _decimal(value: Number, mark: str = "") -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unusable(f"wants a number, not {called(value)}")
    if isinstance(value, str):
        return _read(value.strip(), text(mark))
    return Decimal(repr(_finite(value)))


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Unusable("was given no number, but infinity or nothing countable")
    return value


def _read(value: str, mark: str) -> Decimal:
    """A text as a number. Raises Unusable.

    The decimal mark is the one that stands last; a single one before three digits has to be named.
    """
    if mark not in ("", ".", ","):
        raise Unusable("knows the decimal marks . and , and no other")
    if len(value) > _LONGEST:
        raise Unusable("wants a number, not another text")
    if not mark and re.fullmatch(r"[+\-]?[1-9]\d{0,2}[.,]\d{3}", value, re.ASCII):
        raise Unusable(
            'was given a text that is a thousand or a decimal: name the decimal mark, as in number(x, ".")'
        )
    mark = mark or max(".,", key=value.rfind)
    if value.count(mark) > 1:  # it groups digits: 1.234.567
        mark = "," if mark == "." else "."
    before, _, after = value.partition(mark)
    if (grouped := _GROUPED.fullmatch(before)) and mark not in before:
        before = grouped[1] + "".join(re.findall(r"\d", grouped[2]))
    if not _PLAIN.fullmatch(before) or not re.fullmatch(r"\d*", after, re.ASCII):
        raise Unusable("wants a number, not another text")
    return Decimal(f"{before}.{after or 0}")
