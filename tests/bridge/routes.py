"""A route to a target and records for it, for tests of what the target is to get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.config.target_settings import BearerTarget
from bridge.mapping.protected import Protected
from bridge.mapping.route import Route
from bridge.model import Key, Kind, Record

MAPPING: dict[str, Any] = {
    "person": {
        "userName": "person.account.email",
        "title": "person.work.jobTitle",
        "manager": "person.work.reportsToId",
    },
    "team": {"displayName": "team.name", "members": "team.members"},
    "group_name": "displayName",
    "references": {"manager": "person", "members": "person"},
    "required": {"person": ["userName"], "team": ["displayName"]},
}
SALES = 'person.work.department == "Sales"'
ANA, BEN, BLUE = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben"), Key(Kind.TEAM, "blue")


def route(protected: Sequence[str] = (), mapping: dict[str, Any] = MAPPING, **settings: Any) -> Route:
    """The route of a target with these settings."""
    given = {"kind": "scim", "base_url": "https://example.com", "token": "secret", **settings}
    return Route("directory", BearerTarget.model_validate(given), mapping, Protected(protected))


def person(lifecycle: str = "active", **work: Any) -> Record:
    """A seller with an account."""
    fields = {"department": "Sales", "jobTitle": "Seller", "reportsToId": None, **work}
    return Record(ANA, {"id": ANA.id, "lifecycle": lifecycle, "account": {"email": "a@b.c"}, "work": fields})


def team(*members: str) -> Record:
    """A team with members."""
    return Record(BLUE, {"id": BLUE.id, "name": "Blue", "members": list(members)})
