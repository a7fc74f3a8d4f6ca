"""People who are under way at the same time share requests to Microsoft Graph, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from aiohttp import web

from bridge.errors import LockLost, RecordRejected, TryLater
from bridge.exchange import Applied, Change, Receipt, Refused
from bridge.model import Outcome
from tests.workers.targets.entra_batches import MOST, at, parts, unanswered
from tests.workers.targets.entra_rig import World, world
from workers.testing import proxy as faults
from workers.testing.permits import Always, Counted
from workers.testing.proxy import Proxy
from workers.testing.rig import person


def creation(w: World, number: int, **attributes: object) -> Change:
    change = w.target.target.change(person(w.rig, number, **attributes), None)
    assert change
    return change


async def told(w: World, *changes: Change, **permits: Counted) -> list[Receipt]:
    """Send changes as deliveries do: each by itself, at the same time; `p1`: the permit of the first one."""

    async def one(number: int, change: Change) -> Receipt:
        return (await w.target.target.send([change], permits.get(f"p{number}") or Always()))[0]

    return list(await asyncio.gather(*(one(*pair) for pair in enumerate(changes, 1))))


async def made(w: World, *numbers: int) -> list[str]:
    """The ids of so many new people."""
    receipts = await told(w, *(creation(w, number) for number in numbers))
    w.proxy.seen.clear()
    return [one.remote_id for one in receipts if isinstance(one, Applied)]


async def edit(w: World, number: int, remote_id: str, **attributes: object) -> Change:
    wanted = person(w.rig, number, **attributes)
    change = w.target.target.change(wanted, await w.target.target.read(wanted.key, remote_id))
    assert change
    return change


def errors(receipts: Sequence[Receipt]) -> list[type[Exception] | None]:
    return [type(one.error) if isinstance(one, Refused) else None for one in receipts]


def addresses(w: World) -> list[str]:
    return sorted(one["userPrincipalName"] for one in w.directory.users.values())


async def test_they_go_together() -> None:
    """45 new people with a manager == nine requests of 20 at most; each has their own receipt, in order."""
    async with world() as w:
        boss = w.put_user("boss")["id"]
        permit = Counted(allowed=1000)
        changes = [creation(w, number, manager=boss) for number in range(45)]
        receipts = await w.target.target.send(changes, permit)
        there = w.directory.users
        for number, receipt in enumerate(receipts):
            assert isinstance(receipt, Applied)
            assert (receipt.outcome, receipt.open) == (Outcome.CREATED, True)
            assert there[receipt.remote_id]["employeeId"] == f"P-{number}"
            assert w.directory.managers[receipt.remote_id] == boss
        sizes = w.server.batching.sizes
        assert (sum(sizes), max(sizes), len(sizes)) == (3 * 45, 20, 9)
        assert {one.path for one in w.proxy.seen} == {"/v1.0/$batch"}
        assert len(there) == 46
        assert permit.asked == len(w.writes) == 90


async def test_what_comes_of_one_is_no_others() -> None:
    """Refused, failing, throttled, gone and not told of == just that for each; the rest is done."""
    async with world() as w:
        ids = await made(w, *range(7))
        changes = [await edit(w, number, id_, jobTitle="Boss") for number, id_ in enumerate(ids)]
        w.server.batching.faults += [at(ids[1], 400), at(ids[2], 503), unanswered(ids[4])]
        w.server.batching.faults.append(at(ids[3], 429, Retry_After="17"))
        del w.directory.users[ids[5]]
        receipts = await told(w, *changes)
        assert errors(receipts) == [None, RecordRejected, TryLater, TryLater, TryLater, TryLater, None]
        waits = [
            one.error.after for one in receipts if isinstance(one, Refused) and hasattr(one.error, "after")
        ]
        assert waits == [None, 17, None, None]
        titles = [w.directory.users[one]["jobTitle"] for one in ids if one in w.directory.users]
        assert titles == ["Boss", "Buyer", "Buyer", "Buyer", "Boss", "Boss"]
        with pytest.raises(TryLater):
            await w.target.find(person(w.rig, 1))
        assert w.server.batching.sizes[-1] == 7  # nothing was sent since


async def test_a_create_that_nobody_tells_of() -> None:
    """One of three is made and not told of == a passing fault of that one, who is found afterwards."""
    async with world() as w:
        w.server.batching.faults = [unanswered("mueller2@", "POST")]
        receipts = await told(w, *(creation(w, number) for number in (1, 2, 3)))
        assert errors(receipts) == [None, TryLater, None]
        assert len(w.directory.users) == 3
        (found,) = await w.target.find(person(w.rig, 2))
        assert found.ours


async def test_an_answer_that_is_lost() -> None:
    """Nobody knows what was done == unknown for each, one fault of the line, and each is found once."""
    async with world() as w:
        await w.target.target.size()
        w.proxy.fail(faults.lost)
        receipts = await told(w, *(creation(w, number) for number in range(5)))
        assert errors(receipts) == [TryLater] * 5
        assert len({id(one.error) for one in receipts if isinstance(one, Refused)}) == 1
        assert len(w.directory.users) == 5
        found = await asyncio.gather(*(w.target.find(person(w.rig, number)) for number in range(5)))
        assert [len(one) for one in found] == [1] * 5


async def test_who_may_not_be_written_any_more() -> None:
    """The lock of one is lost == not sent, and the others are."""
    async with world() as w:
        changes = [creation(w, number) for number in (1, 2, 3)]
        assert errors(await told(w, *changes, p2=Counted(0))) == [None, LockLost, None]
        assert addresses(w) == ["Ana.Mueller1@example.com", "Ana.Mueller3@example.com"]


async def test_leavers_whose_sessions_are_not_ended() -> None:
    """Ending the sessions of one of three fails == only that one is not done, and it is made up for."""
    async with world() as w:
        ids = await made(w, 1, 2, 3)
        w.server.batching.faults = [at(f"{ids[1]}/revokeSignInSessions", 500)]
        keys = [person(w.rig, number).key for number in (1, 2, 3)]
        ended = await asyncio.gather(*map(w.target.remove, keys, ids), return_exceptions=True)
        assert [type(one) for one in ended] == [Outcome, TryLater, Outcome]
        assert not any(w.directory.users[one]["accountEnabled"] for one in ids)
        assert await w.target.shows(keys[1], ids[1])
        assert not await w.target.shows(keys[0], ids[0])
        w.server.batching.faults.clear()
        assert await w.target.remove(keys[1], ids[1]) is Outcome.DEACTIVATED
        assert sorted(w.directory.ended) == sorted(ids)


async def test_each_finds_their_own() -> None:
    """25 who look themselves up at once == everybody their own account, or none, in a few requests."""
    async with world() as w:
        ids = await made(w, *range(12))
        found = await asyncio.gather(*(w.target.find(person(w.rig, number)) for number in range(25)))
        assert [one[0].id if one else None for one in found] == ids + [None] * 13
        assert len(w.proxy.seen) <= 8
        assert not w.writes


@pytest.mark.parametrize("status", [400, 403, 404, 413])
async def test_a_company_that_is_refused(status: int) -> None:
    """Whatever does not take several at once == each goes by itself, and a 404 is nobody's."""

    async def no_batches(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        refuses = request.path.endswith("/$batch")
        return await (faults.answer(status, "{}") if refuses else Proxy.forward)(proxy, request)

    async with world() as w:
        w.proxy.fail_always(no_batches)
        wanted = [person(w.rig, number) for number in range(4)]
        assert await asyncio.gather(*map(w.target.find, wanted)) == [[]] * 4
        ids = await made(w, *range(4))
        assert len(ids) == len(w.directory.users) == 4
        there = await asyncio.gather(
            *(w.target.shows(one.key, id_) for one, id_ in zip(wanted, ids, strict=True))
        )
        assert there == [True] * 4


@pytest.mark.parametrize(("own", "most"), [({"batch": 1}, 1), ({"batch": 5}, 5), ({}, MOST)])
async def test_how_many_at_most_is_a_setting(own: dict[str, int], most: int) -> None:
    """`batch` == so many in a request; 1 == each by itself, as ever."""
    async with world(**own) as w:
        assert len(await made(w, *range(30))) == 30
        await asyncio.gather(*(w.target.find(person(w.rig, number)) for number in range(30)))
        assert max(len(parts(one)) for one in w.proxy.seen) == most
        assert any(one.path.endswith("/$batch") for one in w.proxy.seen) is (most > 1)


async def test_the_end_while_somebody_waits() -> None:
    """The target is closed while people wait for others == they are told, and nothing is sent."""
    async with world() as w:
        looking = asyncio.create_task(w.target.find(person(w.rig, 1)))
        writing = asyncio.create_task(w.target.target.send([creation(w, 1)], Always()))
        await asyncio.sleep(0.001)
    for task in (looking, writing):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert w.requests == []
