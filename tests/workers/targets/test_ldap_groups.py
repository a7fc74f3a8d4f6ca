"""What is special about groups in Active Directory: long lists, members who come and go meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.errors import RecordRejected
from bridge.exchange import Applied
from bridge.model import Kind, Outcome
from tests.workers.targets.ldap_ad_rig import AdRig, made_up
from tests.workers.targets.ldap_line import LdapLine
from workers.testing.permits import Always
from workers.testing.rig import Allowed, connected, person, team


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[AdRig]:
    async with made_up(tmp_path) as rig:
        yield rig


@pytest.fixture
async def reached(rig: AdRig) -> AsyncIterator[tuple[Allowed, LdapLine]]:
    async with rig.reached() as (target, line):
        assert isinstance(line, LdapLine)
        yield target, line


@pytest.fixture
def target(reached: tuple[Allowed, LdapLine]) -> Allowed:
    return reached[0]


async def group_of(rig: AdRig, target: Allowed, *members: str) -> str:
    return (await target.upsert(team(rig, 1, list(members)), None)).remote_id


async def people(rig: AdRig, target: Allowed, count: int) -> list[str]:
    return [(await target.upsert(person(rig, number), None)).remote_id for number in range(count)]


@pytest.mark.parametrize("part", [1, 7, 30, 29, 31])
async def test_a_list_that_comes_in_parts(rig: AdRig, target: Allowed, part: int) -> None:
    """More members than are shown at once == all are seen: nobody is added again, the last one can leave."""
    members = await rig.can_be_members(30)
    remote_id = await group_of(rig, target, *members)
    assert rig.server
    rig.server.part = part
    assert (await target.upsert(team(rig, 1, members), remote_id)).outcome is Outcome.UNCHANGED
    leaving = frozenset(members[-2:])
    assert (await target.upsert(team(rig, 1, members[:-2], leaving), remote_id)).outcome is Outcome.UPDATED
    rig.server.part = 1500
    stored = await rig.stored(Kind.TEAM, remote_id)
    assert stored
    assert stored["members"] == set(members[:-2])


@pytest.mark.parametrize("who", ["already in", "already out"])
async def test_somebody_was_quicker(rig: AdRig, target: Allowed, who: str) -> None:
    """A member is in, or out, before our request comes == the others are done, and nothing failed."""
    ana, ben, cem = await people(rig, target, 3)
    remote_id = await group_of(rig, target, *([] if who == "already in" else [ana, ben, cem]))
    released = frozenset() if who == "already in" else frozenset({ana, ben})
    wanted = team(rig, 1, [ana, ben, cem] if who == "already in" else [cem], released)
    change = target.target.change(wanted, await target.target.read(wanted.key, remote_id))
    assert change
    links = rig.made(remote_id).links.setdefault("member", [])
    links.append(rig.made(ben).guid) if who == "already in" else links.remove(rig.made(ben).guid)
    (receipt,) = await target.target.send([change], Always())
    assert isinstance(receipt, Applied)
    assert (receipt.staying, receipt.lacking) == (frozenset(), frozenset())
    stored = await rig.stored(Kind.TEAM, remote_id)
    assert stored
    assert stored["members"] == ({ana, ben, cem} if who == "already in" else {cem})


async def test_a_member_who_is_not_there(rig: AdRig, target: Allowed) -> None:
    """A member whose entry is deleted meanwhile == the others are in, and the receipt says who lacks."""
    ana, ben = await people(rig, target, 2)
    await target.remove(person(rig, 1).key, ben, "delete")
    created = await target.upsert(team(rig, 1, [ana, ben]), None)
    assert created.lacking == {ben}
    cem = (await target.upsert(person(rig, 3), None)).remote_id
    again = await target.upsert(team(rig, 1, [ana, ben, cem]), created.remote_id)
    assert again.lacking == {ben}
    stored = await rig.stored(Kind.TEAM, created.remote_id)
    assert stored
    assert stored["members"] == {ana, cem}


async def test_a_group_of_the_system(rig: AdRig, target: Allowed) -> None:
    """A team with the name of a protected group == found and left alone, nobody becomes an administrator."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    admins = f"CN=Team 1,{rig.place.groups}"
    await rig.ask("add", admins, "group", {"adminCount": "1"})
    (found,) = await target.find(team(rig, 1, [ana]))
    with pytest.raises(RecordRejected, match="administrators are left alone"):
        await target.upsert(team(rig, 1, [ana]), found.id)


async def test_groups_elsewhere_are_not_found(rig: AdRig, target: Allowed) -> None:
    """A group of the same name outside groups_base == not found, so that nothing of it is changed."""
    await rig.ask("add", f"CN=Team 1,{rig.place.people}", "group", {"sAMAccountName": "other"})
    assert await target.find(team(rig, 1, [])) == []


async def test_the_type_of_a_group(rig: AdRig) -> None:
    """group_type 2 == a new group is a list for mail."""
    async with connected(rig.adapter, rig.direct(group_type=2)) as target:
        entry = await rig.entry(await group_of(rig, target))
    assert entry
    assert entry["groupType"] == "2"


async def test_a_long_list_on_pages(rig: AdRig) -> None:
    """More people than a page has == the list has everybody once, and ends whole; the size counts all."""
    members = await rig.can_be_members(25)
    async with connected(rig.adapter, rig.direct(page_size=10)) as target:
        pages = [page async for page in target.target.inventory(Kind.PERSON)]
        assert [len(page.remotes) for page in pages] == [10, 10, 5]
        assert [page.whole for page in pages] == [False, False, True]
        assert {remote.id for page in pages for remote in page.remotes} == set(members)
        assert await target.target.size() == 25
