"""Functions over texts: their parts, what is replaced in them, how they are joined. Null in, null out."""

from __future__ import annotations

import functools
import re
from itertools import accumulate
from typing import Any

from bridge.mapping.arguments import Unusable, called, letters, normal, text, whole
from bridge.mapping.budget import MOST_TEXT

MOST_PADDED = 1_000
"""Characters to which a text may be padded."""
MOST_KEPT = 100
"""Characters and ranges that `keepOnly` takes."""

_WORD = re.compile(r"[^\s\-‐‑]+")


def lower(value: str | None) -> str | None:
    """In lower case."""
    return None if value is None else text(value).lower()


def upper(value: str | None) -> str | None:
    """In upper case."""
    return None if value is None else text(value).upper()


def trim(value: str | None) -> str | None:
    """Without blanks at both ends."""
    return None if value is None else text(value).strip()


def left(value: str | None, number: int) -> str | None:
    """The first letters, or all where there are fewer; an accent belongs to its letter."""
    return None if value is None else "".join(letters(value)[: whole(number, 0)])


def right(value: str | None, number: int) -> str | None:
    """The last letters, or all where there are fewer."""
    if value is None:
        return None
    there = letters(value)
    return "".join(there[max(len(there) - whole(number, 0), 0) :])


def substring(value: str | None, start: int, end: int | None = None) -> str | None:
    """The letters from one place to before another, or to the end; the first letter's place is 0.

    What lies beyond the end is nothing, and no error.
    """
    if value is None:
        return None
    return "".join(letters(value)[whole(start, 0) : None if end is None else whole(end, 0)])


def substring_before(value: str | None, mark: str) -> str | None:
    """What stands before the first mark; the whole text where there is none."""
    return None if value is None else text(value).partition(_some(mark))[0]


def substring_after(value: str | None, mark: str) -> str | None:
    """What stands after the first mark; an empty text where there is none."""
    return None if value is None else text(value).partition(_some(mark))[2]


def truncate(value: str | None, most: int) -> str | None:
    """Cut to at most so many characters, as limits of targets count them; no letter loses its accent."""
    if value is None:
        return None
    limit, there = whole(most, 0), letters(value)
    ends = accumulate(map(len, there))
    return "".join(letter for letter, end in zip(there, ends, strict=True) if end <= limit)


def initials(value: str | None) -> str | None:
    """The first letter of each word; a hyphen ends one, too."""
    if value is None:
        return None
    return "".join(letters(word)[0] for word in _WORD.findall(normal(value)))


def keep_only(value: str | None, kept: str) -> str | None:
    """Only those characters that are named: `0-9+`, `A-Za-zäöü`. A hyphen at an end stands for itself."""
    return None if value is None else _others(normal(text(kept))).sub("", normal(value))


def replace(value: str | None, old: str, new: str) -> str | None:
    """With each `old` replaced."""
    if value is None:
        return None
    if len(text(value)) + value.count(_some(old)) * len(text(new)) > MOST_TEXT:
        raise Unusable(f"would make a text of more than {MOST_TEXT:,} characters")
    return value.replace(old, new)


def join(items: list[Any] | None, between: str = ", ") -> str | None:
    """The texts of a list in one, nulls and empty ones left out."""
    if items is None:
        return None
    if not isinstance(items, list):
        raise Unusable(f"wants a list, not {called(items)}")
    texts = [text(item) for item in items if item not in (None, "")]
    if sum(map(len, texts)) + len(texts) * len(text(between)) > MOST_TEXT:
        raise Unusable(f"would make a text of more than {MOST_TEXT:,} characters")
    return between.join(texts)


def split(value: str | None, at: str) -> list[str] | None:
    """The parts of a text between separators."""
    return None if value is None else text(value).split(_some(at))


def pad_start(value: str | int | None, length: int, sign: str = "0") -> str | None:
    """A text or a whole number, filled up at its start to a length; what is longer stays."""
    if value is None:
        return None
    given = value if isinstance(value, str) else str(whole(value, 0))
    if len(text(sign)) != 1:
        raise Unusable("wants one character to fill up with")
    return given.rjust(whole(length, 0, MOST_PADDED), sign)


def _some(mark: str) -> str:
    if not text(mark):
        raise Unusable("wants a text to look for, not an empty one")
    return mark


@functools.lru_cache(maxsize=64)
def _others(kept: str) -> re.Pattern[str]:
    """What matches all characters but those named. Raises Unusable."""
    if not 0 < len(kept) <= MOST_KEPT:
        raise Unusable(f"wants 1 to {MOST_KEPT} characters and ranges to keep")
    parts = re.findall(r"(?s)(.)-(.)|(.)", kept)
    if any(first > last for first, last, _ in parts):
        raise Unusable("was given a range whose end comes before its start, such as z-a")
    inside = "".join(
        re.escape(one) if one else f"{re.escape(first)}-{re.escape(last)}" for first, last, one in parts
    )
    return re.compile(f"[^{inside}]")
