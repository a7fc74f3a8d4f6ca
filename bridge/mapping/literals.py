"""What stands in an expression as it is, where it can be told that it fits nowhere, and what would. Pure."""

from __future__ import annotations

import difflib
import re
from datetime import date
from typing import Any

from bridge.mapping.environment import TODAY
from bridge.mapping.functions import DATE_PARTS
from bridge.mapping.known import DATES
from bridge.mapping.shapes import BOOL, LIST, MAP, NULL, NUMBERS, TEXT, Shape
from bridge.mapping.syntax import Node, is_known, path

_PART_OF_DAY = re.compile(r"\d{1,4}(?:-\d{0,2}(?:-\d{0,2}(?:T.*)?)?)?")
_QUOTED = re.compile(r"'[^']*'")
_RUN = re.compile(r"([yYmMdDELQ])\1*")
"""Letters that some pattern or other has for a part of a date; others stand for themselves."""

_DAYS = 'days are text such as "2026-03-01"'


def written(value: Any) -> str:
    """A literal as it is written in an expression."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def compared(mark: str, with_: Shape, node: Node) -> list[str]:
    """A phrase where a text is compared that the other side never is."""
    text = node.value
    if node.form != "literal" or not is_known(text):
        return []
    if with_.among and text not in with_.among:
        near = difflib.get_close_matches(text.lower(), with_.among, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else f"; there is: {', '.join(sorted(with_.among))}"
        return [f"compares with a word that it never is{hint}"]
    if not with_.day or not text or _is_part_of_day(text, mark):
        return []
    hint = "; today without quotes is the day it is" if text.lower() == TODAY else f"; {_DAYS}"
    return [f"compares a day with a text that is none{hint}"]


def called(node: Node) -> list[str]:
    """A phrase where a function is called with a text that it cannot read."""
    found = [
        f"calls {node.name}() with a text that is no day; {_DAYS}"
        for part in node.parts[: DATES.get(node.name, 0)]
        if part.form == "literal" and is_known(part.value) and part.value and not _is_day(part.value)
    ]
    if node.name == "formatDate" and len(node.parts) == 2:
        pattern = node.parts[1]
        if pattern.form == "literal" and is_known(pattern.value) and (wrong := _wrong_part(pattern.value)):
            found.append(
                f"calls formatDate() with '{wrong}', which is no part of a date{_near(wrong)}; there is:"
                f" {', '.join(DATE_PARTS)}, and what stands in '...' is taken as it is"
            )
    return found


def comparable(left: Shape, right: Shape, one: Node, other: Node) -> str:
    """What to write instead, as the end of a sentence about two values that cannot be compared."""
    if (left.day and TEXT in left.can) or (right.day and TEXT in right.can):
        return f"; {_DAYS}"
    for found, node, literal in ((left, one, other), (right, other, one)):
        if BOOL in found.can and is_known(literal.value) and path(node):
            name = ".".join(path(node))
            return f"; write {name} or !{name}"
        if TEXT in found.can and literal.form == "literal" and isinstance(literal.value, int | float):
            return f"; write the {'word' if isinstance(literal.value, bool) else 'number'} in quotes"
    if LIST in left.can | right.can:
        return "; 'in' asks whether something is in a list"
    return ""


def made(value: Shape, wanted: Shape) -> str:
    """How what is there becomes what is wanted, as the end of a sentence; "" where nothing does that."""
    if TEXT in wanted.can and BOOL not in wanted.can:
        if value.can_be(NUMBERS):
            return ": string() makes text of a number"
        if value.can_be((LIST,)):
            return ": join() makes text of a list"
        if value.can_be((BOOL,)):
            return ': x ? "yes" : "no" makes text of it'
        if value.can_be((MAP,)):
            return ": name one of its fields"
        return ": default(x, ...) stands in for null" if value.can == {NULL} else ""
    if wanted.can_be(NUMBERS) and value.can_be(NUMBERS):
        return ": double() and int() make numbers of one kind"
    if wanted.can_be((LIST,)) and value.can_be((TEXT,)):
        return ": [x] is a list of one, and split() makes a list of a text"
    return ""


def _is_part_of_day(text: str, mark: str) -> bool:
    return bool(_PART_OF_DAY.fullmatch(text)) if mark not in ("==", "!=") else _is_day(text)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _wrong_part(pattern: str) -> str:
    """The first run of letters in a date's pattern that stands for nothing."""
    runs = (match[0] for match in _RUN.finditer(_QUOTED.sub("", pattern)))
    return next((run for run in runs if run not in DATE_PARTS), "")


def _near(wrong: str) -> str:
    """The part that was probably meant: the same letter in the other case, and not so often."""
    same = [part for part in DATE_PARTS if part[0].lower() == wrong[0].lower()]
    if not same:
        return ""
    return (
        f"; did you mean {min(same, key=lambda part: (abs(len(part) - len(wrong)), part != wrong.lower()))}?"
    )
