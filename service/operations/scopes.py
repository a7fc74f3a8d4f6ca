"""Which part of a scope decides about one person: its top-level parts, evaluated one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.environment import Environment
from bridge.mapping.expressions import Expression, context
from bridge.model import Record

_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a scope. `value`: true, false, or why it cannot be told; `decides`: it made it so."""

    source: str
    value: bool | str
    decides: bool


def parts(scope: str, record: Record, environment: Environment) -> list[Part]:
    """The parts that the whole is joined from by `||`, or else by `&&`."""
    joined_by = next((mark for mark in ("?", "||", "&&") if len(split(scope, mark)) > 1), "")
    sources = [scope] if joined_by == "?" else split(scope, joined_by) if joined_by else [scope]
    values = [_value(source, record, environment) for source in sources]
    whole = _value(scope, record, environment)
    return [Part(s, v, v == whole) for s, v in zip(sources, values, strict=True)]


def split(source: str, mark: str) -> list[str]:
    """Cut at a mark that stands outside brackets and strings."""
    found, start = [], 0
    for place in _top_level(source):
        if source.startswith(mark, place) and place >= start:
            found.append(source[start:place].strip())
            start = place + len(mark)
    return [*found, source[start:].strip()]


def _top_level(source: str) -> Iterator[int]:
    depth, quote, place = 0, "", 0
    while place < len(source):
        letter = source[place]
        if quote:
            if letter == "\\":
                place += 1
            elif letter == quote:
                quote = ""
        elif letter in "\"'":
            quote = letter
        else:
            depth += (letter in _OPEN) - (letter in _CLOSE)
            if depth == 0:
                yield place
        place += 1


def _value(source: str, record: Record, environment: Environment) -> bool | str:
    try:
        answer = Expression(source, "scope").evaluate(context(record, environment))
    except (RecordRejected, ConfigurationError):
        return "cannot be evaluated for this person"
    return answer if isinstance(answer, bool) else "is neither true nor false"
