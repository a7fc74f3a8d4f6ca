"""Workers take what is due: as much as can travel, leavers first, and more when half of it is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

import workers.main
from bridge.errors import Unreadable
from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from bridge.store.queue import URGENT, Due
from tests.delivery import TARGET, Delivery, delivery, person
from tests.polling import ids, people
from tests.workers.gating import count_is, other, through, until, working
from workers.delivery.draining import Drain, places
from workers.main import Workers
from workers.testing.proxy import Proxy

MANY = 60


@pytest.mark.parametrize(
    ("concurrency", "rate", "expected"),
    [(20, 1000.0, 40), (20, 10.0, 5), (4, 100.0, 8), (20, 1.0, 1), (1, 0.1, 1), (500, 10_000.0, 100)],
)
def test_no_more_is_taken_than_can_travel(concurrency: int, rate: float, expected: int) -> None:
    """Twice the concurrency, half a second's worth of the rate, 100 at most, and always one."""
    assert places(concurrency, rate) == expected


@asynccontextmanager
async def stuck(run: Delivery) -> AsyncIterator[asyncio.Event]:
    """The target answers nothing before the event is set."""
    may_answer = asyncio.Event()

    async def waits(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        await may_answer.wait()
        return await proxy.forward(request)

    run.proxy.fail_always(waits)
    yield may_answer
    may_answer.set()


async def ask(run: Delivery, *names: str, rank: int = 1) -> None:
    due = [Due(Key(Kind.PERSON, name), rank) for name in names]
    await run.deliverer.ledger.add_pending({one.key: rank for one in due})
    await run.backend.queue.add(TARGET, due, time.time())


async def locks(run: Delivery) -> int:
    return len(await run.deliverer.ledger.under_way())


async def test_more_is_taken_when_half_is_done(run: Delivery) -> None:
    """No place is filled before half of them are free == one call takes many."""
    everybody = ids(MANY)
    await run.know(*people(everybody))
    await ask(run, *everybody)
    drain = Drain(run.deliverer)
    size = drain.room
    async with stuck(run) as may_answer:
        await drain.fill()
        assert (await locks(run), drain.room) == (size, 0)
        may_answer.set()
        rooms = set()
        while await run.deliverer.ledger.count_pending():
            await asyncio.wait_for(drain.changed.wait(), 5)
            drain.changed.clear()
            rooms.add(drain.room)
            if drain.room:
                await drain.fill()
    await drain.end(5)
    assert min(rooms - {0}) >= size / 2
    assert len(await run.users()) == MANY


async def test_what_is_full_wakes_another_process(run: Delivery) -> None:
    """One process is stuck with all that it can take == another one has the rest within a moment."""
    everybody = ids(MANY)
    await run.know(*people(everybody))
    await ask(run, *everybody)
    first = Drain(run.deliverer)
    size = first.room
    async with stuck(run):
        await first.fill()
        await until(lambda: _is_stuck(run), 5)
        run.proxy.fail_always(through)  # what is on its way stays stuck, what comes now does not
        async with aiohttp.ClientSession() as session:
            async with working([other(run, TARGET, session)], run.backend):
                await until(lambda: count_is(run, MANY - size), 30)
            assert await locks(run) == size
    await first.end(5)
    await until(lambda: count_is(run, MANY), 5)


async def test_an_idle_worker_is_woken(run: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is due, and the next look is a minute away == the account is there before."""
    monkeypatch.setattr(workers.main, "IDLE_INTERVAL", 60)
    await run.know(person("ana"))
    async with working([run.deliverer], run.backend):
        await asyncio.sleep(0.5)  # it waits by now
        await ask(run, "ana")
        await until(lambda: count_is(run, 1), 20)


async def test_what_nobody_was_woken_for_is_found(run: Delivery) -> None:
    """Somebody is due, and the waking was lost == found by the next look."""
    await run.know(person("ana"))
    async with working([run.deliverer], run.backend):
        await asyncio.sleep(0.5)
        name = run.backend.keys.at(TARGET, "due")
        await run.backend.redis.zadd(name, {"person:ana": 1})
        await until(lambda: count_is(run, 1), 5)


async def test_what_runs_at_the_end_is_finished_or_handed_back(run: Delivery) -> None:
    """A worker ends while nothing is answered == nothing new is taken, and every lock goes back."""
    everybody = ids(MANY)
    await run.know(*people(everybody))
    process = Workers([run.deliverer], run.backend)
    running = asyncio.create_task(process.run())
    await until(lambda: _is_known(run), 5)
    async with stuck(run):
        await ask(run, *everybody)
        await until(lambda: _some(run), 5)
        await process.stop(0.2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert await locks(run) == 0
    assert len(await run.deliverer.ledger.pending()) == MANY


async def _is_stuck(run: Delivery) -> bool:
    return len(run.proxy.seen) == run.deliverer.route.settings.concurrency


async def _is_known(run: Delivery) -> bool:
    return await run.deliverer.gate.survey() is not None


async def _some(run: Delivery) -> bool:
    return await locks(run) > 0


async def test_locks_of_everything_that_runs_are_renewed(run: Delivery) -> None:
    """Two deliveries wait for the target, one has lost its lock == the other's is lengthened all the same."""
    await run.know(person("ana"), person("ben"))
    await ask(run, "ana", "ben")
    drain = Drain(run.deliverer)
    keys = [run.backend.keys.lock(TARGET, Key(Kind.PERSON, name)) for name in ("ana", "ben")]
    async with stuck(run):
        await drain.fill()
        await run.backend.redis.set(keys[0], "another worker's", px=1000)
        await run.backend.redis.pexpire(keys[1], 1000)
        await drain.renew()
        assert await run.backend.redis.pttl(keys[0]) <= 1000
        assert await run.backend.redis.pttl(keys[1]) > 5000
    await drain.end(5)


async def test_one_that_cannot_be_read_is_told_after_the_others_have_begun(run: Delivery) -> None:
    """A damaged entry among the due ones == its neighbours are delivered, and it is told once."""
    await run.know(person("ana"), person("ben"))
    await ask(run, "ana", "ben")
    ledger = run.backend.keys.at(TARGET, "ledger")
    await run.backend._connection.hset(ledger, mapping={"person:ana": b"damaged"})
    drain = Drain(run.deliverer)
    with pytest.raises(Unreadable):
        await drain.fill()
    await drain.end(5)
    assert [user["externalId"] for user in await run.users()] == ["ben"]


async def test_leavers_are_taken_first(backend: Backend) -> None:
    """One place, and whoever leaves was asked for last == is taken first."""
    async with delivery(backend, rate=2.0) as run:
        await run.deliver(person("zoe"))
        everybody = ids(5)
        await run.know(*people(everybody))
        await ask(run, *everybody)
        await run.know(person("zoe", lifecycle="left"))
        await ask(run, "zoe", rank=URGENT)
        drain = Drain(run.deliverer)
        async with stuck(run):
            await drain.fill()
            assert await run.deliverer.ledger.unsettled() == {Key(Kind.PERSON, "zoe")}
        await drain.end(5)


async def test_who_is_left_out_waits_for_nobody(run: Delivery) -> None:
    """Somebody who waits for a manager is not for this target any more == the manager's account wakes nobody.

    Else the two were looked at for ever.
    """
    await run.deliver(person("ben", manager="ana"))
    assert (await run.entry("ben")).missing == ("person:ana",)
    await run.know(person("ben", manager="ana", email=""), person("ana"))
    await ask(run, "ben", "ana")
    for _ in range(3):  # that she has an account now is looked at once more
        drain = Drain(run.deliverer)
        await drain.fill()
        await drain.end(5)
    assert ((await run.entry("ben")).state, (await run.entry("ben")).missing) == (State.SKIPPED, ())
    assert await run.deliverer.ledger.count_pending() == 0
