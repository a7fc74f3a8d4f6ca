"""Groups at Google Workspace: their addresses, who is let go, and who was put in by others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bridge.errors import Conflict, RecordRejected, TryLater
from bridge.exchange import Applied
from bridge.model import Key, Kind, Outcome
from tests.workers.targets.google_rig import google_target, sales
from tests.workers.targets.google_server import Workspace, google_server
from workers.testing.rig import Allowed

SALES = Key(Kind.TEAM, "kenjo-sales")


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with google_server() as workspace:
        yield workspace


@pytest.fixture
async def target(workspace: Workspace) -> AsyncIterator[Allowed]:
    async with google_target(workspace) as target:
        yield target


@pytest.fixture
def people(workspace: Workspace) -> list[str]:
    return [workspace.add_user(f"p{number}@example.com")["id"] for number in range(4)]


def writes(workspace: Workspace) -> list[str]:
    return [method for method, _, _ in workspace.bodies if method != "GET"]


@pytest.mark.parametrize("role", ["OWNER", "MANAGER"])
async def test_owners_and_managers_stay(
    workspace: Workspace, target: Allowed, people: list[str], role: str
) -> None:
    """Who has been made owner or manager is never let go, and that is said; the others are let go."""
    ana, ben, cem, _ = people
    remote_id = (await target.upsert(sales([ana, ben]), None)).remote_id
    workspace.put_in(remote_id, ana, role)
    with pytest.raises(RecordRejected, match="1 who are to leave the group are its owners or managers"):
        await target.upsert(sales([cem], frozenset({ana, ben})), remote_id)
    assert workspace.members[remote_id].keys() == {ana, cem}
    workspace.put_in(remote_id, ana, "MEMBER")
    assert (await target.upsert(sales([cem], frozenset({ana})), remote_id)).outcome is Outcome.UPDATED
    assert workspace.members[remote_id].keys() == {cem}


async def test_an_owner_who_is_wanted_stays_an_owner(
    workspace: Workspace, target: Allowed, people: list[str]
) -> None:
    """Somebody's role is not changed."""
    remote_id = (await target.upsert(sales([]), None)).remote_id
    workspace.put_in(remote_id, people[0], "OWNER")
    assert (await target.upsert(sales([people[0]]), remote_id)).outcome is Outcome.UNCHANGED
    assert workspace.members[remote_id][people[0]]["role"] == "OWNER"


async def test_groups_and_outsiders_in_it_stay(
    workspace: Workspace, target: Allowed, people: list[str]
) -> None:
    """Members that are groups, or addresses outside, are left alone."""
    remote_id = (await target.upsert(sales(people[:2]), None)).remote_id
    workspace.put_in(remote_id, workspace.add_group("all@example.com")["id"])
    workspace.put_in(remote_id, "partner@example.net")
    await target.upsert(sales([people[2]], frozenset(people[:2])), remote_id)
    kinds = {one["type"] for one in workspace.members[remote_id].values()}
    assert kinds == {"USER", "GROUP", "EXTERNAL"}
    assert await target.remove(SALES, remote_id, released=frozenset(people)) is Outcome.DEACTIVATED
    assert {one["type"] for one in workspace.members[remote_id].values()} == {"GROUP", "EXTERNAL"}


async def test_who_is_a_member_already(workspace: Workspace, target: Allowed, people: list[str]) -> None:
    """Somebody else puts a member in meanwhile == no error, and nobody is put in twice."""
    remote_id = (await target.upsert(sales([]), None)).remote_id
    there = await target.target.read(SALES, remote_id)
    change = target.target.change(sales(people[:2]), there)
    assert change
    workspace.put_in(remote_id, people[0])
    (receipt,) = await target.target.send([change], target.permit)
    assert isinstance(receipt, Applied)
    assert not receipt.lacking
    assert workspace.members[remote_id].keys() == set(people[:2])


async def test_whom_google_does_not_know(workspace: Workspace, target: Allowed, people: list[str]) -> None:
    """A member who is not there, or not yet == told as lacking; the others come in."""
    applied = await target.upsert(sales([people[0], "999", people[1]]), None)
    assert applied.outcome is Outcome.CREATED
    assert applied.lacking == {"999"}
    assert workspace.members[applied.remote_id].keys() == set(people[:2])
    applied = await target.upsert(sales([people[0], "999", people[2]]), applied.remote_id)
    assert applied.lacking == {"999"}


