"""Where an expression compares a field with a text, and which of the texts that there are was meant. Pure."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from bridge.mapping.fields import FIELD_VALUES, Values
from bridge.mapping.syntax import Node, is_known, parse, path
from bridge.model import Record
from bridge.printable import some

_Path = tuple[str, ...]

_LOOPS = ("all", "exists", "exists_one", "existsOne", "filter")
_OF_THE_COMPANY = (Values.NAME, Values.NAMES)
_NAMED = ("work", "account", "schedule")
"""Sections whose values may be told where several people have them; what stands in others is private."""


class Comparison(NamedTuple):
    """A field that is compared with a text: `person.work.department == "Sales"`."""

    field: _Path
    text: str


def comparisons(source: str) -> list[Comparison]:
    """Every comparison of a field with a text, by `==` or `in`, also of each item of a list."""
    return list(dict.fromkeys(_compared(parse(source), {})))


def meant(source: str, records: Collection[Record]) -> str:
    """Which values of the records were meant by texts that none of them has, as a part of a sentence, or "".

    Only what is no personal value is told: names of departments and the like, and what several people have.
    """
    return "; ".join(filter(None, (_meant(one, records) for one in comparisons(source))))


def _meant(one: Comparison, records: Collection[Record]) -> str:
    there = Counter(text for record in records for text in _texts(record, one.field))
    if one.text in there:
        return ""
    known = [text for text, number in there.items() if _may_be_told(one.field, number)]
    folded = {text.strip().casefold(): text for text in sorted(known)}
    near = difflib.get_close_matches(one.text.strip().casefold(), folded, n=1)
    what = f'nobody\'s {".".join(one.field)} is "{one.text}"'
    if near:
        return f'{what}; did you mean "{folded[near[0]]}"?'
    return f"{what}; there is: {some(sorted(known))}" if known else ""


def _may_be_told(field: _Path, number: int) -> bool:
    """Whether a value of a field that so many records have is nobody's secret."""
    match field:
        case ("team", "name" | "kind"):
            return True
        case ("person", section, name, *_) if section in _NAMED:
            return number > 1 or FIELD_VALUES[section].get(name) in _OF_THE_COMPANY
    return False


def _texts(record: Record, field: _Path) -> Iterator[str]:
    """The texts that stand in a record's field, or in its list."""
    variable, *steps = field
    value: Any = record.data if variable == record.key.kind else None
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def _compared(node: Node, items: Mapping[str, _Path]) -> Iterator[Comparison]:
    """`items`: the list whose items a variable of a loop is, by the variable's name."""
    if node.form in ("==", "in"):
        one, other = node.parts
        for field, text in ((one, other), (other, one)):
            if found := _field(field, items):
                texts = text.parts if text.form == "list" and field is one else (text,)
                yield from (Comparison(found, each.value) for each in texts if is_known(each.value))
    if node.form == "call" and node.method and node.name in _LOOPS and len(node.parts) > 2:
        of, variable = node.parts[0], node.parts[1]
        if found := _field(of, items):
            items = {**items, variable.name: found}
    for part in node.parts:
        yield from _compared(part, items)


def _field(node: Node, items: Mapping[str, _Path]) -> _Path:
    """The field of a record that a part is; () for anything else."""
    if node.form == "index" and (before := _field(node.parts[0], items)) and is_known(node.parts[1].value):
        return (*before, node.parts[1].value)
    found = path(node)
    if found[:1] and found[0] in items:
        return (*items[found[0]], *found[1:])
    return found if found[:1] in (("person",), ("team",)) and len(found) > 1 else ()
