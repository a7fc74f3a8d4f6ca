"""What an expression can give, and what in it can never work. Pure.

Sound in one direction: what is said here is wrong for every record; what may be right for one is not said.
The rules are those of the implementation in use, which adds no whole number to a decimal one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bridge.mapping import literals
from bridge.mapping.known import field_shape, function, given
from bridge.mapping.phrases import called, compared, remedy, told
from bridge.mapping.shapes import (
    ANY,
    BOOL,
    BYTES,
    DOUBLE,
    INT,
    LIST,
    MAP,
    NULL,
    NUMBERS,
    SPAN,
    TEXT,
    TIME,
    TRUTH,
    Shape,
    either,
    may_equal,
    shape,
)
from bridge.mapping.syntax import Node, parse, path

_LOOPS = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map"})
_ORDERED = ("<", "<=", ">", ">=")
_ARITHMETIC = ("+", "-", "*", "/", "%")
_NAMES: Mapping[type, Shape] = {
    bool: shape(BOOL), int: shape(INT), float: shape(DOUBLE), bytes: shape(BYTES), type(None): shape(NULL),
}  # fmt: skip


def infer(source: str, functions: Mapping[str, Callable[..., Any]]) -> tuple[Shape, list[str]]:
    """What an expression that compiles can give, and a phrase for each thing in it that can never work.

    `functions`: those beside CEL's own. A phrase is what follows the expression's place in a sentence.
    """
    looking = _Inference(functions)
    found = looking.of(parse(source))
    return found, list(dict.fromkeys(looking.wrong))


class _Inference:
    """Goes through a tree once. `_variables` are those of loops."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self.wrong: list[str] = []
        self._functions = functions
        self._variables: dict[str, Shape] = {}

    def of(self, node: Node) -> Shape:
        match node.form:
            case "literal":
                return _literal(node.value)
            case "unknown":
                return ANY
            case "has":
                return TRUTH
            case "name" | "select":
                return self._named(node)
            case "list" | "map":
                return self._gathered(node)
            case "call":
                return self._loop(node) if _is_loop(node) else self._call(node)
        return self._operated(node)

    def _operated(self, node: Node) -> Shape:
        match node.form:
            case "index":
                return self._index(*node.parts)
            case "?":
                return self._chosen(*node.parts)
            case "!":
                self._truth(*node.parts)
                return TRUTH
            case "minus":
                return self._negative(*node.parts)
        return self._of_two(node.form, *node.parts)

    def _gathered(self, node: Node) -> Shape:
        items = self._all(node.parts)
        return shape(MAP) if node.form == "map" else shape(LIST, item=either(items) if items else None)

    def _all(self, nodes: tuple[Node, ...]) -> tuple[Shape, ...]:
        return tuple(self.of(node) for node in nodes)

    def _named(self, node: Node) -> Shape:
        names = path(node)
        if node.form == "name" or names:
            if names[0] in self._variables:
                return self._variables[names[0]] if len(names) == 1 else self._part(node)
            if (found := field_shape(names)) is not ANY or node.form == "name":
                return found
        return self._part(node)

    def _part(self, node: Node) -> Shape:
        """What an object has under a name."""
        (whole,) = node.parts
        if not (found := self.of(whole)).can_be((MAP,)):
            self.wrong.append(
                f"asks {told(found, whole)} for '{node.name}', which only an object has; functions have"
                " brackets, as in size(x)"
            )
        return ANY

    def _index(self, whole: Node, place: Node) -> Shape:
        found, at = self._all((whole, place))
        if not found.can_be((LIST, MAP)):
            self.wrong.append(f"takes a part of {told(found, whole)} by [ ], which only a list has")
        elif not found.can_be((MAP,)) and not at.can_be(NUMBERS):
            self.wrong.append(f"takes a part of a list by {told(at, place)}: write its number, from 0")
        return (found.item or ANY) if not found.can_be((MAP,)) else ANY

    def _truth(self, node: Node) -> None:
        if not (found := self.of(node)).can_be((BOOL,)):
            self.wrong.append(
                f"uses {told(found, node)} where true or false has to stand; compare it, as in x == ..."
            )

    def _chosen(self, condition: Node, yes: Node, no: Node) -> Shape:
        self._truth(condition)
        return self.of(yes) | self.of(no)

    def _negative(self, node: Node) -> Shape:
        if not (found := self.of(node)).can_be((INT, DOUBLE)):
            self.wrong.append(f"has a - before {told(found, node)}, which is no number")
            return ANY
        return Shape(found.can & {*NUMBERS, BOOL})

    def _of_two(self, mark: str, one: Node, other: Node) -> Shape:
        if mark in ("&&", "||"):
            self._truth(one)
            self._truth(other)
            return TRUTH
        left, right = self._all((one, other))
        if mark == "in":
            self._is_in(left, right, one, other)
        elif mark in _ARITHMETIC:
            return self._reckoned(mark, left, right, one, other)
        elif mark in _ORDERED and not _comparable(left, right):
            self.wrong.append(compared(mark, left, right, one, other, "which always fails"))
        elif mark in ("==", "!=") and not may_equal(left, right):
            which = "which is never true" if mark == "==" else "which is always true"
            self.wrong.append(compared(mark, left, right, one, other, which))
        else:
            self.wrong += literals.compared(mark, left, other) + literals.compared(mark, right, one)
        return TRUTH

    def _is_in(self, left: Shape, right: Shape, one: Node, other: Node) -> None:
        if not right.can_be((LIST, MAP)):
            self.wrong.append(
                f"looks with 'in' into {told(right, other)}, but only a list has something in it:"
                " contains() looks into a text"
            )
        elif not right.can_be((MAP,)) and right.item and not may_equal(left, right.item):
            self.wrong.append(
                f"looks for {told(left, one)} in a list of {right.item.words}, which is never true"
            )
        for item in other.parts if other.form == "list" else ():
            self.wrong += literals.compared("==", left, item)

    def _reckoned(self, mark: str, left: Shape, right: Shape, one: Node, other: Node) -> Shape:
        kinds = {INT, DOUBLE, "uint"} if mark != "%" else {INT, "uint"}
        kinds |= {TEXT, LIST} if mark == "+" else set()
        if left.can_be((TIME, SPAN)) or right.can_be((TIME, SPAN)):
            return ANY
        if mark == "+" and left.can_be((LIST,)) and right.can_be((MAP,)):
            return Shape(left.can | right.can)
        both = left.can & right.can & kinds
        if both:
            return Shape(both, left.item if left.item == right.item else None)
        self.wrong.append(
            f"has {told(left, one)} {mark} {told(right, other)}, which always fails"
            f"{remedy(mark, left, right)}"
        )
        return Shape((left.can | right.can) & kinds or ANY.can)

    def _loop(self, node: Node) -> Shape:
        whole, variable, *bodies = node.parts
        found = self.of(whole)
        if not found.can_be((LIST, MAP)):
            self.wrong.append(f"goes through {told(found, whole)} by {node.name}(), which only a list lets")
        before = dict(self._variables)
        self._variables[variable.name] = ANY if found.can_be((MAP,)) else (found.item or ANY)
        if node.name != "map":
            self._truth(bodies[0])
            made = found if node.name == "filter" and not found.can_be((MAP,)) else shape(LIST)
            made = made if node.name == "filter" else TRUTH
        else:
            for condition in bodies[:-1]:
                self._truth(condition)
            made = shape(LIST, item=self.of(bodies[-1]))
        self._variables = before
        return made

    def _call(self, node: Node) -> Shape:
        values = self._all(node.parts)
        if node.name in ("dyn", "type") or (known := function(node.name, self._functions)) is None:
            return ANY
        self.wrong += called(node, values, known)
        self.wrong += literals.called(node)
        return given(node.name, values, known.gives)


def _is_loop(node: Node) -> bool:
    named = len(node.parts) > 2 and node.parts[1].form == "name"
    most = 4 if node.name == "map" else 3
    return node.method and node.name in _LOOPS and named and len(node.parts) <= most


def _literal(value: Any) -> Shape:
    return shape(TEXT) if isinstance(value, str) else _NAMES.get(type(value), ANY)


def _comparable(one: Shape, other: Shape) -> bool:
    """Whether the two have an order: numbers of all kinds, and else only what is alike."""
    numbers = one.can_be(NUMBERS) and other.can_be(NUMBERS)
    return numbers or bool(one.can & other.can - {NULL, LIST, MAP})
