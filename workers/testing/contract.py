"""What every kind of target has to do, tested against a running server.

A target's test file subclasses `HttpTargetContract` or, where it speaks something else, `TargetContract` (and
`TeamContract` where it has groups), and gives a fixture `rig`. Each test talks to the server through a line
that keeps count and can fail.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from bridge.errors import Conflict, NotFound, RecordRejected
from bridge.exchange import Wanted
from bridge.model import Kind, Outcome
from bridge.wire.calls import Heard, heard_by
from workers.testing.http_contract import HttpContract
from workers.testing.permit_contract import PermitContract
from workers.testing.rig import Allowed, Line, Rig, Through, holds, person

PERSON = Kind.PERSON


class VerbContract(Through):
    """The verbs for people."""

    async def test_the_mapping_names_what_the_adapter_takes(self, rig: Rig) -> None:
        """Every attribute of the default mapping is known, and what is required is mapped."""
        mapping = rig.adapter.mapping
        for kind in Kind:
            names = mapping.get(kind, {})
            assert [rig.adapter.check_attribute(name) for name in names] == [None] * len(names)
            assert set(mapping["required"].get(kind, [])) <= set(names)
        assert rig.adapter.check_attribute(rig.wrong_name)

    async def test_check(self, line: Line, target: Allowed) -> None:
        """A check says something and sends nothing that writes."""
        greeting = await target.check()
        assert greeting.facts
        assert not greeting.problems
        assert not line.writes

    async def test_find_nobody(self, rig: Rig, target: Allowed) -> None:
        """Nobody is found before anybody is created."""
        assert await target.find(person(rig, 1)) == []

    async def test_create_and_find(self, rig: Rig, target: Allowed) -> None:
        """A created person is stored as wanted, and is the one that is found among others."""
        for number in (1, 2, 3):
            applied = await target.upsert(person(rig, number), None)
            assert applied.outcome is Outcome.CREATED
            await holds(rig, PERSON, applied.remote_id, rig.person(number))
            assert [match.id for match in await target.find(person(rig, number))] == [applied.remote_id]

    async def test_read(self, rig: Rig, target: Allowed) -> None:
        """What is read shows whether it gives access, and the same external id as what is found."""
        wanted = person(rig, 1)
        remote_id = (await target.upsert(wanted, None)).remote_id
        (found,) = await target.find(wanted)
        there = await target.target.read(wanted.key, remote_id)
        assert there
        assert (there.id, there.open, there.external_id) == (remote_id, found.open, found.external_id)
        assert await target.target.read(wanted.key, "999999") is None

    async def test_inventory(self, rig: Rig, line: Line, target: Allowed) -> None:
        """The list has everybody once, by what they are looked up by, and nothing is sent that writes."""
        if not target.target.can.lists:
            pytest.skip("this target does not list its objects")
        before = {remote.id async for page in target.target.inventory(PERSON) for remote in page.remotes}
        everybody = [(await target.upsert(person(rig, number), None)).remote_id for number in range(5)]
        writes = len(line.writes)
        pages = [page async for page in target.target.inventory(PERSON)]
        if not pages[-1].whole:
            pytest.skip("this server's list has no end that can be seen")
        listed = [remote for page in pages for remote in page.remotes if remote.id not in before]
        assert sorted(remote.id for remote in listed) == sorted(everybody)
        for number, remote_id in enumerate(everybody):
            (there,) = (remote for remote in listed if remote.id == remote_id)
            assert there.keys.intersection(target.target.keys(person(rig, number)))
        known = frozenset().union(*(remote.keys for remote in listed))
        assert known.isdisjoint(target.target.keys(person(rig, 77)))
        assert len(line.writes) == writes

    async def test_equal(self, rig: Rig, line: Line, target: Allowed) -> None:
        """An equal person is unchanged, and no request that writes is sent."""
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        writes = len(line.writes)
        applied = await target.upsert(person(rig, 1), remote_id)
        assert applied.outcome is Outcome.UNCHANGED
        assert applied.remote_id == remote_id
        assert len(line.writes) == writes

    async def test_update(self, rig: Rig, target: Allowed) -> None:
        """An update changes what differs and keeps what the mapping does not know."""
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        if rig.has_others:
            await rig.add_foreign(remote_id)
        wanted = person(rig, 1, **rig.changes)
        applied = await target.upsert(wanted, remote_id)
        assert applied.outcome is Outcome.UPDATED
        await holds(rig, PERSON, applied.remote_id, dict(wanted.attributes))
        assert not rig.has_others or await rig.has_foreign(applied.remote_id)
        assert (await target.upsert(wanted, applied.remote_id)).outcome is Outcome.UNCHANGED

    async def test_preview(self, rig: Rig, line: Line, target: Allowed) -> None:
        """A preview names just what the upsert then changes, and sends nothing that writes."""
        created = await target.preview(person(rig, 1), None)
        assert {change.attribute for change in created} == {
            name for name, value in rig.person(1).items() if value is not None
        }
        assert not line.writes
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        assert await target.preview(person(rig, 1), remote_id) == []
        writes, wanted = len(line.writes), person(rig, 1, **rig.changes)
        changes = {change.attribute: change for change in await target.preview(wanted, remote_id)}
        assert changes.keys() == rig.changes.keys()
        assert all(changes[name].new == value for name, value in rig.changes.items())
        removal = Wanted(wanted.key, {}, removal="deactivate")
        assert [change.new for change in await target.preview(removal, remote_id)] == [False]
        assert len(line.writes) == writes
        await target.upsert(wanted, remote_id)
        await target.remove(wanted.key, remote_id)
        assert await target.preview(removal, remote_id) == []

    async def test_clear(self, rig: Rig, target: Allowed) -> None:
        """None clears an attribute and leaves the others."""
        if not rig.clearable:
            pytest.skip("this target cannot clear an attribute")
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        wanted = person(rig, 1, **{rig.clearable: None})
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        await holds(rig, PERSON, remote_id, dict(wanted.attributes))
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED

    async def test_deactivate(self, rig: Rig, line: Line, target: Allowed) -> None:
        """Deactivating takes access, keeps the object findable, and does nothing a second time."""
        wanted = person(rig, 1)
        remote_id = (await target.upsert(wanted, None)).remote_id
        if rig.has_others:
            await rig.add_foreign(remote_id)
        assert await target.remove(wanted.key, remote_id) is Outcome.DEACTIVATED
        assert not await rig.is_active(remote_id)
        assert not rig.has_others or await rig.has_foreign(remote_id)
        assert [match.id for match in await target.find(wanted)] == [remote_id]
        writes = len(line.writes)
        assert await target.remove(wanted.key, remote_id) is Outcome.UNCHANGED
        assert len(line.writes) == writes

    async def test_reactivate(self, rig: Rig, target: Allowed) -> None:
        """An upsert gives a deactivated person access again."""
        wanted = person(rig, 1)
        remote_id = (await target.upsert(wanted, None)).remote_id
        await target.remove(wanted.key, remote_id)
        if not rig.reopens:
            with pytest.raises(RecordRejected):
                await target.upsert(wanted, remote_id)
            return
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UPDATED
        assert await rig.is_active(remote_id)

    async def test_put_back(self, rig: Rig, target: Allowed) -> None:
        """What a change tells as old can be wanted again: the object is as it was before."""
        before = person(rig, 1)
        remote_id = (await target.upsert(before, None)).remote_id
        wanted = person(rig, 1, **rig.changes)
        old = {change.attribute: change.old for change in await target.preview(wanted, remote_id)}
        remote_id = (await target.upsert(wanted, remote_id)).remote_id
        back = person(rig, 1, **{**rig.changes, **old})
        assert (await target.upsert(back, remote_id)).outcome is Outcome.UPDATED
        await holds(rig, PERSON, remote_id, dict(before.attributes))

    async def test_delete(self, rig: Rig, target: Allowed) -> None:
        """Deleting removes one object, and is no error when it is gone already."""
        if not rig.deletes:
            pytest.skip("this target cannot delete")
        wanted = person(rig, 1)
        remote_id = (await target.upsert(wanted, None)).remote_id
        other = (await target.upsert(person(rig, 2), None)).remote_id
        assert await target.remove(wanted.key, remote_id, "delete") is Outcome.DELETED
        assert await rig.stored(PERSON, remote_id) is None
        assert await target.remove(wanted.key, remote_id, "delete") is Outcome.UNCHANGED
        await holds(rig, PERSON, other, rig.person(2))

    async def test_what_is_asked_is_heard_of(self, rig: Rig, target: Allowed) -> None:
        """Whoever listens hears of each write, as the pages show it: without a value or an id of anybody."""
        wanted, changed = person(rig, 1), person(rig, 1, **rig.changes)
        made, wrote, left = Heard(time.time), Heard(time.time), Heard(time.time)
        with heard_by([made]):
            remote_id = (await target.upsert(wanted, None)).remote_id
        with heard_by([wrote]):
            await target.upsert(changed, remote_id)
        with heard_by([left]):
            await target.remove(wanted.key, remote_id)
        assert all(list(heard) for heard in (made, wrote, left))
        given = [*wanted.attributes.values(), *changed.attributes.values(), remote_id, wanted.key.id]
        values = [one.lower() for one in given if isinstance(one, str) and len(one) > 2]
        for call in (*made, *wrote, *left):
            told = f"{call.what} {call.answer}".lower()
            assert not [value for value in values if value in told]

    async def test_missing(self, rig: Rig, target: Allowed) -> None:
        """An update of what is not there is NotFound; taking it away is no error."""
        wanted = person(rig, 1)
        with pytest.raises(NotFound):
            await target.upsert(wanted, "999999")
        assert await target.remove(wanted.key, "999999") is Outcome.UNCHANGED
        assert await rig.count(PERSON) == 0

    async def test_duplicate(self, rig: Rig, target: Allowed) -> None:
        """A second create of the same person is a Conflict and leaves one object."""
        await target.upsert(person(rig, 1), None)
        with pytest.raises(Conflict):
            await target.upsert(person(rig, 1), None)
        assert await rig.count(PERSON) == 1

    async def test_concurrent(self, rig: Rig, target: Allowed) -> None:
        """Upserts at the same time do not disturb each other, also when one of them fails."""
        await target.upsert(person(rig, 0), None)
        results = await asyncio.gather(
            *(target.upsert(person(rig, number), None) for number in range(8)), return_exceptions=True
        )
        assert isinstance(results[0], Conflict)
        for number, result in enumerate(results[1:], start=1):
            assert not isinstance(result, BaseException)
            await holds(rig, PERSON, result.remote_id, rig.person(number))
        assert await rig.count(PERSON) == 8


class TargetContract(VerbContract, PermitContract):
    """All that a target has to do for people, whatever it speaks."""


class HttpTargetContract(TargetContract, HttpContract):
    """All that a target has to do for people that speaks HTTP."""
