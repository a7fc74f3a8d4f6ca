"""What stands in an expression as it is, where it can be told that it fits nowhere, and what would. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from bridge.mapping import dates, latin
from bridge.mapping.environment import TODAY
from bridge.mapping.known import DATES
from bridge.mapping.names import case_problem
from bridge.mapping.patterns import pattern_problem, replacement_problem
from bridge.mapping.phones import country_problem
from bridge.mapping.shapes import BOOL, LIST, MAP, NULL, NUMBERS, TEXT, Shape
from bridge.mapping.syntax import Node, is_known, path

_PART_OF_DAY = re.compile(r"\d{1,4}(?:-\d{0,2}(?:-\d{0,2}(?:T.*)?)?)?")
_READ: Mapping[str, Mapping[int, Callable[[str], str]]] = {
    "formatDate": {1: dates.pattern_problem, 2: dates.language_problem},
    "transliterate": {1: latin.language_problem},
    "slug": {1: latin.language_problem},
    "titleCase": {1: case_problem},
    "regexReplace": {1: pattern_problem},
    "regexExtract": {1: pattern_problem},
    "e164": {1: country_problem},
}
"""What is wrong with a text that a function reads, by the function and the place of the text."""

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
    texts = {
        place: part.value
        for place, part in enumerate(node.parts)
        if part.form == "literal" and is_known(part.value)
    }
    for place, wrong in _READ.get(node.name, {}).items():
        if place in texts and (problem := wrong(texts[place])):
            found.append(f"calls {node.name}(), which {problem}")
    if node.name == "regexReplace" and {1, 2} <= texts.keys():
        found += [f"calls regexReplace(), which {wrong}" for wrong in _groups(texts[1], texts[2])]
    return found


def _groups(pattern: str, new: str) -> list[str]:
    return [wrong] if (wrong := replacement_problem(pattern, new)) else []


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
