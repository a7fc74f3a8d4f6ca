"""The contract's rig for Google Workspace: looks into the account past the adapter."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from bridge.exchange import Wanted
from bridge.model import Key, Kind
from bridge.wire.http import open_session
from bridge.wire.tokens import Pocket, Vault
from tests.workers.targets.google_server import ADMIN, BASE, Thing, Workspace
from workers.targets.base import Tools
from workers.targets.google.target import ADAPTER, GoogleSettings
from workers.targets.notebook import Notebook, Scratch
from workers.testing.rig import Allowed, HttpRig

FOREIGN = {
    "phones": {"type": "home", "value": "+49 89 7"},
    "externalIds": {"type": "custom", "customType": "badge", "value": "B-7"},
    "relations": {"type": "spouse", "value": "sam@example.net"},
}


class GoogleRig(HttpRig):
    """A running account; `own` are settings beside those that connect to it."""

    adapter = ADAPTER
    has_teams = True
    clearable = "organizations.title"
    changes: Mapping[str, Any] = {
        "primaryEmail": "ana.neu@example.org",
        "name.familyName": "Şahin-Müller",
        "organizations.title": "Head of “Purchasing” 😀",
        "organizations.name": None,
        "phones.work": None,
        "phones.mobile": "+49 170 1111111",
        "externalIds.organization": "E-changed",
        "relations.manager": "boss@example.com",
        "orgUnitPath": "/Staff/Süd",
    }

    def __init__(self, workspace: Workspace, **own: Any) -> None:
        self.workspace = workspace
        self.origin = workspace.url
        self._own = own

    def settings(self, origin: str) -> dict[str, Any]:
        return {
            "kind": "google",
            "base_url": origin + BASE,
            "credentials_json": json.dumps(self.workspace.sign_in.key()),
            "admin": ADMIN,
            **self._own,
        }

    def wrong_credentials(self) -> dict[str, Any]:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return {"credentials_json": json.dumps(self.workspace.sign_in.key(other))}

    def person(self, number: int) -> dict[str, Any]:
        return {
            "externalId": f"kenjo-p{number}",
            "primaryEmail": f"Ana.O'Mueller{number}@example.com",
            "name.givenName": "Bärbel",
            "name.familyName": f"Müller{number}",
            "active": True,
            "orgUnitPath": "/Staff",
            "organizations.title": "Buyer",
            "organizations.department": 'Sales & "Service"',
            "organizations.name": "Example GmbH",
            "phones.work": f"+49 30 1000{number}",
            "phones.mobile": None,
            "externalIds.organization": f"E-{number}",
            "relations.manager": None,
        }

    def team(self, number: int) -> dict[str, Any]:
        return {
            "externalId": f"kenjo-t{number}",
            "name": f'Team "{number}" \\ Süd',
            "email": f"team-{number}@example.com",
        }

    async def can_be_members(self, count: int) -> list[str]:
        return [self.workspace.add_user(f"m{number:03d}@example.com")["id"] for number in range(count)]

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        things = self.workspace.users if kind is Kind.PERSON else self.workspace.groups
        if (thing := things.get(remote_id)) is None:
            return None
        if kind is Kind.TEAM:
            return {**_flat(thing, "namespace"), "members": set(self.workspace.members[remote_id])}
        return _flat(thing, "customType")

    async def count(self, kind: Kind) -> int:
        if kind is Kind.TEAM:
            return len(self.workspace.groups)
        return len(self.workspace.users) - 1  # the administrator is none of ours

    async def is_active(self, remote_id: str) -> bool:
        return not self.workspace.users[remote_id]["suspended"]

    async def add_foreign(self, remote_id: str) -> None:
        user = self.workspace.users[remote_id]
        for name, entry in FOREIGN.items():
            user[name] = [entry, *user.get(name, [])]
        user["includeInGlobalAddressList"] = False

    async def has_foreign(self, remote_id: str) -> bool:
        user = self.workspace.users[remote_id]
        kept = all(entry in user[name] for name, entry in FOREIGN.items())
        return kept and user["includeInGlobalAddressList"] is False

    async def add_member(self, remote_id: str, member: str) -> None:
        self.workspace.put_in(remote_id, member)

    def expected(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        small = {"primaryEmail", "email"}
        return {
            name: value.lower() if name in small else value
            for name, value in attributes.items()
            if name != "members"
        }


def _flat(thing: Thing, namespace: str) -> dict[str, Any]:
    """A user or group by the names that a mapping uses."""
    flat: dict[str, Any] = {}
    for name, value in thing.items():
        if name == "name" and isinstance(value, dict):
            flat |= {f"name.{sub}": inner for sub, inner in value.items()}
        elif isinstance(value, list):
            for entry in value:
                flat |= _entry(name, entry, namespace)
        else:
            flat[name] = value
    if "suspended" in flat:
        flat["active"] = not flat["suspended"]
    return flat


def _entry(name: str, entry: Any, namespace: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        return {}
    if name == "externalIds" and entry.get(namespace) == "kenjo":
        return {"externalId": entry.get("value") or entry.get("id")}
    if name == "organizations":
        return {f"{name}.{sub}": value for sub, value in entry.items()}
    return {f"{name}.{entry.get('type')}": entry.get("value")}


@asynccontextmanager
async def google_target(
    workspace: Workspace, notebook: Notebook | None = None, vault: Vault | None = None, **own: Any
) -> AsyncIterator[Allowed]:
    """The connected target, as a process has it; what is shared by processes may be given."""
    rig = GoogleRig(workspace, **own)
    settings = GoogleSettings.model_validate({"timeout": 5, **rig.settings(workspace.url)})
    async with open_session() as session:
        tools = Tools(session, notebook=notebook or Scratch(), vault=vault or Pocket())
        async with ADAPTER.connect(settings, tools) as target:
            yield Allowed(target)


def ana(**changes: Any) -> Wanted:
    """A person as Google is to have her."""
    attributes = {
        "externalId": "kenjo-ana",
        "primaryEmail": "ana@example.com",
        "name.givenName": "Ana",
        "name.familyName": "Müller",
        "active": True,
    }
    return Wanted(Key(Kind.PERSON, "kenjo-ana"), {**attributes, **changes})


def sales(members: list[str], released: frozenset[str] = frozenset(), **changes: Any) -> Wanted:
    """A team as Google is to have it."""
    attributes = {"externalId": "kenjo-sales", "email": "sales@example.com", "name": "Sales"}
    return Wanted(Key(Kind.TEAM, "kenjo-sales"), {**attributes, **changes, "members": members}, released)
