"""The company that the made-up people work for: offices, departments, teams, custom fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.values import Row, new_id, seeded

Table = dict[str, Row]
"""Rows by their `_id`, in the order in which the lists show them."""

DEPARTMENTS = (
    "Management",
    "Engineering",
    "Product",
    "Sales",
    "Marketing",
    "Customer Success",
    "Finance",
    "People",
    "Logistics",
)

TEAMS = {
    "Engineering": ("Backend", "Frontend", "Platform", "Data"),
    "Product": ("Product Design",),
    "Sales": ("Sales DACH", "Sales Ibérica", "Sales UK"),
    "Marketing": ("Brand Studio",),
    "Customer Success": ("Support",),
    "Logistics": ("Lager Süd",),
    "": ("Betriebsrat",),  # its members come from every department
}

AREAS = ("Growth", "Recruiting feature", "Plattform-Migration", "Internationalización", "Sustainability")

_COMPANIES = (
    {"name": "Nordlicht GmbH", "city": "Berlin", "country": "DE"},
    {"name": "Nordlicht Ibérica S.L.", "city": "Madrid", "country": "ES"},
    {"name": "Nordlicht UK Ltd"},  # city and country are optional
)

_CALENDARS = ("Berlin", "Comunidad de Madrid", "England", "Bayern")

_OFFICE_COLUMNS = ("name", "companyId", "calendarId", "street", "postalCode", "city", "country")
_OFFICES = (
    ("Berlin", 0, 0, "Urbanstraße 71", "10967", "Berlin", "DE"),
    ("Madrid", 1, 1, "Calle de Alcalá 42", "28014", "Madrid", "ES"),
    ("London", 2, 2, "Park Street 20", "SE1 9EQ", "London", "GB"),
    ("München", 0, 3, "Lindwurmstraße 8", "80337", "München", "DE"),
)

_CUSTOM_FIELDS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("personal", "Nickname", "Text", ()),
    ("personal", "Shirt size", "List", ("S", "M", "L", "XL")),
    ("personal", "Führerschein", "Boolean", ()),
    ("work", "Cost centre", "Text", ()),
    ("work", "Seniority", "List", ("Junior", "Professional", "Senior", "Principal")),
    ("work", "Badge number", "Number", ()),
    ("work", "Remote", "Boolean", ()),
    ("work", "Laptop due", "Date", ()),
    ("work", "Profile page", "Url", ()),
    ("work", "Assistant mail", "Email", ()),
    ("work", "Bio", "TextArea", ()),
    ("address", "Province", "Text", ()),
    ("financial", "Special tax", "Number", ()),
    ("home", "Emergency contact", "Text", ()),
)


@dataclass
class Organisation:
    """Everything in an account but its people, each kind as rows by `_id`."""

    companies: Table = field(default_factory=dict)
    calendars: Table = field(default_factory=dict)
    offices: Table = field(default_factory=dict)
    departments: Table = field(default_factory=dict)
    teams: Table = field(default_factory=dict)
    areas: Table = field(default_factory=dict)
    custom_fields: Table = field(default_factory=dict)


def build(seed: int) -> Organisation:
    """Return the organisation that belongs to the seed; only its `_id`s depend on it."""
    rng = seeded(seed, "organisation")
    organisation = Organisation(
        companies=_table(rng, _COMPANIES),
        calendars=_table(rng, ({"name": name} for name in _CALENDARS)),
        departments=_table(rng, ({"name": name} for name in DEPARTMENTS)),
        teams=_table(rng, ({"name": name} for names in TEAMS.values() for name in names)),
        areas=_table(rng, ({"name": name} for name in AREAS)),
        custom_fields=_table(rng, (_custom_field(*row) for row in _CUSTOM_FIELDS)),
    )
    companies, calendars = list(organisation.companies), list(organisation.calendars)
    organisation.offices = _table(rng, (_office(companies, calendars, row) for row in _OFFICES))
    return organisation


def _table(rng: Random, rows: Iterable[Row]) -> Table:
    table: Table = {}
    for row in rows:
        identifier = new_id(rng)
        table[identifier] = {"_id": identifier, **row}
    return table


def _office(companies: list[str], calendars: list[str], columns: Sequence[Any]) -> Row:
    row: Row = dict(zip(_OFFICE_COLUMNS, columns, strict=True))
    return {**row, "companyId": companies[row["companyId"]], "calendarId": calendars[row["calendarId"]]}


def _custom_field(section: str, label: str, kind: str, values: tuple[str, ...]) -> Row:
    row: Row = {"section": section, "label": label, "apiName": "c_" + label.replace(" ", ""), "type": kind}
    return {**row, "values": list(values)} if values else row
