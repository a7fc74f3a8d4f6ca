"""One clock for all processes, whatever those of their hosts do."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bridge.store.backend import Backend
from bridge.store.clock import Clock
from bridge.store.deliveries import LOCK_TTL
from tests.delivery import Delivery
from tests.workers.gating import until, working

HOUR = 3600.0


class Slow:
    """A Redis whose first answers take so long, as to a process that was stopped meanwhile."""

    def __init__(self, backend: Backend, slow: int) -> None:
        self._redis: Any = backend.redis
        self._slow = slow

    async def time(self) -> tuple[int, int]:
        told: tuple[int, int] = await self._redis.time()
        if self._slow:
            self._slow -= 1
            await asyncio.sleep(1.1)
        return told


async def redis_time(backend: Backend) -> float:
    redis: Any = backend.redis
    seconds, microseconds = await redis.time()
    return float(seconds + microseconds / 1e6)


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> float:
    """The host's clock, an hour behind."""
    monkeypatch.setattr(time, "time", lambda right=time.time: right() - HOUR)
    return time.time()


async def test_a_host_whose_clock_is_wrong(backend: Backend, wrong: float) -> None:
    """Not asked yet == the host's; asked == Redis's, and it goes on."""
    assert backend.clock() == pytest.approx(wrong, abs=5)
    await backend.set_clock()
    assert backend.clock() == pytest.approx(await redis_time(backend), abs=0.5)
    await asyncio.sleep(0.2)
    assert backend.clock() == pytest.approx(await redis_time(backend), abs=0.1)


@pytest.mark.parametrize(("slow", "believes"), [(1, True), (9, False)])
async def test_an_answer_that_took_long(backend: Backend, wrong: float, slow: int, *, believes: bool) -> None:
    """Its time is over by then == asked again; never taken."""
    clock = Clock()
    await clock.ask(Slow(backend, slow))  # type: ignore[arg-type]
    assert clock() == pytest.approx(await redis_time(backend) if believes else wrong, abs=10)
    assert clock() == pytest.approx(await redis_time(backend) if believes else time.time(), abs=0.5)


@pytest.mark.usefixtures("wrong")
async def test_workers_go_by_it(run: Delivery) -> None:
    """They begin on a host whose clock is wrong == deliveries have Redis's time from the first one on."""

    async def has_the_time() -> bool:
        return abs(run.backend.clock() - await redis_time(run.backend)) < 1

    async with working([run.deliverer], run.backend):
        await until(has_the_time, LOCK_TTL / 6)  # before locks are renewed for the first time
