"""A target that asks for time gets it from all workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from bridge.errors import TryLater
from bridge.exchange import Wanted
from bridge.model import Key, Kind
from tests.delivery import TARGET, Delivery, person
from tests.polling import ids, people
from tests.workers.gating import (
    count_is,
    other,
    state,
    through,
    timed,
    until,
)
from workers.delivery.deliver import Deliverer
from workers.testing.proxy import answer

ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")


@asynccontextmanager
async def two_workers(run: Delivery, rate: float) -> AsyncIterator[list[Deliverer]]:
    """Two processes' deliverers of the same target: nothing in common but Redis."""
    async with AsyncExitStack() as stack:
        workers = []
        for _ in range(2):
            session = await stack.enter_async_context(aiohttp.ClientSession())
            workers.append(other(run, TARGET, session, rate))
        yield workers


async def test_one_worker_is_asked_to_wait_and_all_do(run: Delivery) -> None:
    """429 with Retry-After: 1 to one worker == no request of another before that, then all arrive."""
    await run.know(*people(ids(4)))
    times = timed(run, through, first=answer(429, Retry_After="1"))
    async with two_workers(run, 1000) as (first, second):
        await first.deliver(Key(Kind.PERSON, "p000"))
        assert len(times) == 1
        assert await state(run) == "throttled"

        async def all_are_there() -> bool:
            for id_ in ids(4):
                await asyncio.gather(first.deliver(key := Key(Kind.PERSON, id_)), second.deliver(key))
            return await count_is(run, 4)

        await until(all_are_there, 20)
    assert times[1] >= times[0] + 1
    assert {(await run.entry(id_)).attempts for id_ in ids(4)} == {0}


async def test_who_waits_for_a_turn_hears_of_it_too(run: Delivery) -> None:
    """A worker waits for its turn when another is asked to wait 9 s == it sends nothing in that time."""
    await run.know(person("ana"), person("ben"))
    times = timed(run, answer(429, Retry_After="9"))
    async with two_workers(run, 1) as (first, second):  # one request each second
        await asyncio.gather(first.deliver(ANA), second.deliver(BEN))
    assert len(times) == 1


async def test_a_longer_request_to_wait_counts(run: Delivery) -> None:
    """Asked to wait 60 s, then 1 s == the 60 s go on; a pause by hand says how long."""
    gate = run.deliverer.gate
    await gate.throttle(60)
    await gate.throttle(1)
    paused = await gate.paused()
    assert paused["state"] == "throttled"
    assert 58 < float(paused["reason"].split()[-3]) <= 60


async def test_whoever_is_asked_to_wait_tells_all(run: Delivery) -> None:
    """429 to a mere check of the target == no delivery sends anything for that time."""
    await run.know(person("ana"))
    times = timed(run, answer(429, Retry_After="9"))
    with pytest.raises(TryLater):
        await run.deliverer.target.find(Wanted(ANA, {"userName": "ana@example.com"}))
    async with two_workers(run, 1000) as (first, _):
        await first.deliver(ANA)
    assert len(times) == 1
