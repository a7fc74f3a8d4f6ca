"""`kenjo-bridge sync` to a made-up Active Directory: a process of its own, real Redis, real LDAP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge.model import Kind
from tests.workers.targets import slapd
from tests.workers.targets.ldap_ad_rig import AdRig, made_up
from tests.workers.targets.ldap_line import LdapLine, line_to
from tests.workers.targets.test_ldap_slapd import SlapdRig
from tests.world import World, expected

DISABLED = 2


@dataclass
class Company:
    """A Kenjo and its directory."""

    here: World
    rig: AdRig
    line: LdapLine

    async def sync(self) -> dict[str, Any]:
        """Run it; the row of the directory."""
        done = await self.here.run("sync", "--json")
        assert done.code == 0, done.out + done.err
        row: dict[str, Any] = done.json["targets"]["directory"]
        return row

    async def people(self) -> dict[str, dict[str, Any]]:
        """Accounts by Kenjo's id."""
        return {kenjo_id(one): one for one in await self.rig.entries("(objectClass=user)")}

    async def memberships(self) -> dict[str, set[str]]:
        """The Kenjo ids of the members, by that of the group."""
        names = {one["dn"]: kenjo_id(one) for one in await self.rig.entries("(objectClass=user)")}
        return {
            kenjo_id(one): {names[member] for member in one["members"]}
            for one in await self.rig.entries("(objectClass=group)")
        }

    def teams(self) -> dict[str, set[str]]:
        """The same as Kenjo has it."""
        return {
            id_: {
                person
                for person, sections in expected(self.here.sandbox).items()
                if id_ in (sections["work"].get("teamIds") or [])
            }
            for id_ in self.here.sandbox.account.tables["teams"]
        }


def kenjo_id(entry: dict[str, Any]) -> str:
    return str(entry["adminDescription"]).removeprefix("kenjo:")


def is_open(entry: dict[str, Any]) -> bool:
    return not int(entry["userAccountControl"]) & DISABLED


@pytest.fixture
async def company(here: World, tmp_path: Path) -> AsyncIterator[Company]:
    (tmp_path / "ad").mkdir()
    async with (
        made_up(tmp_path / "ad") as rig,
        line_to(rig.place.port, rig.certificates.client(), rig.certificates.server()) as line,
    ):
        here.config["targets"] = {"directory": rig.settings(line.own_port, rate=1000)}
        yield Company(here, rig, line)


async def test_everybody_arrives(company: Company) -> None:
    """A first sync == an open account for each active person, manager and teams; a second writes nothing."""
    await company.sync()
    there, wanted = await company.people(), expected(company.here.sandbox)
    assert there.keys() == wanted.keys()
    names = {one["dn"]: id_ for id_, one in there.items()}
    for id_, sections in wanted.items():
        entry = there[id_]
        assert is_open(entry)
        assert entry["userPrincipalName"] == sections["account"]["email"]
        assert entry["sn"] == sections["personal"]["lastName"]
        boss = sections["work"].get("reportsToId")
        assert names.get(entry.get("manager", "")) == (boss if boss in wanted else None)
    assert await company.memberships() == company.teams()
    company.line.writes.clear()
    await company.sync()
    assert company.line.writes == []


@pytest.mark.skipif(bool(slapd.MISSING), reason=slapd.MISSING)
async def test_everybody_arrives_at_openldap(here: World) -> None:
    """A real slapd == the same people and teams; a second sync writes nothing."""
    with slapd.slapd() as running:
        rig = SlapdRig(running)
        async with line_to(running.port) as line:
            here.config["targets"] = {"directory": rig.settings(line.own_port, rate=1000)}
            assert (await here.run("sync")).code == 0
            ids = {one["description"] for one in rig.entries(slapd.PEOPLE, "(objectClass=inetOrgPerson)")}
            assert ids == {f"kenjo:{id_}" for id_ in expected(here.sandbox)}
            teams = here.sandbox.account.tables["teams"]
            assert await rig.count(Kind.TEAM) == len(teams)
            line.writes.clear()
            assert (await here.run("sync")).code == 0
            assert line.writes == []
        rig.admin.unbind()


async def test_from_joiner_to_re_hire(company: Company) -> None:
    """A mover is renamed, a leaver closed and out of the teams, who comes back opened: one account."""
    await company.sync()
    sandbox = company.here.sandbox
    ana = next(id_ for id_, one in expected(sandbox).items() if one["work"].get("teamIds"))
    before = (await company.people())[ana]
    sandbox.actions.rename(employee=ana, last_name="Ñandú")
    await company.sync()
    moved = (await company.people())[ana]
    assert (moved["id"], moved["sn"]) == (before["id"], "Ñandú")
    assert await company.memberships() == company.teams()
    sandbox.actions.leave(employee=ana)
    row = await company.sync()
    assert row["deactivated"] == 1
    assert not is_open((await company.people())[ana])
    assert ana not in set().union(*(await company.memberships()).values())
    sandbox.actions.activate(employee=ana)
    await company.sync()
    back = (await company.people())[ana]
    assert (back["id"], is_open(back)) == (before["id"], True)
    assert len(await company.people()) == await company.rig.count(Kind.PERSON)


async def test_lost_answers_make_nobody_twice(company: Company) -> None:
    """Answers to creates are lost == the next sync finds whom it made, and everybody is there once."""
    for _ in range(4):
        company.line.lose()
    await company.here.run("sync", "--patience", "3")
    await company.sync()
    assert (await company.people()).keys() == expected(company.here.sandbox).keys()
    assert await company.rig.count(Kind.PERSON) == len(expected(company.here.sandbox))
    assert all(is_open(one) for one in (await company.people()).values())
    assert await company.memberships() == company.teams()