async def test_a_group_that_was_made_a_moment_ago(workspace: Workspace, people: list[str]) -> None:
    """Google does not show it yet == its members are lacking, then TryLater; one group, and all come in."""
    workspace.lateness = 3
    async with google_target(workspace) as target:
        applied = await target.upsert(sales(people[:2]), None)
        assert applied.lacking == set(people[:2])
        with pytest.raises(TryLater, match="created a moment ago"):
            await target.upsert(sales(people[:2]), applied.remote_id)
        assert not (await target.upsert(sales(people[:2]), applied.remote_id)).lacking
    assert len(workspace.groups) == 1
    assert workspace.members[applied.remote_id].keys() == set(people[:2])


async def test_a_member_who_cannot_be_put_in_now(
    workspace: Workspace, target: Allowed, people: list[str]
) -> None:
    """The group is made, and its first member is answered with 500 == its id is told, and who is lacking."""
    workspace.faults.append(
        lambda request: web.Response(status=500) if request.path.endswith("/members") else None
    )
    applied = await target.upsert(sales(people[:2]), None)
    assert applied.remote_id in workspace.groups
    assert set(applied.lacking) == set(people[:2])


async def test_who_is_shown_still(workspace: Workspace, target: Allowed, people: list[str]) -> None:
    """Letting go is answered with success, and not done == looked at again later, and never called done."""
    remote_id = (await target.upsert(sales(people[:2]), None)).remote_id
    members = dict(workspace.members[remote_id])
    workspace.faults.append(lambda _: workspace.members[remote_id].update(members))
    with pytest.raises(TryLater, match="is shown in it still"):
        await target.upsert(sales([people[1]], frozenset({people[0]})), remote_id)


async def test_a_renamed_team_keeps_its_group(workspace: Workspace, target: Allowed) -> None:
    """Found by Kenjo's id under another address; given the new one, and the former one back."""
    workspace.add_group("other@example.com", externalIds=[{"namespace": "okta", "id": "kenjo-sales"}])
    remote_id = (await target.upsert(sales([]), None)).remote_id
    wanted = sales([], email="vertrieb@example.com", name="Vertrieb")
    (found,) = await target.find(wanted)
    assert (found.id, found.ours, found.by) == (remote_id, True, "externalId")
    await target.upsert(wanted, remote_id)
    assert workspace.groups[remote_id]["aliases"] == ["sales@example.com"]
    await target.upsert(sales([]), remote_id)
    assert workspace.groups[remote_id]["aliases"] == ["vertrieb@example.com"]


async def test_ids_of_others_at_a_group_stay(workspace: Workspace, target: Allowed) -> None:
    """Kenjo's id comes beside those of others; a group's description is nobody's but its people's."""
    others = [{"namespace": "okta", "id": "00g1"}]
    group = workspace.add_group("sales@example.com", externalIds=list(others), description="Ours")
    (found,) = await target.find(sales([]))
    assert (found.id, found.other_id) == (group["id"], False)
    await target.upsert(sales([]), group["id"])
    assert group["externalIds"] == [*others, {"namespace": "kenjo", "id": "kenjo-sales"}]
    assert group["description"] == "Ours"


async def test_an_address_that_is_taken(workspace: Workspace, target: Allowed) -> None:
    """A user, or a group's alias, has it == a sentence says who."""
    user = workspace.add_user("sales@example.com")
    with pytest.raises(Conflict):
        await target.upsert(sales([]), None)
    with pytest.raises(RecordRejected, match=f"that of the user {user['id']}"):
        await target.find(sales([]), thorough=True)
    other = workspace.add_group("buying@example.com", aliases=["einkauf@example.com"])
    with pytest.raises(RecordRejected, match=f"an alias of the group {other['id']}"):
        await target.find(sales([], email="einkauf@example.com"), thorough=True)


async def test_a_team_without_letters(target: Allowed) -> None:
    """A name that leaves nothing for an address == rejected, as Google has no address for it."""
    with pytest.raises(RecordRejected, match="email is no address that Google takes"):
        await target.upsert(sales([], email="@example.com"), None)


async def test_more_members_than_a_page(workspace: Workspace, target: Allowed) -> None:
    """450 members, shown 200 at a time == all are known, and only those who are new are put in."""
    people = [workspace.add_user(f"m{number}@example.com")["id"] for number in range(451)]
    remote_id = (await target.upsert(sales([]), None)).remote_id
    for one in people[:450]:
        workspace.put_in(remote_id, one)
    workspace.bodies.clear()
    await target.upsert(sales(people), remote_id)
    assert writes(workspace) == ["POST"]
    assert len(workspace.members[remote_id]) == 451
