"""The filters that Kenjo documents for its lists: equal, or not in the answer."""

from collections.abc import Iterable, Mapping

from sandbox.errors import invalid
from sandbox.rules import FIELDS, Kind
from sandbox.values import Row, is_id, parse_day

_UNDOCUMENTED = {"contractEnd", "employeeNumber", "weeklyHours", "teamIds"}

FILTERS: dict[str, dict[str, Kind]] = {
    **FIELDS,
    "account": {**FIELDS["account"], "isActive": "boolean"},
    "work": {name: kind for name, kind in FIELDS["work"].items() if name not in _UNDOCUMENTED},
    "workSchedule": {"trackAttendance": "boolean"},
    "companies": {"name": "text", "city": "text", "country": "text"},
    "calendars": {"name": "text"},
    "areas": {},
    "custom-fields": {
        "section": ("personal", "work", "address", "financial", "home"),
        "label": "text",
        "apiName": "text",
    },
}
"""By list or section: the query parameters and what each may hold; other parameters are ignored."""


def select(name: str, rows: Iterable[Row], query: Mapping[str, str]) -> list[Row]:
    """Return the rows that equal every filter in the query; a filter of the wrong form is a 400."""
    wanted = {field: (kind, query[field]) for field, kind in FILTERS[name].items() if field in query}
    for field, (kind, value) in wanted.items():
        if not _well_formed(kind, value):
            raise invalid(field)
    if not wanted:
        return list(rows)
    return [row for row in rows if all(_equal(k, row.get(field), v) for field, (k, v) in wanted.items())]


def _well_formed(kind: Kind, value: str) -> bool:
    if isinstance(kind, tuple):
        return value in kind
    if kind == "boolean":
        return value in {"true", "false"}
    if kind in {"zulu", "clock", "day"}:
        return _day(value) is not None
    return is_id(value) if kind.startswith("id:") else True


def _equal(kind: Kind, stored: object, value: str) -> bool:
    if kind == "boolean":
        return stored is (value == "true")
    if kind in {"zulu", "clock", "day"}:  # the same day, however it is spelled
        return stored is not None and _day(stored) == _day(value)
    return stored == value


def _day(value: object) -> object:
    try:
        return parse_day(value)
    except ValueError:
        return None
