"""Looks at an Active Directory, made up or real, as its administrator; over TLS, in threads."""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.model import Kind
from tests.workers.targets.certificates import Certificates, made
from tests.workers.targets.ldap_ad_domain import Domain, Entry
from tests.workers.targets.ldap_ad_server import AdServer, ad_server
from tests.workers.targets.ldap_line import line_to
from workers.targets.ldap import ADAPTER
from workers.targets.ldap.library import ldap3
from workers.testing.rig import Allowed, Line, Rig, connected

TREE_DELETE = ("1.2.840.113556.1.4.805", True, None)


@dataclass(frozen=True)
class Place:
    """Where a domain is. `admin` may do everything, `bridge` is what the adapter signs in with."""

    port: int
    base: str
    authority: Path
    admin: tuple[str, str]
    bridge: tuple[str, str]

    @property
    def ours(self) -> str:
        """The container of the tests."""
        return f"OU=Kenjo,{self.base}"

    @property
    def people(self) -> str:
        return f"OU=People,{self.ours}"

    @property
    def groups(self) -> str:
        return f"OU=Groups,{self.ours}"

    def connection(self, name: str, password: str) -> Any:
        """A connection of ldap3, bound if the server let it."""
        tls = ldap3.Tls(validate=ssl.CERT_NONE)  # whose it is, ldap3 asks a function that Python 3.12 lacks
        server = ldap3.Server("localhost", self.port, use_ssl=True, tls=tls, get_info=ldap3.NONE)
        found = ldap3.Connection(server, name, password, check_names=False, return_empty_attributes=False)
        found.bind()
        return found


