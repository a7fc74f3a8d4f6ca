"""What is said of parts of an expression that can never work, and what would. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.mapping import literals
from bridge.mapping.known import Function
from bridge.mapping.shapes import NULL, TEXT, Shape
from bridge.mapping.syntax import Node, path
from bridge.printable import counted


def called(node: Node, values: tuple[Shape, ...], known: Function) -> Iterator[str]:
    """A phrase for each value that a function does not take."""
    number, most = len(values), len(known.takes)
    if number < known.least or (number > most and not known.more):
        wanted = f"{known.least}" if known.least == most else f"{known.least} to {most}"
        yield f"calls {node.name}() with {counted(number, 'value')}, but it takes {wanted}"
        return
    for place, (value, part) in enumerate(zip(values, node.parts, strict=True)):
        wanted_shape = known.expects(place)
        if not (value.can - {NULL} or value.can) & wanted_shape.can:
            yield (
                f"calls {node.name}() with {told(value, part)}, but it takes {wanted_shape.words}"
                f"{literals.made(value, wanted_shape)}"
            )
        elif wanted_shape.item and value.item and not value.item.can_be(wanted_shape.item.can):
            yield f"calls {node.name}() with a list of {value.item.words}, but it takes a list of text"


def compared(mark: str, left: Shape, right: Shape, one: Node, other: Node, what: str) -> str:
    """Two values that are never alike, or have no order; `what` comes of it."""
    said = f"compares {told(left, one)} with {told(right, other)} by {mark}, {what}"
    return f"{said}{literals.comparable(left, right, one, other)}"


def remedy(mark: str, left: Shape, right: Shape) -> str:
    """How two values could be reckoned with, as the end of a sentence."""
    if mark != "+":
        return ": int() and double() make a number of text" if TEXT in left.can | right.can else ""
    return literals.made(left, right) or literals.made(right, left)


def told(found: Shape, node: Node) -> str:
    """A value in words, with where it comes from; a text itself may be somebody's name and is not shown."""
    if node.form == "literal" and not isinstance(node.value, str):
        return f"{found.words} ({literals.written(node.value)})" if node.value is not None else "null"
    named = ".".join(path(node)) or (f"{node.name}()" if node.form == "call" else "")
    return f"{found.words} ({named})" if named else found.words
