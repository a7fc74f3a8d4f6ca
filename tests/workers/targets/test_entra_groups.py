"""Security groups of Entra ID: who is in them, and whose they are."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bridge.errors import Conflict, RecordRejected, TryLater
from bridge.exchange import Accepted, Wanted
from bridge.model import Kind, Outcome
from tests.workers.targets.entra_rig import world
from workers.testing import proxy as faults
from workers.testing.permits import Always
from workers.testing.proxy import Proxy
from workers.testing.rig import person, team

PEOPLE = [f"m{number:03d}" for number in range(60)]


async def test_a_new_group_is_a_security_group() -> None:
    """It has no mailbox, and Kenjo's id in its nickname and as the name that only one group can have."""
    async with world() as w:
        wanted = team(w.rig, 1, PEOPLE[:3])
        applied = await w.target.upsert(wanted, None)
        group = w.directory.groups[applied.remote_id]
        assert (group["mailEnabled"], group["securityEnabled"]) == (False, True)
        assert group["mailNickname"] == "kenjo-kenjo-t1"
        assert group["uniqueName"] == w.rig.team(1)["kenjoId"]


async def test_an_office_has_a_point_in_its_id() -> None:
    """The id of what is no team is a name in an address, and no nickname has a point in it."""
    async with world() as w:
        wanted = team(w.rig, 1, [], kenjoId="office.5f3a'x")
        wanted = Wanted(wanted.key._replace(id="office.5f3a'x"), wanted.attributes)
        applied = await w.target.upsert(wanted, None)
        assert w.directory.groups[applied.remote_id]["mailNickname"] == "kenjo-office-5f3a-x"
        assert [one.id for one in await w.target.find(wanted)] == [applied.remote_id]


async def test_twenty_members_at_once() -> None:
    """A create and each change adds at most twenty; who leaves is taken out one by one."""
    async with world() as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, PEOPLE[:45]), None)).remote_id
        bound = [len(one.json()["members@odata.bind"]) for one in w.proxy.writes]
        assert bound == [20, 20, 5]
        w.proxy.seen.clear()
        wanted = team(w.rig, 1, PEOPLE[2:47], released=frozenset(PEOPLE[:2]))
        await w.target.upsert(wanted, remote_id)
        path = f"/groups/{remote_id}"
        assert w.writes == [
            f"PATCH {path}",
            f"DELETE {path}/members/m000/$ref",
            f"DELETE {path}/members/m001/$ref",
        ]


async def test_a_person_is_never_deleted_through_a_group() -> None:
    """In a whole life of groups and people, no DELETE below members lacks /$ref, also for odd ids."""
    async with world() as w:
        ids = [(await w.target.upsert(person(w.rig, number), None)).remote_id for number in range(4)]
        odd = "50%2F?#x/$ref"
        w.directory.others.add(odd)
        remote_id = (await w.target.upsert(team(w.rig, 1, ids), None)).remote_id
        w.directory.members[remote_id].append(odd)
        gone = frozenset([*ids[:2], odd])
        await w.target.upsert(team(w.rig, 1, ids[2:], released=gone), remote_id)
        key = team(w.rig, 1, []).key
        await w.target.remove(key, remote_id, released=frozenset(ids))
        await w.target.remove(key, remote_id, "delete")
        deletes = [one for one in w.requests if one.startswith("DELETE") and "/members" in one]
        assert len(deletes) == 5
        assert all(re.fullmatch(r"DELETE /groups/[^/]+/members/[^/]+/\$ref", one) for one in deletes)
        assert await w.rig.count(Kind.PERSON) == 4


async def test_who_is_in_already() -> None:
    """Somebody else added one of the new members in the meantime: the others are added all the same."""
    async with world() as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, PEOPLE[:1]), None)).remote_id
        wanted = team(w.rig, 1, PEOPLE[:4])
        there = await w.target.target.read(wanted.key, remote_id)
        change = w.target.target.change(wanted, there)
        assert change is not None
        w.directory.members[remote_id].append(PEOPLE[2])
        await w.target.target.send([change], Always())
        assert sorted(w.directory.members[remote_id]) == PEOPLE[:4]


async def test_who_left_already() -> None:
    """Somebody else took a member out in the meantime: that is no error."""
    async with world() as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, PEOPLE[:2]), None)).remote_id
        wanted = team(w.rig, 1, PEOPLE[:1], released=frozenset(PEOPLE[1:2]))
        change = w.target.target.change(wanted, await w.target.target.read(wanted.key, remote_id))
        assert change is not None
        w.directory.members[remote_id].remove(PEOPLE[1])
        (receipt,) = await w.target.target.send([change], Always())
        assert not getattr(receipt, "error", None), receipt


async def test_what_is_answered_and_not_done() -> None:
    """A member who is in the group still, or is not in it yet, after an answer of success is told."""
    async with world() as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, PEOPLE[:2]), None)).remote_id

        async def nothing(proxy: Proxy, request: Any) -> Any:
            fault = Proxy.forward if request.method == "GET" else faults.answer(204)
            return await fault(proxy, request)

        w.proxy.fail_always(nothing)
        wanted = team(w.rig, 1, PEOPLE[1:3], released=frozenset(PEOPLE[:1]))
        applied = await w.target.upsert(wanted, remote_id)
        assert [*applied.staying, *applied.lacking] == [PEOPLE[0], PEOPLE[2]]


