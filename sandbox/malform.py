"""Rows that no description allows and that real accounts may still send."""

from collections.abc import Callable
from typing import Any

from sandbox.values import Row

HUGE = 1_000_000
"""Characters of a name that is far too long."""

_NAMES = ("displayName", "firstName", "name", "jobTitle", "label", "email", "street")

Rows = list[Any]


def malform(rows: Rows, variant: str, count: int, field: str) -> Rows:
    """Return a copy of the rows of which the first `count` are bad in the way that `variant` names."""
    return VARIANTS[variant](list(rows), count, field)


def _no_id(rows: Rows, count: int, _: str) -> Rows:
    return _each(rows, count, lambda row: {name: value for name, value in row.items() if name != "_id"})


def _no_field(rows: Rows, count: int, field: str) -> Rows:
    return _each(rows, count, lambda row: {name: value for name, value in row.items() if name != field})


def _wrong_types(rows: Rows, count: int, _: str) -> Rows:
    """Give every value but the `_id` another type."""
    return _each(
        rows, count, lambda row: {n: value if n == "_id" else _other_type(value) for n, value in row.items()}
    )


def _huge_name(rows: Rows, count: int, _: str) -> Rows:
    def stretch(row: Row) -> Row:
        name = next((name for name in _NAMES if name in row), _NAMES[0])
        return {**row, name: "ä" * HUGE}

    return _each(rows, count, stretch)


def _duplicate_id(rows: Rows, count: int, _: str) -> Rows:
    """Add rows that carry the first one's `_id` and someone else's values."""
    copies = [{**row, "_id": rows[0].get("_id")} for row in rows[-count:]]
    return rows + copies


def _shared_email(rows: Rows, count: int, _: str) -> Rows:
    """Give the rows after the first one that has an e-mail the same e-mail."""
    having = [index for index, row in enumerate(rows) if row.get("email")]
    for index in having[1 : count + 1]:
        rows[index] = {**rows[index], "email": rows[having[0]]["email"]}
    return rows


def _no_object(rows: Rows, count: int, _: str) -> Rows:
    """Replace rows by things that are no object at all."""
    strangers: Rows = [None, "row", 7, []]
    return [strangers[index % 4] if index < count else row for index, row in enumerate(rows)]


def _each(rows: Rows, count: int, change: Callable[[Row], Row]) -> Rows:
    return [change(row) if index < count else row for index, row in enumerate(rows)]


def _other_type(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    return {"value": value} if isinstance(value, str) else 0


VARIANTS: dict[str, Callable[[Rows, int, str], Rows]] = {
    "no_id": _no_id,
    "no_field": _no_field,
    "wrong_types": _wrong_types,
    "huge_name": _huge_name,
    "duplicate_id": _duplicate_id,
    "shared_email": _shared_email,
    "no_object": _no_object,
}
"""What can be wrong; `no_field` takes away the field that the rule names."""
