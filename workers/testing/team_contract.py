"""What every kind of target that has groups has to do with teams."""

from __future__ import annotations

import pytest

from bridge.errors import NotFound
from bridge.model import Kind, Outcome
from workers.testing.rig import Allowed, Line, Rig, Through, holds, person, team


class TeamContract(Through):
    """The verbs for teams."""

    async def people(self, rig: Rig, target: Allowed, count: int) -> list[str]:
        """The ids of so many new people."""
        return [(await target.upsert(person(rig, number), None)).remote_id for number in range(count)]

    async def members(self, rig: Rig, remote_id: str) -> set[str]:
        """The members that the server has in a group."""
        stored = await rig.stored(Kind.TEAM, remote_id)
        assert stored is not None
        members: set[str] = stored["members"]
        return members

    async def test_create_a_team(self, rig: Rig, target: Allowed) -> None:
        """A team is created with its members, found, and equal to itself."""
        ana, ben = await self.people(rig, target, 2)
        wanted = team(rig, 1, [ana, ben])
        assert await target.find(wanted) == []
        applied = await target.upsert(wanted, None)
        assert applied.outcome is Outcome.CREATED
        await holds(rig, Kind.TEAM, applied.remote_id, rig.team(1))
        assert await self.members(rig, applied.remote_id) == {ana, ben}
        assert [match.id for match in await target.find(wanted)] == [applied.remote_id]

    async def test_an_equal_team(self, rig: Rig, line: Line, target: Allowed) -> None:
        """An equal team is unchanged, and no request that writes is sent."""
        wanted = team(rig, 1, await self.people(rig, target, 2))
        remote_id = (await target.upsert(wanted, None)).remote_id
        writes = len(line.writes)
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED
        assert len(line.writes) == writes

    async def test_rename_a_team(self, rig: Rig, target: Allowed) -> None:
        """A new name leaves the members."""
        people = await self.people(rig, target, 2)
        remote_id = (await target.upsert(team(rig, 1, people), None)).remote_id
        name = rig.adapter.mapping.get("group_name") or "displayName"
        wanted = team(rig, 1, people, **{name: rig.team(2)[name]})
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        await holds(rig, Kind.TEAM, remote_id, {name: rig.team(2)[name]})
        assert await self.members(rig, remote_id) == set(people)

    async def test_only_our_members(self, rig: Rig, target: Allowed) -> None:
        """Missing members are added, released ones leave, and those of others stay."""
        ana, ben, cem, foreign = await self.people(rig, target, 4)
        remote_id = (await target.upsert(team(rig, 1, [ana, ben]), None)).remote_id
        await rig.add_member(remote_id, foreign)
        wanted = team(rig, 1, [ben, cem], released=frozenset({ana, ben, "999999"}))
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        assert await self.members(rig, remote_id) == {ben, cem, foreign}
        assert (await target.upsert(team(rig, 1, [ben]), remote_id)).outcome is Outcome.UNCHANGED
        assert await self.members(rig, remote_id) == {ben, cem, foreign}

    async def test_many_members(self, rig: Rig, target: Allowed) -> None:
        """A team of more members than one request takes is created, filled and emptied whole."""
        people = await rig.can_be_members(250)
        remote_id = (await target.upsert(team(rig, 1, people[:230]), None)).remote_id
        assert await self.members(rig, remote_id) == set(people[:230])
        wanted = team(rig, 1, people[120:], released=frozenset(people[:120]))
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        assert await self.members(rig, remote_id) == set(people[120:])

    async def test_deactivate_a_team(self, rig: Rig, line: Line, target: Allowed) -> None:
        """A deactivated team loses the members that we gave it and nothing else."""
        ana, ben, foreign = await self.people(rig, target, 3)
        wanted = team(rig, 1, [ana, ben])
        remote_id = (await target.upsert(wanted, None)).remote_id
        await rig.add_member(remote_id, foreign)
        ours = frozenset({ana, ben})
        assert await target.remove(wanted.key, remote_id, released=ours) is Outcome.DEACTIVATED
        assert await self.members(rig, remote_id) == {foreign}
        writes = len(line.writes)
        again = await target.remove(wanted.key, remote_id, released=ours)
        assert await self.members(rig, remote_id) == {foreign}
        if rig.proves_members:
            assert (again, len(line.writes)) == (Outcome.UNCHANGED, writes)

    async def test_delete_a_team(self, rig: Rig, target: Allowed) -> None:
        """A deleted team is gone; its people stay."""
        people = await self.people(rig, target, 2)
        wanted = team(rig, 1, people)
        remote_id = (await target.upsert(wanted, None)).remote_id
        assert await target.remove(wanted.key, remote_id, "delete") is Outcome.DELETED
        assert await rig.stored(Kind.TEAM, remote_id) is None
        assert await target.remove(wanted.key, remote_id, "delete") is Outcome.UNCHANGED
        assert await rig.count(Kind.PERSON) == 2

    async def test_a_missing_team(self, rig: Rig, target: Allowed) -> None:
        """An update of a group that is not there is NotFound; taking it away is no error."""
        with pytest.raises(NotFound):
            await target.upsert(team(rig, 1, []), "999999")
        key = team(rig, 1, []).key
        assert await target.remove(key, "999999", released=frozenset({"1"})) is Outcome.UNCHANGED
