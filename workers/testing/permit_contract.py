"""What every kind of target must never do, whatever carries its writes: HTTP, a message, a rename."""

from __future__ import annotations

import pytest

from bridge.errors import Conflict, LockLost, RecordRejected, TryLater, WriteRefused
from bridge.exchange import Applied, Change, Receipt, Refused, Wanted
from bridge.model import Kind
from bridge.wire.permit import NoWrites
from workers.testing.permits import Always, Counted
from workers.testing.rig import Allowed, Line, Rig, Through, holds, person

PERSON = Kind.PERSON


class PermitContract(Through):
    """Permission for each write; changes that are sent together; answers that get lost."""

    async def test_writes_need_permission(self, rig: Rig, line: Line, target: Allowed) -> None:
        """Where the permit refuses, nothing that writes reaches the server."""
        wanted = person(rig, 1)
        remote_id = (await target.upsert(wanted, None)).remote_id
        writes = len(line.writes)
        looking = Allowed(target.target, NoWrites())
        with pytest.raises(WriteRefused):
            await looking.upsert(person(rig, 2), None)
        with pytest.raises(WriteRefused):
            await looking.upsert(person(rig, 1, **rig.changes), remote_id)
        with pytest.raises(WriteRefused):
            await looking.remove(wanted.key, remote_id)
        with pytest.raises(WriteRefused if rig.deletes else RecordRejected):
            await looking.remove(wanted.key, remote_id, "delete")
        assert len(line.writes) == writes
        await holds(rig, PERSON, remote_id, rig.person(1))

    async def test_each_write_asks_its_permit(self, rig: Rig, line: Line, target: Allowed) -> None:
        """The permit is asked once before each write, and stops what follows when it ends."""
        permit = Counted(allowed=10)
        counted = Allowed(target.target, permit)
        remote_id = (await counted.upsert(person(rig, 1), None)).remote_id
        await counted.upsert(person(rig, 1, **rig.changes), remote_id)
        await counted.remove(person(rig, 1).key, remote_id)
        assert permit.asked == len(line.writes) >= 3
        permit.allowed = permit.asked
        with pytest.raises(LockLost):
            await counted.upsert(person(rig, 2), None)
        assert permit.asked == len(line.writes) + 1

    async def test_what_is_previewed_is_what_is_sent(self, rig: Rig, target: Allowed) -> None:
        """A change that is looked at twice is the same, and sending it leaves no difference."""
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        wanted = person(rig, 1, **rig.changes)
        there = await target.target.read(wanted.key, remote_id)
        first, second = target.target.change(wanted, there), target.target.change(wanted, there)
        assert first is not None
        assert second is not None
        assert first.fields == second.fields
        (receipt,) = await target.target.send([first], Always())
        assert isinstance(receipt, Applied)
        assert await target.preview(wanted, receipt.remote_id) == []

    async def test_one_of_several_is_refused(self, rig: Rig, target: Allowed) -> None:
        """Of changes sent together one is refused == its own receipt says so, and the rest is done."""
        await target.upsert(person(rig, 2), None)
        receipts = await sent(rig, target, 1, 2, 3)
        assert [isinstance(one, Applied) for one in receipts] == [True, False, True]
        assert isinstance(error_of(receipts[1]), Conflict)
        for number, receipt in zip((1, 3), receipts[::2], strict=True):
            assert isinstance(receipt, Applied)
            await holds(rig, PERSON, receipt.remote_id, rig.person(number))
        assert await rig.count(PERSON) == 3

    async def test_the_permit_ends_between(self, rig: Rig, line: Line, target: Allowed) -> None:
        """Of changes sent together the permit covers one write == no other is written, and each is told."""
        before = len(line.writes)
        receipts = await sent(rig, target, 1, 2, 3, permit=Counted(allowed=1))
        assert sum(isinstance(error_of(one), LockLost) for one in receipts) >= 2
        assert len(line.writes) - before <= 1
        assert await rig.count(PERSON) <= 1

    async def test_a_lost_answer(self, rig: Rig, line: Line, target: Allowed) -> None:
        """A create whose answer was lost is a passing fault of the target, and found once by a look-up."""
        await target.upsert(person(rig, 2), None)
        line.lose()
        with pytest.raises(TryLater) as caught:
            await target.upsert(person(rig, 1), None)
        assert caught.value.unreachable
        assert len(await target.find(person(rig, 1))) == 1

    async def test_the_answers_of_several_are_lost(self, rig: Rig, line: Line, target: Allowed) -> None:
        """Of changes sent together an answer is lost == whose it was is not called done; all are there."""
        await target.upsert(person(rig, 9), None)
        line.lose()
        receipts = await sent(rig, target, 1, 2)
        assert not all(isinstance(one, Applied) for one in receipts)
        assert all(isinstance(one, Applied) or isinstance(error_of(one), TryLater) for one in receipts)
        for number in (1, 2):
            assert len(await target.find(person(rig, number))) == 1

    async def test_refused(self, rig: Rig, line: Line, target: Allowed) -> None:
        """A record that the server will not take is rejected, and the next one is taken."""
        await target.upsert(person(rig, 2), None)
        line.refuse()
        with pytest.raises(RecordRejected):
            await target.upsert(person(rig, 1), None)
        assert (await target.upsert(person(rig, 1), None)).remote_id


async def sent(rig: Rig, target: Allowed, *numbers: int, permit: Counted | None = None) -> list[Receipt]:
    """The receipts of creates that are sent together."""
    changes = [creation(target, person(rig, number)) for number in numbers]
    receipts = list(await target.target.send(changes, permit or Always()))
    assert len(receipts) == len(changes)
    return receipts


def creation(target: Allowed, wanted: Wanted) -> Change:
    """What is to be sent for a new object."""
    change = target.target.change(wanted, None)
    assert change is not None
    return change


def error_of(receipt: Receipt) -> Exception | None:
    """Why a change was refused, None where it was not."""
    return receipt.error if isinstance(receipt, Refused) else None
