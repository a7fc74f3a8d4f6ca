"""Rows of Kenjo's lists, read one by one: a bad row is that row's problem and nobody else's. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from bridge.errors import SourceUnavailable
from bridge.model import Filled, RowProblem
from service.kenjo.cells import ID, Unusable, ids, parser
from service.kenjo.fields import WHOLE

TEAM_FIELDS = ("teamIds", "teamId", "teams")
"""Where the work section may name a person's teams, the likeliest first; no reference describes it."""

AREA_FIELDS = ("areaIds", "areaId", "areas")
"""The same for areas."""

Row = dict[str, Any]
Links = Mapping[str, tuple[str, ...]]
"""Ids that a row names in a list, by what they are ids of: `{"teams": (...)}`."""


@dataclass(slots=True)
class Rows:
    """The rows of one list by `_id`.

    `bad` are ids whose row cannot be used, with those of its cells that can be read; `unnamed` counts rows
    that do not even say whose they are; `filled` tells of each column how many rows have it.
    """

    name: str
    rows: dict[str, Row] = field(default_factory=dict)
    links: dict[str, Links] = field(default_factory=dict)
    bad: dict[str, Row] = field(default_factory=dict)
    unnamed: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    filled: dict[str, Filled] = field(default_factory=dict)

    @property
    def ids(self) -> set[str]:
        """Everybody whom the list names, whether the row can be used or not."""
        return self.rows.keys() | self.bad.keys()

    def reject(self, id_: str, reason: str, readable: Row) -> None:
        """Take a row out because it cannot be used, but for the cells that are readable."""
        self.rows.pop(id_, None)
        self.bad[id_] = readable
        self.problems.append(RowProblem(self.name, id_, reason))

    def said(self, id_: str, column: str) -> Any:
        """What a row says, usable or not; None where it says nothing that can be read."""
        return (self.rows.get(id_) or self.bad.get(id_) or {}).get(column)


def read_rows(
    name: str,
    lists: Mapping[str, Any],
    columns: AbstractSet[str],
    links: Mapping[str, str] = MappingProxyType({}),
) -> Rows:
    """Read the list `name` of `lists`, from each row the `columns`, each present in the result.

    `links` are fields that hold ids, by what they are ids of. Raises SourceUnavailable when the list is not
    there or is no list.
    """
    found = Rows(name)
    cells = [_Cell(column, column, parser(column)) for column in sorted(columns - {WHOLE})]
    cells += [_Cell(_link(what), column, ids) for what, column in links.items()]
    counts: dict[str, list[int]] = {cell.what: [0, 0] for cell in cells}
    for id_, copies in _by_id(found, lists).items():
        read = [_read(row, cells if WHOLE not in columns else _whole(row, cells)) for row in copies]
        values, why = read[0]
        _count(counts, copies, cells, [values for values, _ in read])
        if len(copies) > 1:  # which of the rows is true cannot be known, but where they agree
            found.reject(id_, "occurs more than once", _agreed([values for values, _ in read]))
        elif why:
            found.reject(id_, why, values)
        else:
            found.links[id_] = {what: values.pop(_link(what)) for what in links}
            found.rows[id_] = values
    rows = len(found.ids) + found.unnamed
    found.filled = {what.lstrip("@"): Filled(rows, *numbers) for what, numbers in counts.items()}
    return found


def first_present(rows: Iterable[Any], names: Collection[str]) -> str | None:
    """The first name under which some row has a value, else the first that some row has at all."""
    objects = [row for row in rows if isinstance(row, dict)]
    with_value = (name for name in names if any(row.get(name) for row in objects))
    return next(with_value, None) or next((n for n in names if any(n in row for row in objects)), None)


def team_field_found(rows: Iterable[Any]) -> str | None:
    """The field by which rows of `employees/works` name a person's teams, None when no row has any."""
    return first_present(rows, TEAM_FIELDS)


class _Cell(NamedTuple):
    """What a value is called, the column that it stands in, and what reads it."""

    what: str
    column: str
    read: Callable[[Any], Any]


def _link(what: str) -> str:
    return f"@{what}"  # no column of that name is asked for


def _by_id(found: Rows, lists: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    raw = lists.get(found.name)
    if not isinstance(raw, list):
        raise SourceUnavailable(f"the list {found.name} was not read; nothing is changed without it")
    by_id: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in raw:
        id_ = row.get("_id") if isinstance(row, dict) else None
        if not isinstance(id_, str) or not ID.fullmatch(id_):
            found.unnamed += 1
            reason = "has no usable _id" if isinstance(row, dict) else "is not an object"
            found.problems.append(RowProblem(found.name, None, reason))
        else:
            by_id[id_].append(row)
    return by_id


def _whole(row: Mapping[str, Any], cells: Sequence[_Cell]) -> list[_Cell]:
    """The cells, and all others of a row."""
    more = sorted(row.keys() - {cell.what for cell in cells} - {"_id"})
    return [*cells, *(_Cell(column, column, parser(column)) for column in more)]


def _read(row: Mapping[str, Any], cells: Iterable[_Cell]) -> tuple[Row, str]:
    """The values that can be used, and why the first of the others cannot."""
    values: Row = {}
    reason = ""
    for what, column, read in cells:
        try:
            values[what] = read(row.get(column))
        except Unusable as why:
            reason = reason or f"{column[:64]} {why}"
    return values, reason


def _count(
    counts: Mapping[str, list[int]],
    copies: list[Mapping[str, Any]],
    cells: Sequence[_Cell],
    read: list[Row],
) -> None:
    """Count whether a row has the columns, and something in them; what cannot be read is something."""
    if len(copies) == 1:  # as nearly always
        (row,), (values,) = copies, read
        for what, column, _ in cells:
            numbers = counts[what]
            numbers[0] += column in row
            numbers[1] += bool(values.get(what, True)) or not _is_nothing(values[what])
        return
    for what, column, _ in cells:
        counts[what][0] += any(column in row for row in copies)
        counts[what][1] += any(not _is_nothing(values.get(what, True)) for values in read)


def _is_nothing(value: Any) -> bool:
    return value in (None, "", (), [], {})


def _agreed(copies: list[Row]) -> Row:
    first, *others = copies
    return {name: value for name, value in first.items() if all(o.get(name) == value for o in others)}
