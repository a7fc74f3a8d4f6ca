"""Taking members out of groups where servers differ, and seeing that they are out."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import RecordRejected
from bridge.model import Kind
from tests.workers.targets.odd_scim import Odd
from tests.workers.targets.odd_world import World, world
from tests.workers.targets.quiet_scim import Quiet, QuietScim
from workers.testing import proxy as faults
from workers.testing.proxy import Proxy
from workers.testing.rig import person, team

WAYS = ("path", "value", "pathless", "put")


def members(w: World, remote_id: str) -> set[str]:
    return {one["value"] for one in w.server.objects["Groups"][remote_id].get("members", [])}


def removals(w: World) -> list[dict[str, Any]]:
    return [one for one in w.operations() if one["op"] == "remove"]


@pytest.mark.parametrize("refusal", [400, 403, 405, 500, 501])
@pytest.mark.parametrize("way", WAYS)
async def test_each_way_is_found(way: str, refusal: int) -> None:
    """A server knows one way == it is found, nobody else leaves, and it is the first one from then on."""
    async with world(Quiet(takes_out=(way,), refusal=refusal)) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("abcd")), None)).remote_id
        applied = await w.target.upsert(team(w.rig, 1, list("bcd"), released=frozenset("a")), remote_id)
        assert (applied.staying, members(w, remote_id)) == (frozenset(), set("bcd"))
        before = len(w.proxy.writes)
        await w.target.upsert(team(w.rig, 1, list("cd"), released=frozenset("b")), remote_id)
        assert (len(w.proxy.writes) - before, members(w, remote_id)) == (1, set("cd"))


@pytest.mark.parametrize("refusal", [400, 501])
async def test_a_refused_removal_says_nothing_of_the_rest(refusal: int) -> None:
    """`members[value eq ..]` is refused == people and new members are sent by PATCH as before."""
    async with world(Quiet(takes_out=("put",), refusal=refusal)) as w:
        ana = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        group = (await w.target.upsert(team(w.rig, 1, ["a", "b"]), None)).remote_id
        await w.target.upsert(team(w.rig, 1, ["a"], released=frozenset("b")), group)
        before = len(w.proxy.writes)
        await w.target.upsert(person(w.rig, 1, title="Boss"), ana)
        await w.target.upsert(team(w.rig, 1, ["a", "c"], displayName="New"), group)
        assert {seen.method for seen in w.proxy.writes[before:]} == {"PATCH"}
        assert members(w, group) == {"a", "c"}


async def test_nobody_is_taken_out_with_others() -> None:
    """A bare `remove` of members would take out all == whatever is tried, who is to stay is in the group."""
    quiet = Quiet(takes_out=("put",), bare_removes_all=True)
    async with world(quiet) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("abc")), None)).remote_id
        await w.target.upsert(team(w.rig, 1, list("bc"), released=frozenset("a")), remote_id)
        assert members(w, remote_id) == set("bc")
        for body in [seen.json() for seen in w.proxy.writes if seen.method == "PATCH"]:
            bare = [
                one for one in body["Operations"] if one["op"] == "remove" and "[" not in one.get("path", "")
            ]
            again = [one["value"] for one in body["Operations"] if one["op"] == "add"]
            assert not bare or again == [[{"value": "b"}, {"value": "c"}]]


async def test_accepted_and_not_done() -> None:
    """The first way is answered with success and does nothing == the next one is tried."""
    async with world(Quiet(does_not_take_out=("path", "value", "pathless"), takes_out=("put",))) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("abc")), None)).remote_id
        applied = await w.target.upsert(team(w.rig, 1, list("bc"), released=frozenset("a")), remote_id)
        assert (applied.staying, members(w, remote_id)) == (frozenset(), set("bc"))


async def test_no_way_works() -> None:
    """Every way is refused == the record is rejected with what the server said; deactivating likewise."""
    async with world(Quiet(takes_out=(), refusal=501), patch_groups="always") as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("ab")), None)).remote_id
        with pytest.raises(RecordRejected, match=r"path: answered 501"):
            await w.target.upsert(team(w.rig, 1, ["b"], released=frozenset("a")), remote_id)
        with pytest.raises(RecordRejected, match="no way"):
            await w.target.remove(team(w.rig, 1, []).key, remote_id, released=frozenset("ab"))


async def test_put_that_ignores_members() -> None:
    """PUT keeps the members and all else is refused == they are said to stay."""
    async with world(Quiet(takes_out=()), patch_groups="never") as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("ab")), None)).remote_id
        applied = await w.target.upsert(team(w.rig, 1, ["b"], released=frozenset("a")), remote_id)
        assert applied.staying == {"a"}


@pytest.mark.parametrize("shows_groups", [True, False])
async def test_members_beyond_those_shown(shows_groups: bool) -> None:
    """Only the first three are shown == whoever leaves from beyond is taken out, and again without harm."""
    async with world(Quiet(shows_first=3, shows_groups=shows_groups)) as w:
        people = [(await w.target.upsert(person(w.rig, number), None)).remote_id for number in range(6)]
        remote_id = (await w.target.upsert(team(w.rig, 1, people), None)).remote_id
        gone, rest = people[4:], people[:4]
        applied = await w.target.upsert(team(w.rig, 1, rest, released=frozenset(gone)), remote_id)
        assert (applied.staying, applied.lacking, members(w, remote_id)) == (
            frozenset(),
            frozenset(),
            set(rest),
        )
        applied = await w.target.upsert(team(w.rig, 1, rest, released=frozenset(gone)), remote_id)
        assert (applied.staying, members(w, remote_id)) == (frozenset(), set(rest))
        await w.target.remove(team(w.rig, 1, []).key, remote_id, released=frozenset(people))
        assert members(w, remote_id) == set()


async def test_beyond_those_shown_and_no_way_works() -> None:
    """Who leaves from beyond cannot be taken out == their own groups tell, and nobody else loses anything."""
    async with world(Quiet(shows_first=2, shows_groups=True, takes_out=("value",))) as w:
        people = [(await w.target.upsert(person(w.rig, number), None)).remote_id for number in range(4)]
        remote_id = (await w.target.upsert(team(w.rig, 1, people), None)).remote_id
        applied = await w.target.upsert(team(w.rig, 1, people[:3], released=frozenset(people[3:])), remote_id)
        assert (applied.staying, members(w, remote_id)) == (frozenset(people[3:]), set(people))


async def test_new_members_who_are_not_shown() -> None:
    """New members are accepted and not there == said to be lacking, where people's groups are shown."""
    async with world(Quiet(shows_groups=True)) as w:
        people = [(await w.target.upsert(person(w.rig, number), None)).remote_id for number in range(3)]
        remote_id = (await w.target.upsert(team(w.rig, 1, people[:1]), None)).remote_id
        w.server.odd = Quiet(shows_groups=True, ignores_new_members=True)
        applied = await w.target.upsert(team(w.rig, 1, people[:2]), remote_id)
        assert applied.lacking == {people[1]}


