"""What Kenjo accepts in each field: the checks of bodies and of filters, as data.

`contractEnd`, `employeeNumber`, `weeklyHours` and `teamIds` are not in Kenjo's description of the work
section; they are seen in real accounts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.errors import invalid
from sandbox.sections import MARITAL_STATUSES, WEEK
from sandbox.values import Row, as_clock, as_day, as_zulu, is_id, parse_day

Kind = str | tuple[str, ...]
"""The name of a check in `_CHECKS`, `id:` and `ids:` with the table that is meant, or the allowed values."""

GENDERS = ("Male", "Female", "Other")

FIELDS: dict[str, dict[str, Kind]] = {
    "account": {"email": "email", "externalId": "text", "language": ("en", "de", "es")},
    "personal": {
        "firstName": "name",
        "lastName": "name",
        "displayName": "text",
        "gender": GENDERS,
        "birthdate": "zulu",
    },
    "work": {
        "companyId": "id:companies",
        "officeId": "id:offices",
        "departmentId": "id:departments",
        "startDate": "clock",
        "jobTitle": "text",
        "workPhone": "text",
        "workMobile": "text",
        "isAssistant": "boolean",
        "probationPeriodEnd": "zulu",
        "reportsToId": "id:employees",
        "contractEnd": "day",
        "employeeNumber": "text",
        "weeklyHours": "number",
        "teamIds": "ids:teams",
    },
    "workSchedule": {**{f"{day}WorkingDay": "boolean" for day in WEEK}, "trackAttendance": "boolean"},
    "address": {"street": "text", "postalCode": "text", "city": "text", "country": "text"},
    "financial": dict.fromkeys(
        (
            "accountHolderName",
            "bankName",
            "accountNumber",
            "iban",
            "swiftCode",
            "nationalId",
            "passport",
            "nationalInsuranceNumber",
            "taxCode",
            "taxIdentificationNumber",
        ),
        "text",
    ),
    "home": {
        "maritalStatus": MARITAL_STATUSES,
        "spouseFirstName": "text",
        "spouseLastName": "text",
        "spouseBirthdate": "zulu",
        "spouseGender": GENDERS,
        "personalEmail": "email",
        "personalPhone": "text",
        "personalMobile": "text",
    },
    "teams": {"name": "name"},
    "departments": {"name": "name"},
    "areas": {"name": "name"},
    "offices": {
        "name": "name",
        "companyId": "id:companies",
        "calendarId": "id:calendars",
        "street": "text",
        "postalCode": "text",
        "city": "text",
        "country": "text",
    },
}
"""What a body may contain, by section of an employee and by editable list of the organisation."""

REQUIRED: dict[str, tuple[str, ...]] = {
    "account": ("email",),
    "personal": ("firstName", "lastName"),
    "work": ("companyId",),
    "teams": ("name",),
    "departments": ("name",),
    "areas": ("name",),
    "offices": ("name", "companyId", "calendarId"),
}
"""What cannot be left out at creation, and never be emptied."""

Tables = Mapping[str, Mapping[str, Any]]
"""What an id may name: by list name, by `_id`."""


def normalise(section: str, body: object, tables: Tables) -> Row:
    """Return the body's fields as Kenjo stores them; unknown fields and wrong values are a 400."""
    if not isinstance(body, dict):
        raise invalid(section)
    kinds = FIELDS[section] | _custom_kinds(section, tables)
    changes: Row = {}
    for name, value in body.items():
        if name not in kinds:
            raise invalid(name)
        if value is None and name not in REQUIRED.get(section, ()):
            changes[name] = None  # null empties a field
            continue
        try:
            changes[name] = _checked(kinds[name], value, tables)
        except ValueError:
            raise invalid(name) from None
    return changes


def require(section: str, row: Row) -> None:
    """Refuse a new row that lacks a required field."""
    for name in REQUIRED.get(section, ()):
        if name not in row:
            raise invalid(name)


def _custom_kinds(section: str, tables: Tables) -> dict[str, Kind]:
    fields = [row for row in tables["custom-fields"].values() if row["section"] == section]
    return {row["apiName"]: tuple(row["values"]) if row["type"] == "List" else row["type"] for row in fields}


def _checked(kind: Kind, value: Any, tables: Tables) -> Any:
    if isinstance(kind, tuple):
        return _ensure(value in kind, value)
    check, _, table = kind.partition(":")
    if check == "id":
        return _ensure(is_id(value) and value in tables[table], value)
    if check == "ids":
        return _ensure(
            isinstance(value, list) and all(is_id(one) and one in tables[table] for one in value), value
        )
    return _CHECKS[check](value)


def _ensure(condition: bool, value: Any) -> Any:
    if not condition:
        raise ValueError("not accepted")
    return value


def _text(value: Any) -> Any:
    return _ensure(isinstance(value, str), value)


def _email(value: Any) -> Any:
    return _ensure(isinstance(value, str) and "@" in value.strip("@"), value)


def _number(value: Any) -> Any:
    return _ensure(isinstance(value, int | float) and not isinstance(value, bool), value)


def _boolean(value: Any) -> Any:
    return _ensure(isinstance(value, bool), value)


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "name": lambda value: _ensure(bool(_text(value).strip()), value),
    "email": _email,
    "number": _number,
    "boolean": _boolean,
    "zulu": lambda value: as_zulu(parse_day(value)),
    "clock": lambda value: as_clock(parse_day(value)),
    "day": lambda value: as_day(parse_day(value)),
    # the types of custom fields
    "Text": _text,
    "TextArea": _text,
    "Url": lambda value: _ensure(_text(value).startswith(("http://", "https://")), value),
    "Email": _email,
    "Number": _number,
    "Boolean": _boolean,
    "Date": lambda value: as_day(parse_day(value)),
}
