"""How much an expression may ask for, so that it ends soon whatever it says. Pure.

The parser itself refuses deep nesting, and patterns are matched in linear time; what can grow without an end
are loops (comprehensions) inside loops, and texts that a loop makes longer. docs/decisions/0004 has figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import ConfigurationError

MAX_LOOPS = 4
"""Loops (all, exists, exists_one, filter, map) in one expression."""
MAX_DEPTH = 2
"""Loops around each other."""
MAX_USES = 12
"""Uses of a loop's variable, or of the record, inside loops: what is used ten times grows tenfold."""
MAX_STEPS = 10_000_000
"""Steps of all loops, from the number of items in the record: about a second."""
MAX_RESULT = 100_000
"""Characters of a text, or items of a list, that an expression may give."""

_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")
_COPIES = re.compile(r"\.\s*(?:filter|map)\b")
_REPEATED = re.compile(r"\{\s*\d")
_ROOT = re.compile(r"(?<![\w.])(?:person|team)\b")


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops of an expression. `degree`: how often the record's items multiply; 0 without a loop.

    `map` and `filter` copy what they have so far in each round: they take the square of the items.
    """

    variables: frozenset[str] = frozenset()
    degree: int = 0
    items: int = 0

    def too_long(self, data: Mapping[str, Any]) -> bool:
        """Whether these loops would go round too often for this record."""
        return self.degree > 1 and max(_items(data), self.items) ** self.degree > MAX_STEPS


def loops(source: str, code: str, where: str) -> Loops:
    """The loops of an expression; `code` is it with texts and comments blanked. Raises ConfigurationError."""
    found = list(_LOOP.finditer(code))
    if not found:
        return Loops()
    if "matches" in code and _REPEATED.search(source):
        # A pattern is built anew for each item, and a{1000} takes long to build.
        raise ConfigurationError(f"{where} has a loop and a pattern with a counted repetition such as a{{3}}")
    spans = [(match.start(), _end(code, match.end())) for match in found]
    depth = max(sum(1 for start, end in spans if start <= at < end) for at, _ in spans)
    bodies = [code[match.end() : end] for match, (_, end) in zip(found, spans, strict=True)]
    roots = [len(_ROOT.findall(body)) for body in bodies]
    uses = sum(_count(match[1], body) for match, body in zip(found, bodies, strict=True)) + sum(roots)
    for number, limit, what in (
        (len(found), MAX_LOOPS, "loops (map, filter, all, exists)"),
        (depth, MAX_DEPTH, "loops inside each other"),
        (uses, MAX_USES, "uses of variables inside loops"),
    ):
        if number > limit:
            raise ConfigurationError(f"{where} has {number} {what}, but at most {limit} are allowed")
    return Loops(
        variables=frozenset(match[1] for match in found),
        degree=depth + any(roots) + any(_COPIES.match(match[0]) for match in found),
        items=code.count(","),
    )


def _end(code: str, at: int) -> int:
    """Where the bracket closes that is open at a place."""
    open_ = 1
    for place in range(at, len(code)):
        open_ += {"(": 1, ")": -1}.get(code[place], 0)
        if not open_:
            return place
    return len(code)


def _count(name: str, body: str) -> int:
    return len(re.findall(rf"(?<![\w.]){name}\b", body))


def _items(value: Any) -> int:
    """The number of items in all lists and objects inside."""
    return sum(1 + _items(item) for item in _inside(value))


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
