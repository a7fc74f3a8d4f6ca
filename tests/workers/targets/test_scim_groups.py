"""Changing groups where SCIM servers differ."""

from __future__ import annotations

import pytest

from bridge.errors import RecordRejected
from tests.workers.targets.odd_scim import Odd
from tests.workers.targets.odd_world import world
from workers.testing.rig import team


async def test_members_leave_one_by_one() -> None:
    """Members are added in one operation and removed by a filter each, never by a bare path."""
    async with world(members_per_request=3) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, ["a", "b"]), None)).remote_id
        wanted = team(w.rig, 1, ["c", "d"], released=frozenset({"a", "b"}))
        await w.target.upsert(wanted, remote_id)
        assert w.operations() == [
            {"op": "add", "path": "members", "value": [{"value": "c"}, {"value": "d"}]},
            {"op": "remove", "path": 'members[value eq "a"]'},
            {"op": "remove", "path": 'members[value eq "b"]'},
        ]
        assert len(w.proxy.writes) == 3


async def test_members_not_listed() -> None:
    """Where a server hides members, all of ours are added and released ones removed without looking."""
    async with world(Odd(hides_members=True), members_listed=False) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, ["a"]), None)).remote_id
        await w.target.upsert(team(w.rig, 1, ["b"], released=frozenset({"a"})), remote_id)
        assert w.server.objects["Groups"][remote_id]["members"] == [{"value": "b"}]


async def test_flat_groups() -> None:
    """With `patch: flat` members are added; that one cannot be taken out is an error, not silence."""
    async with world(Odd(patch="flat"), patch="flat", members_per_request=2) as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, ["a"]), None)).remote_id
        await w.target.upsert(team(w.rig, 1, ["a", "b", "c", "d"], displayName="New"), remote_id)
        group = w.server.objects["Groups"][remote_id]
        assert ({one["value"] for one in group["members"]}, group["displayName"]) == (set("abcd"), "New")
        with pytest.raises(RecordRejected, match="by hand"):
            await w.target.upsert(team(w.rig, 1, ["b"], released=frozenset({"a"})), remote_id)


async def test_stored_members_are_kept_by_put() -> None:
    """A PUT of a group sends the members of others back as they were."""
    async with world(patch="never") as w:
        remote_id = (await w.target.upsert(team(w.rig, 1, ["a"]), None)).remote_id
        foreign = {"value": "f", "display": "Foreign", "type": "User"}
        w.server.objects["Groups"][remote_id]["members"].append(foreign)
        await w.target.upsert(team(w.rig, 1, ["b"], released=frozenset({"a"})), remote_id)
        assert w.server.objects["Groups"][remote_id]["members"] == [foreign, {"value": "b"}]
