"""The contract, and what is special about OpenLDAP, at a real slapd."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bridge.model import Kind
from tests.workers.targets import slapd as server
from tests.workers.targets.contract import TargetContract
from tests.workers.targets.ldap_line import line_to
from tests.workers.targets.rig import Allowed, Line, Rig, connected
from tests.workers.targets.slapd import GROUPS, PEOPLE, SUFFIX, Slapd, slapd
from tests.workers.targets.team_contract import TeamContract
from workers.targets.ldap import ADAPTER

pytestmark = pytest.mark.skipif(bool(server.MISSING), reason=server.MISSING)


class SlapdRig(Rig):
    """Looks at a slapd as its administrator."""

    has_teams = True
    clearable = "title"
    changes: Mapping[str, Any] = {"cn": "Ana Neu", "mail": "ana.neu@example.org", "title": "Boss"}

    def __init__(self, slapd: Slapd) -> None:
        self.slapd = slapd
        self.admin = slapd.connection()
        self.adapter = ADAPTER.fitted(ADAPTER.settings.model_validate(self.settings(slapd.port)))

    def settings(self, port: int, **more: Any) -> dict[str, Any]:
        return {
            "kind": "ldap",
            "server_type": "openldap",
            "address": f"ldap://127.0.0.1:{port}",
            "start_tls": False,
            "bind_dn": server.BRIDGE,
            "password": server.BRIDGE_PASSWORD,
            "base": PEOPLE,
            "people": PEOPLE,
            "groups_base": GROUPS,
            "members_per_request": 100,
            **more,
        }

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[tuple[Allowed, Line]]:
        async with (
            line_to(self.slapd.port) as line,
            connected(self.adapter, self.settings(line.own_port)) as target,
        ):
            yield target, line

    def person(self, number: int) -> dict[str, Any]:
        return {
            "externalId": f"kenjo-p{number}",
            "uid": f"ana{number}",
            "cn": f"Ana {number}",
            "sn": "Müller",
            "mail": f"ana{number}@example.org",
            "title": "Buyer",
            "active": True,
        }

    def team(self, number: int) -> dict[str, Any]:
        return {"externalId": f"kenjo-t{number}", "cn": f"Team {number}"}

    async def many(self, count: int) -> list[str]:
        for number in range(count):
            self.admin.add(f"uid=m{number},{PEOPLE}", ["inetOrgPerson"], {"cn": "M", "sn": "M"})
        return [one["entryUUID"] for one in self.entries(PEOPLE, "(uid=m*)")]

    def entries(self, base: str, where: str = "(objectClass=*)") -> list[dict[str, Any]]:
        """Entries by attribute: one value, or a list."""
        self.admin.search(base, where, attributes=["*", "+"])
        return [
            {"dn": one["dn"]}
            | {
                name: [v.decode() for v in values] if len(values) > 1 else values[0].decode()
                for name, values in one["raw_attributes"].items()
                if values
            }
            for one in self.admin.response
        ]

    def entry(self, remote_id: str) -> dict[str, Any] | None:
        return next(iter(self.entries(SUFFIX, f"(entryUUID={remote_id})")), None)

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        entry = self.entry(remote_id)
        if entry is None:
            return None
        entry["externalId"] = str(entry.get("description", "")).removeprefix("kenjo:")
        if kind is Kind.PERSON:
            return {**entry, "active": "pwdAccountLockedTime" not in entry}
        members = entry["member"] if isinstance(entry["member"], list) else [entry["member"]]
        ids = {one["dn"]: one["entryUUID"] for one in self.entries(PEOPLE)}
        return {**entry, "members": {ids[one] for one in members if one != server.NOBODY}}

    async def count(self, kind: Kind) -> int:
        where = {Kind.PERSON: "(objectClass=inetOrgPerson)", Kind.TEAM: "(objectClass=groupOfNames)"}[kind]
        return len(self.entries(SUFFIX, where))

    async def is_active(self, remote_id: str) -> bool:
        entry = self.entry(remote_id)
        assert entry
        self.admin.modify(entry["dn"], {"userPassword": [("MODIFY_REPLACE", ["made-up"])]})
        if locked := entry.get("pwdAccountLockedTime"):  # a new password has unlocked it
            self.admin.modify(entry["dn"], {"pwdAccountLockedTime": [("MODIFY_REPLACE", [locked])]})
        return self.slapd.may_sign_in(entry["dn"], "made-up")

    async def add_foreign(self, remote_id: str) -> None:
        entry = self.entry(remote_id)
        assert entry
        self.admin.modify(entry["dn"], {"roomNumber": [("MODIFY_ADD", ["7"])]})

    async def has_foreign(self, remote_id: str) -> bool:
        entry = self.entry(remote_id)
        return entry is not None and entry.get("roomNumber") == "7"

    async def add_member(self, remote_id: str, member: str) -> None:
        group, person = self.entry(remote_id), self.entry(member)
        assert group
        assert person
        self.admin.modify(group["dn"], {"member": [("MODIFY_ADD", [person["dn"]])]})


@pytest.fixture
def rig() -> Iterator[SlapdRig]:
    with slapd() as running:
        rig = SlapdRig(running)
        yield rig
        rig.admin.unbind()


class TestSlapd(TargetContract, TeamContract):
    pass
