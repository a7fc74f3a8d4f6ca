"""Cells of Kenjo's rows: each kind of value in one form, or the reason why it cannot be used. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import orjson

from bridge.mapping.fields import FIELD_VALUES, Values
from bridge.spelling import tidy, visible

LIMIT = 10_000
"""Characters of one value, or bytes of one nested value."""


class Unusable(ValueError):
    """A value or row that cannot be used. The text says why, without the value."""


def parser(column: str) -> Callable[[Any], Any]:
    """What reads the cells of a column. Raises Unusable for a value that cannot be used."""
    return _PARSERS.get(column, plain)


def text(value: Any) -> str | None:
    """A text; a blank one is None."""
    if value is None or isinstance(value, str):
        return _bounded(value)
    raise Unusable("is not text")


def address(value: Any) -> str | None:
    """An e-mail address: a text in which nothing is invisible."""
    found = text(value)
    return visible(found) if found else None


def day(value: Any) -> str | None:
    """A calendar day as `2021-07-01`, whatever clock time follows it."""
    if value is None or value == "":
        return None
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(match[1]).isoformat()  # type: ignore[index]  # TypeError is caught
    except (TypeError, ValueError):
        raise Unusable("is not a date") from None


def flag(value: Any) -> bool | None:
    """True or false, also spelled as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    raise Unusable("is neither true nor false")


def plain(value: Any) -> Any:
    """A value of a field whose type is not known: kept as it is, if it has a usable size.

    A text that is a day at midnight becomes the day: Kenjo spells one day in several ways.
    """
    if isinstance(value, str):
        match = _MIDNIGHT.fullmatch(value)
        return match[1] if match else _bounded(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise Unusable("is no number")
    try:
        text = orjson.dumps(value)
    except (TypeError, RecursionError):  # more than 64 bits, broken characters, or nested too deep
        raise Unusable("cannot be used") from None
    if len(text) > LIMIT:
        raise Unusable(f"is larger than {LIMIT} bytes")
    if orjson.loads(text) != value:
        raise Unusable("cannot be used")  # infinity somewhere inside: it would not be stored as it is
    return value


def ids(value: Any) -> tuple[str, ...]:
    """The ids in a list of ids or of objects with `_id`, or in a single one of these; sorted.

    What is spelled unlike an id is the id of nothing.
    """
    items = value if isinstance(value, list) else [value]
    return tuple(sorted({id_ for item in items if (id_ := _linked(item))}))


def _linked(item: Any) -> str | None:
    id_ = item.get("_id", item) if isinstance(item, dict) else item
    if id_ is None or isinstance(id_, str):
        return id_ if id_ and ID.fullmatch(id_) else None
    raise Unusable("is neither an id nor a list of ids")


def _bounded(value: str | None) -> str | None:
    if not value or value.isspace():
        return None
    if len(value) > LIMIT:
        raise Unusable(f"is longer than {LIMIT} characters")
    if value.isascii():
        return tidy(value) or None
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a pair of surrogates, or bytes that are no UTF-8
        raise Unusable("has broken characters") from None
    return tidy(value) or None


def _is_active(value: Any) -> bool:
    known = flag(value)
    if known is None:
        raise Unusable("is missing")  # to guess would give someone an account, or take one away
    return known


ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""How an id is spelled; it can stand in an address as it is."""

_CLOCK = r"T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?"
_DAY = re.compile(rf"(\d{{4}}-\d{{2}}-\d{{2}})(?:{_CLOCK})?", re.ASCII)
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})T00:00:00(?:\.0{1,9})?Z?", re.ASCII)
_FLAGS = {"true": True, "false": False, "": None}

_PARSER_OF: Mapping[Values, Callable[[Any], Any]] = {
    Values.TEXT: text,
    Values.ADDRESS: address,
    Values.DAY: day,
    Values.FLAG: flag,
    Values.ACCESS: _is_active,
}
_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "name": text,  # of a team, an office, a department, ...
    **{
        field: _PARSER_OF[values]
        for fields in FIELD_VALUES.values()
        for field, values in fields.items()
        if values in _PARSER_OF
    },
}