class AdRig(Rig):
    """See `Rig`. `certificates` are those of the line."""

    has_teams = True
    clearable = "title"
    changes: Mapping[str, Any] = {
        "cn": "Ana Neu",
        "userPrincipalName": "ana.neu@kb.test",
        "mail": "ana.neu@example.org",
        "title": "Boss",
    }

    def __init__(self, place: Place, certificates: Certificates) -> None:
        self.place = place
        self.certificates = certificates
        self.adapter = ADAPTER.fitted(ADAPTER.settings.model_validate(self.settings(place.port)))
        self.server: AdServer | None = None
        self._admin: Any = None

    async def prepare(self) -> None:
        """Make the containers anew."""
        self._admin = await asyncio.to_thread(self.place.connection, *self.place.admin)
        assert self._admin.bound, self._admin.result
        await self.ask("delete", self.place.ours, controls=[TREE_DELETE])
        for dn in (self.place.ours, self.place.people, self.place.groups):
            await self.ask("add", dn, ["top", "organizationalUnit"])
            assert self._admin.result["result"] == 0, self._admin.result

    async def end(self) -> None:
        if self._admin is not None:
            await self.ask("unbind")

    async def ask(self, operation: str, *arguments: Any, **named: Any) -> Any:
        """Carry out an operation of ldap3 as the administrator; its answer stays in `result`."""
        return await asyncio.to_thread(getattr(self._admin, operation), *arguments, **named)

    @property
    def domain(self) -> Domain:
        """The made-up domain."""
        assert self.server
        return self.server.domain

    def made(self, remote_id: str) -> Entry:
        """An entry of the made-up domain."""
        return self.domain.entries[uuid.UUID(remote_id).bytes_le]

    def direct(self, **more: Any) -> dict[str, Any]:
        """Settings that reach the domain without a line."""
        return {**self.settings(self.place.port), "ca_file": str(self.place.authority), **more}

    @property
    def result(self) -> Any:
        return self._admin.result

    def settings(self, port: int, **more: Any) -> dict[str, Any]:
        name, password = self.place.bridge
        return {
            "kind": "ldap",
            "address": f"ldaps://localhost:{port}",
            "ca_file": str(self.certificates.authority),
            "bind_dn": name,
            "password": password,
            "base": self.place.ours,
            "people": self.place.people,
            "groups_base": self.place.groups,
            "members_per_request": 100,
            **more,
        }

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[tuple[Allowed, Line]]:
        inner = ssl.create_default_context(cafile=self.place.authority)
        async with (
            line_to(self.place.port, inner, self.certificates.server()) as line,
            connected(self.adapter, self.settings(line.own_port)) as target,
        ):
            yield target, line

    def person(self, number: int) -> dict[str, Any]:
        return {
            "externalId": f"kenjo-p{number}",
            "cn": f"Ana {number}",
            "userPrincipalName": f"ana{number}@kb.test",
            "sAMAccountName": f"ana{number}",
            "sn": "Müller",
            "mail": f"ana{number}@example.org",
            "title": "Buyer",
            "active": True,
        }

    def team(self, number: int) -> dict[str, Any]:
        return {"externalId": f"kenjo-t{number}", "cn": f"Team {number}", "sAMAccountName": f"team {number}"}

    async def can_be_members(self, count: int) -> list[str]:
        for number in range(count):
            await self.ask(
                "add", f"CN=m{number},{self.place.people}", "user", {"sAMAccountName": f"m{number}"}
            )
            assert self.result["result"] == 0, self.result
        return [one["id"] for one in await self.entries("(&(objectClass=user)(cn=m*))")]

    async def entries(self, where: str = "(objectClass=*)") -> list[dict[str, Any]]:
        """Entries of the tests by attribute: one value, or a list."""
        await self.ask(
            "search", self.place.ours, where, attributes=["*", "member;range=0-*"], paged_size=None
        )
        return [_entry(one) for one in self._admin.response]

    async def entry(self, remote_id: str) -> dict[str, Any] | None:
        return next((one for one in await self.entries() if one["id"] == remote_id), None)

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        there = {one["id"]: one for one in await self.entries()}
        entry = there.get(remote_id)
        if entry is None:
            return None
        entry["externalId"] = str(entry.get("adminDescription", "")).removeprefix("kenjo:")
        if kind is Kind.PERSON:
            return {**entry, "active": not int(entry["userAccountControl"]) & 2}
        ids = {one["dn"]: one["id"] for one in there.values()}
        return {**entry, "members": {ids[one] for one in entry["members"]}}

    async def count(self, kind: Kind) -> int:
        where = {Kind.PERSON: "(objectClass=user)", Kind.TEAM: "(objectClass=group)"}[kind]
        return len(await self.entries(where))

    async def is_active(self, remote_id: str) -> bool:
        entry = await self.entry(remote_id)
        assert entry
        password = '"Made-up-7 password"'.encode("utf-16-le")
        await self.ask("modify", entry["dn"], {"unicodePwd": [("MODIFY_REPLACE", [password])]})
        assert self.result["result"] == 0, self.result
        return await self.may_sign_in(entry["userPrincipalName"], "Made-up-7 password")

    async def may_sign_in(self, name: str, password: str) -> bool:
        connection = await asyncio.to_thread(self.place.connection, name, password)
        bound = bool(connection.bound)
        await asyncio.to_thread(connection.unbind)
        return bound

    async def add_foreign(self, remote_id: str) -> None:
        entry = await self.entry(remote_id)
        assert entry
        await self.ask("modify", entry["dn"], {"pager": [("MODIFY_REPLACE", ["7"])]})

    async def has_foreign(self, remote_id: str) -> bool:
        entry = await self.entry(remote_id)
        return entry is not None and entry.get("pager") == "7"

    async def add_member(self, remote_id: str, member: str) -> None:
        group, person = await self.entry(remote_id), await self.entry(member)
        assert group
        assert person
        await self.ask("modify", group["dn"], {"member": [("MODIFY_ADD", [person["dn"]])]})
        assert self.result["result"] == 0, self.result


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    raw = {name: values for name, values in row["raw_attributes"].items() if values}
    found: dict[str, Any] = {
        "dn": row["dn"],
        "id": str(uuid.UUID(bytes_le=raw["objectGUID"][0])),
        "members": [],
    }
    for name, values in raw.items():
        texts = [value.decode("utf-8", "replace") for value in values]
        if name.startswith("member"):
            found["members"] = texts
        else:
            found[name] = texts if len(texts) > 1 else texts[0]
    return found


@asynccontextmanager
async def made_up(folder: Path, base: str = "DC=kb,DC=test") -> AsyncIterator[AdRig]:
    """A rig of a made-up domain, whose server is `rig.server`."""
    certificates = made(folder)
    bridge = "bridge@kb.test"
    accounts = {"admin@kb.test": ("made-up-admin", None), bridge: ("made-up-bridge", f"OU=Kenjo,{base}")}
    async with ad_server(AdServer(Domain(base), accounts, certificates.server())) as server:
        place = Place(
            server.secure_port,
            base,
            certificates.authority,
            ("admin@kb.test", "made-up-admin"),
            (bridge, "made-up-bridge"),
        )
        rig = AdRig(place, certificates)
        rig.server = server
        await rig.prepare()
        try:
            yield rig
        finally:
            await rig.end()
