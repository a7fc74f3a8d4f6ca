"""What a value of an expression can be: a set of kinds of values, null among them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

NULL, BOOL, INT, UINT, DOUBLE, TEXT, BYTES, LIST, MAP, TIME, SPAN = (
    "null", "bool", "int", "uint", "double", "text", "bytes", "list", "map", "time", "span",
)  # fmt: skip
EVERY = frozenset({NULL, BOOL, INT, UINT, DOUBLE, TEXT, BYTES, LIST, MAP, TIME, SPAN})
NUMBERS = frozenset({INT, UINT, DOUBLE})

_WORDS: Mapping[str, str] = {
    NULL: "null",
    BOOL: "true or false",
    INT: "a number",
    UINT: "a number",
    DOUBLE: "a number",
    TEXT: "text",
    BYTES: "bytes",
    LIST: "a list",
    MAP: "an object",
    TIME: "a time",
    SPAN: "a duration",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value can be; one that could be anything is accepted everywhere.

    `item`: what is in a list, None where nothing is known. `day`: a text is a date such as 2026-03-01.
    `among`: a text is one of these; empty for any text.
    """

    can: frozenset[str]
    item: Shape | None = None
    day: bool = False
    among: frozenset[str] = frozenset()

    def __or__(self, other: Shape) -> Shape:
        """One or the other. What only one of two texts promises is no promise."""
        both = TEXT in self.can and TEXT in other.can
        one = self if TEXT in self.can else other
        among = self.among | other.among if not both or (self.among and other.among) else frozenset()
        item = self.item | other.item if self.item and other.item else None
        if LIST not in self.can or LIST not in other.can:
            item = self.item or other.item
        return Shape(self.can | other.can, item, self.day and other.day if both else one.day, among)

    def without_null(self) -> Shape:
        """The same where it is not null."""
        return replace(self, can=self.can - {NULL})

    def can_be(self, kinds: Iterable[str]) -> bool:
        """Whether it may be one of these."""
        return not self.can.isdisjoint(kinds)

    @property
    def words(self) -> str:
        """In words, without null where it can be anything else."""
        found = [_WORDS[kind] for kind in sorted(self.can - {NULL})] or ["null"]
        return " or ".join(dict.fromkeys(found))


def shape(*kinds: str, item: Shape | None = None) -> Shape:
    """One of these kinds."""
    return Shape(frozenset(kinds), item)


ANY = Shape(EVERY)
"""Nothing is known."""
TRUTH = shape(BOOL)
DAY = Shape(frozenset({TEXT, NULL}), day=True)


ONE_TEXT = frozenset({TEXT, INT, UINT, DOUBLE, TIME, NULL})
"""What becomes one text; `True` is none that anybody wants to read."""
ONE_VALUE = ONE_TEXT | {BOOL}
TRUE_OR_FALSE = frozenset({BOOL, TEXT})
"""Also as the words."""


def either(shapes: Iterable[Shape]) -> Shape:
    """One of several; ANY of none."""
    found: Shape | None = None
    for one in shapes:
        found = one if found is None else found | one
    return found or ANY


def may_equal(one: Shape, other: Shape) -> bool:
    """Whether two values can be the same, both not null; whether one is null may always be asked."""
    kinds, others = _alike(one), _alike(other)
    return not kinds or not others or not kinds.isdisjoint(others)


def _alike(one: Shape) -> frozenset[str]:
    """The kinds but null; numbers of all kinds are compared with each other."""
    return frozenset(INT if kind in NUMBERS else kind for kind in one.can - {NULL})
