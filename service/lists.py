"""Rows of Kenjo's lists, read one by one: a bad row is that row's problem and nobody else's. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

import orjson

from bridge.errors import SourceUnavailable
from bridge.model import RowProblem
from service.fields import WHOLE

LIMIT = 10_000
"""Characters of one value, or bytes of one nested value."""

TEAM_FIELDS = ("teamIds", "teamId", "teams")
"""Where the work section may name a person's teams, the likeliest first; no reference describes it."""

AREA_FIELDS = ("areaIds", "areaId", "areas")
"""The same for areas."""

Values = dict[str, Any]
Links = Mapping[str, tuple[str, ...]]
"""Ids that a row names in a list, by what they are ids of: `{"teams": (...)}`."""


class Unusable(ValueError):
    """A value or row that cannot be used. The text says why, without the value."""


@dataclass(slots=True)
class Rows:
    """The rows of one list by `_id`.

    `bad` are ids whose row cannot be used, `unnamed` counts rows that do not even say whose they are.
    """

    name: str
    rows: dict[str, Values] = field(default_factory=dict)
    links: dict[str, Links] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    unnamed: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        """Everybody whom the list names, whether the row can be used or not."""
        return self.rows.keys() | self.bad

    def reject(self, id_: str, reason: str) -> None:
        """Take a row out because it cannot be used."""
        self.rows.pop(id_, None)
        self.bad.add(id_)
        self.problems.append(RowProblem(self.name, id_, reason))


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
    parsers = _parsers(columns - {WHOLE})
    for id_, row in _by_id(found, lists).items():
        try:
            values = _values(row, parsers)
            if WHOLE in columns:
                values |= _values(row, _parsers(row.keys() - values.keys() - {"_id"}))
            found.links[id_] = {what: _read(row, column, ids) for what, column in links.items()}
            found.rows[id_] = values
        except Unusable as why:
            found.reject(id_, str(why))
    return found


def first_present(rows: Iterable[Any], names: Collection[str]) -> str | None:
    """The first name under which some row has a value, else the first that some row has at all."""
    objects = [row for row in rows if isinstance(row, dict)]
    with_value = (name for name in names if any(row.get(name) for row in objects))
    return next(with_value, None) or next((n for n in names if any(n in row for row in objects)), None)


def team_field_found(rows: Iterable[Any]) -> str | None:
    """The field by which rows of `employees/works` name a person's teams, None when no row has any."""
    return first_present(rows, TEAM_FIELDS)


def text(value: Any) -> str | None:
    """A text; a blank one is None."""
    if value is None or isinstance(value, str):
        return _bounded(value)
    raise Unusable("is not text")


def day(value: Any) -> str | None:
    """A calendar day as `2021-07-01`, whatever clock time follows it."""
    if value is None or value == "":
        return None
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(match[1]).isoformat()  # type: ignore[index]  # TypeError is caught
    except (TypeError, ValueError):
        raise Unusable("is not a date") from None


def flag(value: Any) -> bool | None:
    """True or false, also spelled as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    raise Unusable("is neither true nor false")


def plain(value: Any) -> Any:
    """A value of a field whose type is not known: kept as it is, if it has a usable size.

    A text that is a day at midnight becomes the day: Kenjo spells one day in several ways.
    """
    if isinstance(value, str):
        match = _MIDNIGHT.fullmatch(value)
        return match[1] if match else _bounded(value)
    if value is None or isinstance(value, bool):
        return value
    try:
        size = len(orjson.dumps(value))
    except TypeError:  # more than 64 bits, or nested too deep
        raise Unusable("cannot be used") from None
    if size > LIMIT:
        raise Unusable(f"is larger than {LIMIT} bytes")
    return value


def ids(value: Any) -> tuple[str, ...]:
    """The ids in a list of ids or of objects with `_id`, or in a single one of these; sorted.

    What is spelled unlike an id is the id of nothing.
    """
    items = value if isinstance(value, list) else [value]
    return tuple(sorted({id_ for item in items if (id_ := _linked(item))}))


def _linked(item: Any) -> str | None:
    id_ = item.get("_id", item) if isinstance(item, dict) else item
    if id_ is None or isinstance(id_, str):
        return id_ if id_ and _ID.fullmatch(id_) else None
    raise Unusable("is neither an id nor a list of ids")


def _by_id(found: Rows, lists: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    raw = lists.get(found.name)
    if not isinstance(raw, list):
        raise SourceUnavailable(f"the list {found.name} was not read; nothing is changed without it")
    by_id: dict[str, Mapping[str, Any]] = {}
    repeated = set()
    for row in raw:
        id_ = row.get("_id") if isinstance(row, dict) else None
        if not isinstance(id_, str) or not _ID.fullmatch(id_):
            found.unnamed += 1
            reason = "has no usable _id" if isinstance(row, dict) else "is not an object"
            found.problems.append(RowProblem(found.name, None, reason))
        elif id_ in by_id:
            repeated.add(id_)
        else:
            by_id[id_] = row
    for id_ in repeated:
        del by_id[id_]
        found.reject(id_, "occurs more than once")  # which of the rows is true cannot be known
    return by_id


def _parsers(columns: AbstractSet[str]) -> list[tuple[str, Callable[[Any], Any]]]:
    return [(column, _PARSERS.get(column, plain)) for column in sorted(columns)]


def _values(row: Mapping[str, Any], parsers: Iterable[tuple[str, Callable[[Any], Any]]]) -> Values:
    return {column: _read(row, column, parser) for column, parser in parsers}


def _read(row: Mapping[str, Any], column: str, parser: Callable[[Any], Any]) -> Any:
    try:
        return parser(row.get(column))
    except Unusable as why:
        raise Unusable(f"{column[:64]} {why}") from None


def _bounded(value: str | None) -> str | None:
    if value is None or not value.strip():
        return None
    if len(value) > LIMIT:
        raise Unusable(f"is longer than {LIMIT} characters")
    return value


def _is_active(value: Any) -> bool:
    known = flag(value)
    if known is None:
        raise Unusable("is missing")  # to guess would give someone an account, or take one away
    return known


_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CLOCK = r"T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?"
_DAY = re.compile(rf"(\d{{4}}-\d{{2}}-\d{{2}})(?:{_CLOCK})?", re.ASCII)
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})T00:00:00(?:\.0{1,9})?Z?", re.ASCII)
_FLAGS = {"true": True, "false": False, "": None}

_TEXTS = "email firstName lastName displayName jobTitle companyId officeId departmentId reportsToId name"
_DAYS = "startDate contractEnd probationPeriodEnd birthdate spouseBirthdate"
_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TEXTS.split(), text),
    **dict.fromkeys(_DAYS.split(), day),
    "isAssistant": flag,
    "trackAttendance": flag,
    "isActive": _is_active,
}
