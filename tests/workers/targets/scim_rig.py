"""The contract's rig for SCIM: looks into a server with plain requests of its own, past the adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from bridge.model import Kind
from workers.targets.scim.target import ADAPTER
from workers.testing.rig import HttpRig

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
FOREIGN = {"type": "home", "value": "home@example.org"}


class ScimRig(HttpRig):
    """A SCIM server at `base_url`; `own` are settings for its differences."""

    adapter = ADAPTER
    has_teams = True
    proves_members = False
    clearable = "title"
    changes: Mapping[str, Any] = {
        "emails.work": "ana.neu@example.com",
        "name.familyName": "Şahin-Müller",
        "displayName": "Ana Şahin-Müller",
        "title": "Head of Purchasing",
        "preferredLanguage": None,
        "phoneNumbers.work": "+49 89 222222",
        "phoneNumbers.mobile": "+49 170 1111111",
        "department": "Finance",
        "organization": None,
        "employeeNumber": "E-changed",
    }

    def __init__(self, base_url: str, token: str, session: aiohttp.ClientSession, **own: Any) -> None:
        parts = urlsplit(base_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path
        self._token = token
        self._session = session
        self._own = own

    def settings(self, origin: str) -> dict[str, Any]:
        return {"kind": "scim", "base_url": origin + self._path, "token": self._token, **self._own}

    def wrong_credentials(self) -> dict[str, Any]:
        return {"token": "wrong"}

    def person(self, number: int) -> dict[str, Any]:
        return {
            "externalId": f"kenjo-p{number}",
            "userName": f"Ana.Mueller{number}@example.com",
            "emails.work": f"ana.mueller{number}@example.com",
            "name.givenName": "Ana",
            "name.familyName": f"Müller{number}",
            "displayName": f"Ana Müller {number}",
            "title": "Buyer",
            "active": True,
            "preferredLanguage": "pt-BR",
            "phoneNumbers.work": f"+49 30 1000{number}",
            "phoneNumbers.mobile": None,
            "employeeNumber": f"E-{number}",
            "department": 'Sales & "Service"',
            "organization": "Example GmbH",
            "manager": None,
        }

    def team(self, number: int) -> dict[str, Any]:
        return {"externalId": f"kenjo-t{number}", "displayName": f'Team "{number}" \\ Süd'}

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the server itself; None for 404."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/scim+json"}
        url = URL(self.origin + self._path + path, encoded=True)
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            if answer.status == 404:
                return None
            assert answer.status < 300, (answer.status, await answer.text())
            return await answer.json(content_type=None)

    async def resource(self, kind: Kind, remote_id: str) -> Any:
        """The object as the server shows it."""
        return await self.call(
            "GET", f"{'/Users' if kind is Kind.PERSON else '/Groups'}/{quote(remote_id, '')}"
        )

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        resource = await self.resource(kind, remote_id)
        return None if resource is None else flatten(resource)

    async def count(self, kind: Kind) -> int:
        listed = await self.call("GET", "/Users" if kind is Kind.PERSON else "/Groups")
        return int(listed["totalResults"])

    async def is_active(self, remote_id: str) -> bool:
        return bool((await self.resource(Kind.PERSON, remote_id))["active"] in (True, "True"))

    async def edit(self, kind: Kind, remote_id: str, **changes: Any) -> None:
        """Change an object past the adapter."""
        resource = {**await self.resource(kind, remote_id), **changes}
        body = {name: value for name, value in resource.items() if name not in ("meta", "groups")}
        if "active" in body:
            body["active"] = body["active"] in (True, "True")
        path = "/Users" if kind is Kind.PERSON else "/Groups"
        await self.call("PUT", f"{path}/{quote(remote_id, '')}", body)

    async def add_foreign(self, remote_id: str) -> None:
        emails = (await self.resource(Kind.PERSON, remote_id))["emails"]
        await self.edit(Kind.PERSON, remote_id, nickName="Anchen", emails=[FOREIGN, *emails])

    async def has_foreign(self, remote_id: str) -> bool:
        resource = await self.resource(Kind.PERSON, remote_id)
        return resource["nickName"] == "Anchen" and FOREIGN in resource["emails"]

    async def add_member(self, remote_id: str, member: str) -> None:
        members = (await self.resource(Kind.TEAM, remote_id)).get("members", [])
        await self.edit(Kind.TEAM, remote_id, members=[*members, {"value": member}])


def flatten(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource by the names that a mapping uses."""
    flat: dict[str, Any] = {}
    for name, value in {**resource, **resource.get(ENTERPRISE, {})}.items():
        if name == "members":
            continue
        if isinstance(value, list):
            flat |= {
                f"{name}.{entry.get('type')}": entry["value"] for entry in value if isinstance(entry, dict)
            }
        elif isinstance(value, dict) and name == "name":
            flat |= {f"name.{sub}": inner for sub, inner in value.items()}
        else:
            flat[name] = value
    if "active" in flat:
        flat["active"] = flat["active"] in (True, "True")
    flat["members"] = {member["value"] for member in resource.get("members", [])}
    return flat


@asynccontextmanager
async def scim_rig(base_url: str, token: str, **own: Any) -> AsyncIterator[ScimRig]:
    """A rig with a session of its own."""
    async with aiohttp.ClientSession() as session:
        yield ScimRig(base_url, token, session, **own)
