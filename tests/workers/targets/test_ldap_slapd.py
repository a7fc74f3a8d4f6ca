"""The contract, and what is special about OpenLDAP, at a real slapd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bridge.errors import Conflict, RecordRejected, TargetHalted
from bridge.model import Kind, Outcome
from tests.workers.targets import slapd as server
from tests.workers.targets.ldap_line import line_to
from tests.workers.targets.slapd import GROUPS, PEOPLE, SUFFIX, Slapd, slapd
from workers.targets.ldap import ADAPTER
from workers.testing.contract import TargetContract
from workers.testing.permits import Always
from workers.testing.rig import Allowed, Line, Rig, connected, person, team
from workers.testing.team_contract import TeamContract

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

    async def can_be_members(self, count: int) -> list[str]:
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


async def closed_by(slapd: Slapd, rig: SlapdRig, target: Allowed) -> tuple[str, dict[str, Any]]:
    """Somebody with a password of their own, after they have left: the id, and the entry."""
    remote_id = (await target.upsert(person(rig, 1), None)).remote_id
    entry = rig.entry(remote_id)
    assert entry
    rig.admin.modify(entry["dn"], {"userPassword": [("MODIFY_REPLACE", ["made-up"])]})
    assert slapd.may_sign_in(entry["dn"], "made-up")
    await target.remove(person(rig, 1).key, remote_id)
    return remote_id, entry


async def test_a_lock_that_locks_nobody(rig: SlapdRig) -> None:
    """Without pwdLockout TRUE == a leaver can still sign in, and check says so and what to set."""
    with slapd(lockout=False) as loose:
        other = SlapdRig(loose)
        async with connected(other.adapter, other.settings(loose.port)) as target:
            _, entry = await closed_by(loose, other, target)
            assert loose.may_sign_in(entry["dn"], "made-up")
            (problem,) = (await target.check()).problems
            assert "set pwdLockout to TRUE in the password policy cn=policy,dc=example,dc=org" in problem
        other.admin.unbind()
    async with connected(rig.adapter, rig.settings(rig.slapd.port)) as target:
        _, entry = await closed_by(rig.slapd, rig, target)
        assert not rig.slapd.may_sign_in(entry["dn"], "made-up")
        assert (await target.check()).problems == ()


async def test_a_newcomer_has_no_password(rig: SlapdRig) -> None:
    """OpenLDAP == the bridge gives no password; who is to have no access yet is locked from the start."""
    async with connected(rig.adapter, rig.settings(rig.slapd.port)) as target:
        created = await target.upsert(person(rig, 1, active=False), None)
    entry = rig.entry(created.remote_id)
    assert entry
    assert "userPassword" not in entry
    assert entry["pwdAccountLockedTime"] == "000001010000Z"
    assert created.open is False


async def test_a_passing_lock_is_not_ours(rig: SlapdRig) -> None:
    """Locked by too many wrong passwords == still an open account, and left to the server."""
    async with connected(rig.adapter, rig.settings(rig.slapd.port)) as target:
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        entry = rig.entry(remote_id)
        assert entry
        rig.admin.modify(entry["dn"], {"pwdAccountLockedTime": [("MODIFY_REPLACE", ["20261130120000Z"])]})
        assert (await target.upsert(person(rig, 1), remote_id)).outcome is Outcome.UNCHANGED


async def test_the_last_member_leaves(rig: SlapdRig) -> None:
    """A group of nobody == the placeholder stands in it, who is nobody; it counts as no member."""
    async with connected(rig.adapter, rig.settings(rig.slapd.port)) as target:
        ana = (await target.upsert(person(rig, 1), None)).remote_id
        empty = (await target.upsert(team(rig, 1, []), None)).remote_id
        assert await rig.stored(Kind.TEAM, empty)
        assert (await target.upsert(team(rig, 1, [ana]), empty)).outcome is Outcome.UPDATED
        full = (await target.upsert(team(rig, 2, [ana]), None)).remote_id
        for remote_id, number in ((empty, 1), (full, 2)):
            await target.upsert(team(rig, number, [], frozenset({ana})), remote_id)
            entry = rig.entry(remote_id)
            assert entry
            assert entry["member"] == server.NOBODY
            again = team(rig, number, [], frozenset({ana}))
            assert (await target.upsert(again, remote_id)).outcome is Outcome.UNCHANGED


async def test_renamed_and_out_at_once(rig: SlapdRig) -> None:
    """Groups show a former name for a moment == whoever was just renamed still leaves a group, or stays."""
    async with connected(rig.adapter, rig.settings(rig.slapd.port)) as target:
        ana, ben = [(await target.upsert(person(rig, number), None)).remote_id for number in (1, 2)]
        both = [(await target.upsert(team(rig, number, [ana, ben]), None)).remote_id for number in (1, 2)]
        await target.upsert(person(rig, 1, uid="ana.neu"), ana)
        await target.upsert(team(rig, 1, [ben], frozenset({ana})), both[0])
        await target.upsert(team(rig, 2, [ana, ben]), both[1])
        await asyncio.sleep(1)  # refint has done its work
        left, stayed = [await rig.stored(Kind.TEAM, one) for one in both]
        assert left
        assert stayed
        assert left["members"] == {ben}
        assert stayed["members"] == {ana, ben}


@pytest.mark.parametrize(
    "odd",
    ["Jürgen Groß", 'A "B" C', "Neu, Ana + Ben", "#1", " ana ", "a\\2c\\", "*)(uid=*", "日本 🦊", "=;<>"],
)
async def test_odd_names(rig: SlapdRig, odd: str) -> None:
    """Any text as a name == stored as it is, found by it, a member of a group, and unchanged afterwards."""
    async with connected(rig.adapter, rig.settings(rig.slapd.port, match=["uid"])) as target:
        wanted = person(rig, 1, uid=odd, cn=odd)
        remote_id = (await target.upsert(wanted, None)).remote_id
        assert [one.id for one in await target.find(wanted)] == [remote_id]
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED
        group = (await target.upsert(team(rig, 1, [remote_id], cn=odd), None)).remote_id
        assert (await target.upsert(team(rig, 1, [remote_id], cn=odd), group)).outcome is Outcome.UNCHANGED
        await target.upsert(person(rig, 1, uid="ana"), remote_id)
        assert (await target.upsert(person(rig, 1, uid=odd), remote_id)).outcome is Outcome.UPDATED


async def test_descriptions_of_others_stay(rig: SlapdRig) -> None:
    """The id stands beside what others wrote == theirs stay, and a person with theirs only is adopted."""
    async with connected(rig.adapter, rig.settings(rig.slapd.port)) as target:
        remote_id = (await target.upsert(person(rig, 1, externalId=None), None)).remote_id
        entry = rig.entry(remote_id)
        assert entry
        rig.admin.modify(entry["dn"], {"description": [("MODIFY_ADD", ["theirs", "too"])]})
        (found,) = await target.find(person(rig, 1))
        assert (found.by, found.ours, found.other_id) == ("mail", False, False)
        there = await target.target.read(person(rig, 1).key, remote_id)
        change = target.target.change(person(rig, 1), there)
        assert change
        rig.admin.modify(entry["dn"], {"description": [("MODIFY_ADD", ["written meanwhile"])]})
        await target.target.send([change], Always())
        await target.upsert(person(rig, 1, externalId="kenjo-p7"), remote_id)
        entry = rig.entry(remote_id)
        assert entry
        assert set(entry["description"]) == {"theirs", "too", "written meanwhile", "kenjo:kenjo-p7"}


async def test_a_name_taken(rig: SlapdRig) -> None:
    """A uid that somebody else has in the container == Conflict, at create and at change."""
    async with connected(rig.adapter, rig.settings(rig.slapd.port)) as target:
        await target.upsert(person(rig, 1), None)
        ben = (await target.upsert(person(rig, 2), None)).remote_id
        with pytest.raises(Conflict):
            await target.upsert(person(rig, 2, uid="ana1"), ben)


async def test_a_list_that_is_cut() -> None:
    """The server shows fewer than there are == the list is not whole, so that nobody counts as absent."""
    with slapd(limits=[f'limits dn.exact="{server.BRIDGE}" size.prtotal=5']) as short:
        other = SlapdRig(short)
        await other.can_be_members(12)
        async with connected(other.adapter, other.settings(short.port, page_size=3)) as target:
            pages = [page async for page in target.target.inventory(Kind.PERSON)]
            assert not pages[-1].whole
        other.admin.unbind()


async def test_no_right_to_write(rig: SlapdRig) -> None:
    """Rights for people only == a group is rejected, naming the right."""
    settings = rig.settings(rig.slapd.port, groups_base=SUFFIX)
    async with connected(rig.adapter, settings) as target:
        with pytest.raises(RecordRejected, match="no right to create entries in this container"):
            await target.upsert(team(rig, 1, []), None)


async def test_a_tree_that_is_not_shown_whole() -> None:
    """The top of the tree is hidden from the bridge == it works below base and groups_base."""
    hidden = f'access to dn.base="{SUFFIX}" by * none'
    with slapd(first=[hidden]) as other_slapd:
        other = SlapdRig(other_slapd)
        async with connected(other.adapter, other.settings(other_slapd.port)) as target:
            ana = (await target.upsert(person(other, 1), None)).remote_id
            group = (await target.upsert(team(other, 1, [ana]), None)).remote_id
            assert (await target.upsert(team(other, 1, [ana]), group)).outcome is Outcome.UNCHANGED
        other.admin.unbind()


async def test_a_wrong_password(rig: SlapdRig) -> None:
    """OpenLDAP gives no reason == halted, with what to check."""
    async with connected(rig.adapter, rig.settings(rig.slapd.port, password="wrong")) as target:
        with pytest.raises(TargetHalted, match="check bind_dn and password"):
            await target.check()


async def test_a_value_that_is_refused(rig: SlapdRig) -> None:
    """A value against its syntax == rejected, naming the attribute."""
    mapped = {"map": {"seeAlso": "person.work.jobTitle"}}
    async with connected(rig.adapter, rig.settings(rig.slapd.port, **mapped)) as target:
        with pytest.raises(RecordRejected, match="attribute seeAlso"):
            await target.upsert(person(rig, 1, seeAlso="no name"), None)