async def test_hidden_members_and_no_filter_in_a_path() -> None:
    """Members are not shown, and the vendor takes them out by value == done as the setting says."""
    odd = Quiet(hides_members=True, takes_out=("value",))
    async with world(odd, members_listed=False, take_out="value") as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("ab")), None)).remote_id
        await w.target.upsert(team(w.rig, 1, ["a"], released=frozenset("b")), remote_id)
        assert members(w, remote_id) == {"a"}
    async with world(odd, members_listed=False) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("ab")), None)).remote_id
        with pytest.raises(RecordRejected):
            await w.target.upsert(team(w.rig, 1, ["a"], released=frozenset("b")), remote_id)
        assert members(w, remote_id) == {"a", "b"}


async def test_put_for_groups_and_patch_for_people() -> None:
    """`patch_groups: never` == groups are sent by PUT, people by PATCH."""
    async with world(Quiet(takes_out=WAYS), patch_groups="never") as w:
        ana = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        group = (await w.target.upsert(team(w.rig, 1, ["a", "b"]), None)).remote_id
        await w.target.upsert(person(w.rig, 1, title="Boss"), ana)
        await w.target.upsert(team(w.rig, 1, ["a", "c"], released=frozenset("b")), group)
        assert {seen.method for seen in w.proxy.writes if "Users" in seen.path} == {"POST", "PATCH"}
        assert {seen.method for seen in w.proxy.writes if "Groups" in seen.path} == {"POST", "PUT"}
        assert members(w, group) == {"a", "c"}
        assert (await w.rig.stored(Kind.TEAM, group)) is not None


class HidesInactive(QuietScim):
    """Shows only those members of a group who are active."""

    def _shown(self, resource: dict[str, Any]) -> dict[str, Any]:
        shown = super()._shown(resource)
        if "members" in shown:
            users = self.objects["Users"]
            shown["members"] = [one for one in shown["members"] if users[one["value"]].get("active")]
        return shown


async def test_inactive_members_are_not_shown() -> None:
    """A leaver is closed first, and the group does not show them any more == taken out all the same."""
    async with world(Quiet(), HidesInactive) as w:
        people = [(await w.target.upsert(person(w.rig, number), None)).remote_id for number in range(4)]
        await w.target.upsert(team(w.rig, 2, people), None)
        remote_id = (await w.target.upsert(team(w.rig, 1, people[:2]), None)).remote_id
        await w.target.remove(person(w.rig, 0).key, people[0])
        await w.target.upsert(team(w.rig, 1, people[1:2], released=frozenset(people[:1])), remote_id)
        assert members(w, remote_id) == {people[1]}


async def test_members_are_not_shown_and_nobody_said_so() -> None:
    """No member is ever shown, `members_listed` is its default == sent all the same; refused == said."""
    async with world(Quiet(hides_members=True)) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("abc")), None)).remote_id
        await w.target.upsert(team(w.rig, 1, list("bc"), released=frozenset("a")), remote_id)
        assert members(w, remote_id) == set("bc")
        w.server.odd = Quiet(hides_members=True, takes_out=("value",))
        with pytest.raises(RecordRejected, match="took nobody out"):
            await w.target.upsert(team(w.rig, 1, ["c"], released=frozenset("b")), remote_id)


async def test_who_is_out_already() -> None:
    """Somebody took a member out by hand == no error, whatever the server answers to that."""
    async with world(Quiet()) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, list("abc")), None)).remote_id
        for answer in (None, 400, 404, 500):
            w.server.objects["Groups"][remote_id]["members"] = [{"value": one} for one in "bc"]
            w.proxy.fail(Proxy.forward, *([faults.answer(answer, "{}")] if answer else []))
            applied = await w.target.upsert(team(w.rig, 1, list("bc"), released=frozenset("a")), remote_id)
            assert (applied.staying, members(w, remote_id)) == (frozenset(), set("bc"))
    async with world(Odd(patch="flat"), patch="flat") as w:
        await w.target.upsert(team(w.rig, 2, list("abc")), None)
        remote_id = (await w.target.upsert(team(w.rig, 1, list("ab")), None)).remote_id
        w.server.objects["Groups"][remote_id]["members"] = [{"value": "b"}]
        before = len(w.proxy.writes)
        await w.target.upsert(team(w.rig, 1, ["b"], released=frozenset("a")), remote_id)
        assert len(w.proxy.writes) == before
