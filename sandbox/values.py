"""Small values that every part of the sandbox shares: ids, days in three spellings, plain-letter text."""

import hashlib
import random
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

Row = dict[str, Any]
"""One JSON object as Kenjo sends it."""

_ID = re.compile(r"[0-9a-f]{24}")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?)?")
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ı": "i"}
)


def seeded(*parts: object) -> random.Random:
    """Return a generator whose sequence depends on the parts only: one seed, one account."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - made-up people, not secrets


def new_id(rng: random.Random) -> str:
    """Return an `_id`: 24 hexadecimal digits."""
    return f"{rng.getrandbits(96):024x}"


def derived_id(*parts: object) -> str:
    """Return the `_id` that belongs to the parts, always the same one."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:24]


def is_id(value: object) -> bool:
    """Tell whether the value is spelled like an `_id`."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def as_zulu(day: date) -> str:
    """Spell a day as `2021-07-01T00:00:00.000Z`."""
    return f"{day.isoformat()}T00:00:00.000Z"


def as_clock(day: date) -> str:
    """Spell a day as `2021-07-01T00:00:00`."""
    return f"{day.isoformat()}T00:00:00"


def as_day(day: date) -> str:
    """Spell a day as `2021-07-01`."""
    return day.isoformat()


SPELLINGS: tuple[Callable[[date], str], ...] = (as_zulu, as_clock, as_day)
"""The three ways in which Kenjo spells a day; real accounts mix them, even within one field."""


def parse_day(value: object) -> date:
    """Read a day in any of the three spellings; a `ValueError` says that it is none."""
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a day")
    return date.fromisoformat(match.group(1))


def plain(text: str) -> str:
    """Return the text in plain lower-case letters, as a German office would write it in an e-mail address."""
    letters = unicodedata.normalize("NFKD", text.translate(_GERMAN)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "-", letters.lower()).strip("-")