async def test_members_on_many_pages() -> None:
    """All members are read, however small the pages are: nobody is added twice."""
    async with world() as w:
        w.server.page = 7
        wanted = team(w.rig, 1, PEOPLE)
        remote_id = (await w.target.upsert(wanted, None)).remote_id
        assert (await w.target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED


async def test_a_group_that_is_not_shown_yet() -> None:
    """It is told as accepted, and a second create makes no second one."""
    async with world() as w:
        w.directory.late = True
        change = w.target.target.change(team(w.rig, 1, PEOPLE[:30]), None)
        assert change is not None
        (receipt,) = await w.target.target.send([change], Always())
        assert isinstance(receipt, Accepted)
        for members in ([], PEOPLE[:30]):
            with pytest.raises(Conflict):
                await w.target.upsert(team(w.rig, 1, members), None)
        assert await w.rig.count(Kind.TEAM) == 1
        w.directory.settle()
        (found,) = await w.target.find(team(w.rig, 1, []))
        assert found.ours


async def test_a_member_who_is_not_shown_yet() -> None:
    """Nothing is made while a member is not known everywhere: later."""
    async with world() as w:
        w.directory.hidden.add("m000")
        with pytest.raises(TryLater, match="not shown everywhere"):
            await w.target.upsert(team(w.rig, 1, ["m000"]), None)
        assert await w.rig.count(Kind.TEAM) == 0


async def test_a_lost_answer_makes_no_second_group() -> None:
    """The create is done and its answer lost: the group is found by Kenjo's id."""
    async with world() as w:
        w.proxy.lose()
        with pytest.raises(TryLater):
            await w.target.upsert(team(w.rig, 1, []), None)
        (found,) = await w.target.find(team(w.rig, 1, [], displayName="renamed meanwhile"))
        assert found.ours
        with pytest.raises(Conflict):
            await w.target.upsert(team(w.rig, 1, []), None)
        assert await w.rig.count(Kind.TEAM) == 1


# Groups that were there before


async def test_a_group_is_adopted_by_its_name() -> None:
    """It gets Kenjo's id as its uniqueName, once, and keeps its own members."""
    async with world() as w:
        group = w.put_group("Team '1' \\ Süd", "m009")
        wanted = team(w.rig, 1, PEOPLE[:2])
        (found,) = await w.target.find(wanted)
        assert (found.id, found.ours, found.other_id) == (group["id"], False, False)
        await w.target.upsert(wanted, group["id"])
        assert group["uniqueName"] == w.rig.team(1)["kenjoId"]
        assert set(w.directory.members[group["id"]]) == {"m009", *PEOPLE[:2]}
        assert (await w.target.upsert(wanted, group["id"])).outcome is Outcome.UNCHANGED


async def test_an_adopted_group_may_stay_without_a_unique_name() -> None:
    """`name_adopted_groups: false` == the uniqueName, which nobody could take away again, is not given."""
    async with world(name_adopted_groups=False) as w:
        group = w.put_group("Team '1' \\ Süd")
        assert (await w.target.upsert(team(w.rig, 1, []), group["id"])).outcome is Outcome.UNCHANGED
        assert group["uniqueName"] is None


async def test_a_unique_name_of_others_stays() -> None:
    """A group of other software carries another id; a person's choice does not make it be written over."""
    async with world() as w:
        group = w.put_group("Team '1' \\ Süd", uniqueName="grp-from-bicep")
        (found,) = await w.target.find(team(w.rig, 1, []))
        assert (found.other_id, found.external_id) == (True, "grp-from-bicep")
        await w.target.upsert(team(w.rig, 1, PEOPLE[:1]), group["id"])
        assert group["uniqueName"] == "grp-from-bicep"
        assert w.directory.members[group["id"]] == PEOPLE[:1]


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"groupTypes": ["DynamicMembership"]}, "dynamic group"),
        ({"groupTypes": ["Unified"], "mailEnabled": True}, "mail-enabled"),
        ({"mailEnabled": True}, "mail-enabled"),
        ({"onPremisesSyncEnabled": True}, "kind ldap"),
        ({"isAssignableToRole": True}, "administrator roles"),
    ],
)
async def test_groups_that_are_never_changed(properties: dict[str, Any], says: str) -> None:
    """One sentence each, nothing is sent, and not a member taken out."""
    async with world() as w:
        group = w.put_group("Team '1' \\ Süd", "m001", **properties)
        wanted = team(w.rig, 1, PEOPLE[:1])
        for call in (
            w.target.upsert(wanted, group["id"]),
            w.target.remove(wanted.key, group["id"], released=frozenset({"m001"})),
        ):
            with pytest.raises(RecordRejected, match=says):
                await call
        assert not w.writes


async def test_a_group_without_the_permission() -> None:
    """The sentence names the permission; people go on."""
    async with world() as w:
        w.server.roles.remove("Group.ReadWrite.All")
        for call in (w.target.find(team(w.rig, 1, [])), w.target.upsert(team(w.rig, 1, []), None)):
            with pytest.raises(RecordRejected, match=r"Group\.ReadWrite\.All"):
                await call
        assert (await w.target.upsert(person(w.rig, 1), None)).remote_id
