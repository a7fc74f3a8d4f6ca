"""What expressions are given, and what functions take and give, as far as that is known. Pure."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.mapping.environment import COUNT, TODAY
from bridge.mapping.fields import FIELD_VALUES, Values
from bridge.mapping.shapes import (
    ANY,
    BOOL,
    BYTES,
    DAY,
    DOUBLE,
    INT,
    LIST,
    MAP,
    NULL,
    NUMBERS,
    SPAN,
    TEXT,
    TIME,
    UINT,
    Shape,
    either,
    shape,
)
from bridge.model import GROUP_KINDS, Lifecycle

_TEXT = shape(TEXT, NULL)
_TEXTS = shape(LIST, item=shape(TEXT))
_OF: Mapping[Values, Shape] = {
    Values.TEXT: _TEXT,
    Values.ADDRESS: _TEXT,
    Values.DAY: DAY,
    Values.FLAG: shape(BOOL, NULL),
    Values.ACCESS: shape(BOOL),
    Values.NAME: _TEXT,
    Values.NAMES: _TEXTS,
    Values.MANAGER: shape(MAP, NULL),
    Values.ANY: ANY,
}
_TEAM: Mapping[str, Shape] = {
    "id": shape(TEXT),
    "name": _TEXT,
    "kind": replace(shape(TEXT), among=frozenset(GROUP_KINDS.values())),
    "members": _TEXTS,
}
_PERSON: Mapping[str, Shape] = {
    "id": shape(TEXT),
    "lifecycle": replace(shape(TEXT), among=frozenset(Lifecycle)),
}


def field_shape(path: tuple[str, ...]) -> Shape:
    """What `person.work.jobTitle` can be, or another path that begins with a variable."""
    match path:
        case ("person" | "team",):
            return shape(MAP)
        case ("team", name):
            return _TEAM.get(name, ANY)
        case ("person", "work", "manager", *rest) if rest:
            return shape(TEXT) if rest == ["id"] else _of_section(rest)
        case ("person", name) if name in _PERSON:
            return _PERSON[name]
        case ("person", *rest):
            return _of_section(rest)
        case (name,) if name == COUNT:
            return shape(INT)
    return replace(DAY, can=frozenset({TEXT})) if path == (TODAY,) else ANY


def _of_section(rest: list[str]) -> Shape:
    match rest:
        case [section] if section in FIELD_VALUES:
            return shape(MAP)
        case [section, name] if section in FIELD_VALUES:
            return _OF[FIELD_VALUES[section].get(name, Values.ANY)]
    return ANY


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes, at least so many values, and gives. `more`: the last one may come again."""

    takes: tuple[Shape, ...]
    least: int
    gives: Shape
    more: bool = False

    def expects(self, place: int) -> Shape:
        """What its value at a place, from 0, can be."""
        return self.takes[min(place, len(self.takes) - 1)] if self.takes else ANY


def _cel(takes: Shape, gives: Shape, *others: Shape) -> Function:
    return Function((takes, *others), 1 + len(others), gives)


_ONE_TEXT = shape(TEXT)
_SIZED = shape(TEXT, BYTES, LIST, MAP)
_NUMBERS = shape(*NUMBERS, TEXT)
_TESTS = _cel(_ONE_TEXT, shape(BOOL), _ONE_TEXT)
_CEL: Mapping[str, Function] = {
    "size": _cel(_SIZED, shape(INT)),
    **dict.fromkeys(("startsWith", "endsWith", "matches"), _TESTS),
    "contains": _TESTS,
    "int": _cel(_NUMBERS, shape(INT)),
    "uint": _cel(_NUMBERS, shape(UINT)),
    "double": _cel(_NUMBERS, shape(DOUBLE)),
    "string": _cel(shape(*NUMBERS, TEXT, BYTES, TIME, SPAN), shape(TEXT)),
    "timestamp": _cel(_ONE_TEXT, shape(TIME)),
    "duration": _cel(_ONE_TEXT, shape(SPAN)),
}
"""CEL's own functions, as the implementation in use has them (measured; it takes less than the standard)."""

_DATE = shape(TEXT, TIME, NULL)
_JOINED = shape(LIST, NULL, item=_TEXT)
DATES: Mapping[str, int] = {
    **dict.fromkeys(("addDays", "addMonths", "addYears", "endOfMonth", "formatDate"), 1),
    **dict.fromkeys(("daysBetween", "monthsBetween", "yearsBetween"), 2),
}
"""Functions whose first values are dates, and how many."""


def function(name: str, functions: Mapping[str, Callable[..., Any]]) -> Function | None:
    """What a function takes and gives; None where nothing is known of it."""
    if name in _CEL:
        return _CEL[name]
    if name not in functions:
        return None
    found = _written(functions[name])
    first = [_DATE] * DATES[name] if name in DATES else [_JOINED] if name == "join" else []
    return replace(found, takes=(*first, *found.takes[len(first) :]))


def given(name: str, values: tuple[Shape, ...], usual: Shape) -> Shape:
    """What a call gives: of some functions it is one of their values. `usual`: what it says itself."""
    match name, values:
        case "default", (value, fallback):
            return value.without_null() | fallback
        case "first", (one,) if LIST in one.can:
            alone = replace(one, can=one.can - {LIST}, item=None)  # what is no list is the first itself
            return ANY if one.item is None else one.item | alone | shape(NULL)
        case "first", _:
            return either(one.without_null() for one in values) | shape(NULL)
        case "lookup", (_, _, fallback):
            return shape(TEXT) | fallback
        case "lookup", _:
            return _TEXT
        case "e164", (_, _, fallback):
            return _TEXT | fallback
        case "e164", _:
            return _TEXT
        case "addDays" | "addMonths" | "addYears" | "endOfMonth", _:
            return DAY
    return usual


def _written(python: Callable[..., Any]) -> Function:
    """What the annotations of one of our functions say."""
    parameters = list(inspect.signature(python).parameters.values())
    try:
        hints = typing.get_type_hints(inspect.unwrap(python))
    except NameError:
        hints = {}
    more = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    least = sum(one.default is one.empty and one.kind is not one.VAR_POSITIONAL for one in parameters)
    takes = tuple(_annotated(hints.get(one.name, Any)) for one in parameters)
    return Function(takes, least, _annotated(hints.get("return", Any)), more)


def _annotated(hint: Any) -> Shape:
    plain = {str: shape(TEXT), int: shape(INT, UINT), float: shape(DOUBLE), bool: shape(BOOL)}
    plain[type(None)] = shape(NULL)
    if hint in plain:
        return plain[hint]
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return either(map(_annotated, typing.get_args(hint)))
    if typing.get_origin(hint) is list:
        (item,) = typing.get_args(hint)
        return shape(LIST, item=None if item is Any else _annotated(item))
    return ANY
