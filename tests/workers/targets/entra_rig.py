"""The contract's rig for Entra ID, and a world of server, proxy and target for the tests beyond it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bridge.model import Kind
from tests.workers.targets.entra_batches import parts
from tests.workers.targets.entra_directory import EXTENSIONS, Directory, Thing
from tests.workers.targets.entra_server import CLIENT, SECRET, TENANT, EntraServer, entra_server
from workers.targets.entra.target import ADAPTER
from workers.testing.proxy import Proxy, proxy_to
from workers.testing.rig import Allowed, HttpRig, connected


class EntraRig(HttpRig):
    """A made-up tenant; `own` are settings laid over the others."""

    adapter = ADAPTER
    has_teams = True
    clearable = "jobTitle"
    changes: Mapping[str, Any] = {
        "userPrincipalName": "Ana.Neu@example.com",
        "displayName": "Ana Şahin-Müller 😀",
        "surname": "Şahin-O'Müller",
        "jobTitle": "Head of Purchasing",
        "department": "Finance",
        "companyName": None,
        "employeeId": "P-changed",
        "businessPhones": "+49 89 222222",
        "mobilePhone": "+49 170 1111111",
        "preferredLanguage": None,
    }

    def __init__(self, server: EntraServer, **own: Any) -> None:
        self.server = server
        self.origin = server.public
        self.id_attribute = str(own.get("kenjo_id_attribute", "extensionAttribute15"))
        self._own = own
        # Groups may have contacts as members too, which are none of the users.
        server.directory.others |= {f"m{number:03d}" for number in range(250)}

    @property
    def directory(self) -> Directory:
        return self.server.directory

    def settings(self, origin: str) -> dict[str, Any]:
        self.server.public = origin  # it names the next page by the address under which it is reached
        return {
            "kind": "entra",
            "base_url": f"{origin}/v1.0",
            "login_url": self.origin,
            "tenant": TENANT,
            "client_id": CLIENT,
            "client_secret": SECRET,
            **self._own,
        }

    def wrong_credentials(self) -> dict[str, Any]:
        return {"client_secret": "wrong"}

    def person(self, number: int) -> dict[str, Any]:
        return {
            "kenjoId": f"{number:024x}",
            "userPrincipalName": f"Ana.Mueller{number}@example.com",
            "mail": f"ana.mueller{number}@example.com",
            "accountEnabled": True,
            "displayName": f"Ana Müller {number}",
            "givenName": "Ana",
            "surname": f"Müller{number}",
            "jobTitle": "Buyer",
            "department": 'Sales & "Service"',
            "companyName": "Example GmbH",
            "officeLocation": "München",
            "employeeId": f"P-{number}",
            "businessPhones": f"+49 30 1000{number}",
            "mobilePhone": None,
            "preferredLanguage": "pt-BR",
            "manager": None,
        }

    def team(self, number: int) -> dict[str, Any]:
        return {"displayName": f"Team '{number}' \\ Süd", "kenjoId": f"{number:022x}aa"}

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        if kind is Kind.TEAM:
            group = self.directory.groups.get(remote_id)
            if group is None:
                return None
            members = set(self.directory.members[remote_id])
            return {**group, "kenjoId": group["uniqueName"], "members": members}
        user = self.directory.users.get(remote_id)
        if user is None:
            return None
        phones = user["businessPhones"]
        return {
            **user,
            "kenjoId": user[EXTENSIONS].get(self.id_attribute) or user.get(self.id_attribute),
            "businessPhones": phones[0] if phones else None,
            "manager": self.directory.managers.get(remote_id),
        }

    async def count(self, kind: Kind) -> int:
        return len(self.directory.users if kind is Kind.PERSON else self.directory.groups)

    async def is_active(self, remote_id: str) -> bool:
        return bool(self.directory.users[remote_id]["accountEnabled"])

    async def add_foreign(self, remote_id: str) -> None:
        user = self.directory.users[remote_id]
        user["streetAddress"] = "Hauptstraße 1"
        user[EXTENSIONS]["extensionAttribute3"] = "badge 7"

    async def has_foreign(self, remote_id: str) -> bool:
        user = self.directory.users[remote_id]
        street = user["streetAddress"] == "Hauptstraße 1"
        return street and bool(user[EXTENSIONS]["extensionAttribute3"] == "badge 7")

    async def add_member(self, remote_id: str, member: str) -> None:
        self.directory.members[remote_id].append(member)


@dataclass(frozen=True, slots=True)
class World:
    """A server, the proxy before it and the target behind that."""

    server: EntraServer
    directory: Directory
    rig: EntraRig
    proxy: Proxy
    target: Allowed

    def put_user(self, name: str, **properties: Any) -> Thing:
        """A user as an administrator would have made it, past all checks."""
        user = {
            "id": f"id-{name}",
            "userPrincipalName": f"{name}@example.com",
            "displayName": name,
            "accountEnabled": True,
            "mailNickname": name,
            "businessPhones": [],
            "proxyAddresses": [],
            "onPremisesSyncEnabled": None,
            EXTENSIONS: {},
            **properties,
        }
        self.directory.users[user["id"]] = user
        return user

    def put_group(self, name: str, *members: str, **properties: Any) -> Thing:
        """A security group as an administrator would have made it."""
        group = {
            "id": f"id-{name}",
            "displayName": name,
            "groupTypes": [],
            "mailEnabled": False,
            "securityEnabled": True,
            "uniqueName": None,
            **properties,
        }
        self.directory.groups[group["id"]] = group
        self.directory.members[group["id"]] = list(members)
        return group

    @property
    def requests(self) -> list[str]:
        """Method and path of every request that came, by itself or among others, without the version."""
        return [f"{method} {path}" for one in self.proxy.seen for method, path, _ in parts(one)]

    @property
    def writes(self) -> list[str]:
        return [one for one in self.requests if not one.startswith("GET ")]


@asynccontextmanager
async def world(**own: Any) -> AsyncIterator[World]:
    async with entra_server() as server:
        rig = EntraRig(server, **own)
        async with (
            proxy_to(rig.origin) as proxy,
            connected(ADAPTER, rig.settings(proxy.url)) as target,
        ):
            yield World(server, server.directory, rig, proxy, target)
