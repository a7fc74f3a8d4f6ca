"""A small Kenjo account as its lists, and short ways to build and read a snapshot of it."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bridge.model import Key, Kind, Snapshot
from service.kenjo.fields import ACCOUNTS, SECTIONS, WORKS
from service.kenjo.snapshot import build

ANA, BEN, CEM = "a" * 24, "b" * 24, "c" * 24
SALES, BERLIN, ACME, RED, BLUE = "d" * 24, "0f" * 12, "e" * 24, "1" * 24, "2" * 24
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PERSONALS = SECTIONS["personal"]

NAME = ("person", "personal", "firstName")
EMAIL = ("person", "account", "email")
TITLE = ("person", "work", "jobTitle")
DEPARTMENT = ("person", "work", "department")
TEAMS = ("person", "work", "teams")
MANAGER = ("person", "work", "manager", "account", "email")
MEMBERS = ("team", "members")
USED = (NAME, EMAIL, TITLE, DEPARTMENT, TEAMS, MANAGER, MEMBERS, ("team", "name"))


def account() -> dict[str, list[Any]]:
    """Three people: Ana leads Ben and Cem, Cem has been deactivated."""
    return {
        ACCOUNTS: [
            {"_id": ANA, "email": "ana@acme.example", "isActive": True, "externalId": "7"},
            {"_id": BEN, "email": "ben@acme.example", "isActive": "true"},
            {"_id": CEM, "email": "", "isActive": False},
        ],
        PERSONALS: [{"_id": ANA, "firstName": "Ana"}, {"_id": BEN, "firstName": "Ben"}, {"_id": CEM}],
        WORKS: [
            {"_id": ANA, "jobTitle": "Head", "departmentId": SALES, "teamIds": [RED, BLUE]},
            {"_id": BEN, "jobTitle": " ", "departmentId": None, "teamIds": [RED], "reportsToId": ANA},
            {"_id": CEM, "jobTitle": "Rep", "departmentId": "9" * 24, "teamIds": [RED], "reportsToId": ANA},
        ],
        "departments": [{"_id": SALES, "name": "Sales"}],
        "offices": [{"_id": BERLIN, "name": "Berlin"}],
        "companies": [{"_id": ACME, "name": "Acme"}],
        "teams": [{"_id": RED, "name": "Red"}, {"_id": BLUE, "name": "Blue"}],
        "areas": [{"_id": RED, "name": "North"}],
    }


def snap(lists: dict[str, Any], *fields: tuple[str, ...], **options: Any) -> Snapshot:
    """The snapshot of the lists with these fields in use (default: USED)."""
    defaults: dict[str, Any] = {"now": NOON, "zone": ZoneInfo("Europe/Berlin")}
    return build(lists, fields or USED, **(defaults | options))


def person(snapshot: Snapshot, id_: str) -> Any:
    """The data of a person."""
    return snapshot.records[Key(Kind.PERSON, id_)].data


def people(snapshot: Snapshot) -> set[str]:
    """The ids of people with a record."""
    return {key.id for key in snapshot.records if key.kind is Kind.PERSON}


def kept(snapshot: Snapshot) -> set[str]:
    """The ids of people without a usable row."""
    return {key.id for key in snapshot.kept if key.kind is Kind.PERSON}


def row(lists: dict[str, Any], name: str, id_: str) -> dict[str, Any]:
    """The row of a list, to be changed."""
    found: dict[str, Any] = next(row for row in lists[name] if row["_id"] == id_)
    return found
