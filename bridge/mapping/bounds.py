"""How much an expression may ask for, so that it ends soon whatever it says. Pure.

Nothing can interrupt an evaluation. So what would take long is refused before: by what stands in the
expression, and by how much the record has. What functions make is counted while they make it
(`bridge.mapping.budget`). docs/decisions/0004 has figures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
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
MAX_COPIED = 2_000_000_000
"""Characters that `map` and `filter` copy, as they copy all that they have in each round: about a second."""
MAX_PATTERNS = 300_000
"""Characters of the patterns that loops build, once in each round: about a second."""
MAX_PLUS = 100
"""Signs `+` in one expression, each of which copies what stands before it; more are for short texts only."""
_ITEM = 100  # an item is copied as slowly as so many characters
MAX_OPEN_PATTERNS = 3
"""Uses of `matches` in one expression whose pattern is no plain text."""
TEXT_IN_LOOPS = 10_000
"""Characters of a text that a function may make where loops could multiply it."""
MAX_RESULT = 100_000
"""Characters of a text, or items of a list, that an expression may give."""

_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")
_COPIES = re.compile(r"\.\s*(?:filter|map)\b")
_MATCHES = re.compile(r"\bmatches\b")
_PLAIN_MATCHES = re.compile(r"\.\s*matches\s*\(\s*\"\"\s*\)")
_MAKES_TEXT = re.compile(
    r"\b(?:replace|join|formatDate|transliterate|slug|lookup|string|regexReplace|padStart|formatNumber)\s*\("
)
_CALLS = re.compile(
    r"(?<![\w.])[A-Za-z_]\w*\s*\("
    r"|\.\s*(?!(?:all|exists|exists_one|existsOne|filter|map)\b)[A-Za-z_]\w*\s*\("
)
_REPEATED = re.compile(r"\{\s*\d")


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops of an expression. `degree`: how often the record's items multiply; 0 without a loop.

    `map` and `filter` copy what they have so far in each round: they take the square of the items. `growth`:
    how many times longer than what they are made of texts can be; `text`: characters of the longest one that
    does not come from the record; `patterns`: characters of those in loops; `dear`: how much more than
    another one a round may cost; `plus`: how many signs + there are.
    """

    variables: frozenset[str] = frozenset()
    degree: int = 0
    depth: int = 0
    items: int = 0
    copies: bool = False
    growth: int = 1
    text: int = 0
    patterns: int = 0
    dear: int = 1
    plus: int = 0

    @property
    def most_parts(self) -> int:
        """How many parts a text may be split into, so that the loops over them end soon."""
        return int(MAX_STEPS ** (1 / max(self.degree, 1))) if self.degree > 1 else MAX_RESULT

    def too_long(self, data: Mapping[str, Any]) -> bool:
        """Whether these loops would go round too often, or copy too much, for this record."""
        if not self.degree and self.plus <= MAX_PLUS:
            return False
        items, longest = _size(data)
        items, longest = max(items, self.items), max(longest, self.text)
        if self.plus > MAX_PLUS and self.plus**2 * max(longest, items * _ITEM) > MAX_COPIED:
            return True
        return (
            (self.degree > 1 and items**self.degree * self.dear > MAX_STEPS)
            or (self.copies and items**2 * longest * self.growth > MAX_COPIED)
            or items**self.depth * self.patterns > MAX_PATTERNS
        )


def loops(source: str, code: str, where: str, roots_of: Collection[str]) -> Loops:
    """The loops of an expression; `code` is it with texts and comments blanked. Raises ConfigurationError.

    `roots_of`: the variables that hold what an evaluation is given.
    """
    root = re.compile(rf"(?<![\w.])(?:{'|'.join(sorted(roots_of))})\b")
    _check_open_patterns(code, where)
    found = list(_LOOP.finditer(code))
    if not found:
        made = TEXT_IN_LOOPS if _MAKES_TEXT.search(code) else 0
        return Loops(plus=code.count("+"), text=max(_longest_text(source, code), made))
    _check_patterns(source, code, where)
    spans = [(match.start(), _end(code, match.end())) for match in found]
    depth = max(sum(1 for start, end in spans if start <= at < end) for at, _ in spans)
    bodies = [code[match.end() : end] for match, (_, end) in zip(found, spans, strict=True)]
    roots = [len(root.findall(body)) for body in bodies]
    uses = sum(_count(match[1], body) for match, body in zip(found, bodies, strict=True)) + sum(roots)
    for number, limit, what in (
        (len(found), MAX_LOOPS, "loops (map, filter, all, exists)"),
        (depth, MAX_DEPTH, "loops inside each other"),
        (uses, MAX_USES, "uses of variables inside loops"),
    ):
        if number > limit:
            raise ConfigurationError(f"{where} has {number} {what}, but at most {limit} are allowed")
    copies = any(_COPIES.match(match[0]) for match in found)
    plus = max(body.count("+") for body in bodies)
    called = any(_CALLS.search(body) for body, number in zip(bodies, roots, strict=True) if number)
    return Loops(
        variables=frozenset(match[1] for match in found),
        degree=depth + any(roots) + copies,
        depth=depth,
        items=code.count(","),
        copies=copies,
        growth=math.prod(1 + code_.count("+") for code_ in (_outside(code, spans), *bodies)),
        text=max(_longest_text(source, code), TEXT_IN_LOOPS if _made_before(code, spans) else 0),
        patterns=_longest_text(source, code) if "matches" in code else 0,
        plus=code.count("+"),
        dear=max(plus**2 if copies else (1 + plus) ** 2, 10 if called else 1),
    )


def _check_open_patterns(code: str, where: str) -> None:
    number = len(_MATCHES.findall(code)) - len(_PLAIN_MATCHES.findall(code))
    if number > MAX_OPEN_PATTERNS:
        raise ConfigurationError(
            f"{where} has {number} patterns that are no plain text, but at most {MAX_OPEN_PATTERNS}"
            " are allowed"
        )


def _check_patterns(source: str, code: str, where: str) -> None:
    """A pattern is built anew for each item, and a{1000}, or whatever a record has, takes long to build."""
    if "matches" in code and _REPEATED.search(source):
        raise ConfigurationError(f"{where} has a loop and a pattern with a counted repetition such as a{{3}}")
    if len(_MATCHES.findall(code)) > len(_PLAIN_MATCHES.findall(code)):
        raise ConfigurationError(
            f'{where} has a loop and a pattern that is no plain text, as in matches("^a")'
        )


def _outside(code: str, spans: list[tuple[int, int]]) -> str:
    """What stands in no loop's body."""
    inside = {place for start, end in spans for place in range(start, end)}
    return "".join(letter for place, letter in enumerate(code) if place not in inside)


def _made_before(code: str, spans: list[tuple[int, int]]) -> bool:
    """Whether a function makes a text before a loop, which may then use it in every round."""
    ends = (_end(code, match.end()) for match in _MAKES_TEXT.finditer(code))
    return any(end < start for end in ends for start, _ in spans)


def _longest_text(source: str, code: str) -> int:
    """No text in an expression is longer than all that was blanked."""
    return max(len(source) - len(code), 0)


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


def _size(value: Any) -> tuple[int, int]:
    """The number of items in all lists and objects inside, and the characters of the longest text."""
    items = longest = 0
    waiting = [value]
    while waiting:
        inside = list(_inside(one := waiting.pop()))
        items += len(inside)
        waiting += inside
        if isinstance(one, str):
            longest = max(longest, len(one))
    return items, longest


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
