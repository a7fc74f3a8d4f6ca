"""Calls of which a target takes few, counted by one process, and by all through Redis."""

from __future__ import annotations

import asyncio

import pytest

from bridge.errors import TryLater
from bridge.store.backend import Backend
from bridge.wire.budget import DAY, Budget, Purse, Window


@pytest.fixture(params=["redis", "one process"])
def budget(request: pytest.FixtureRequest, backend: Backend) -> Budget:
    return backend.budget("directory") if request.param == "redis" else Purse()


async def test_a_call_too_many(budget: Budget) -> None:
    """So many calls in the span, and then the seconds until the first of them is no longer in it."""
    for _ in range(3):
        await budget.take([Window(DAY, 3)], urgent=False)
    with pytest.raises(TryLater) as caught:
        await budget.take([Window(DAY, 3)], urgent=False)
    assert DAY - 10 < (caught.value.after or 0) <= DAY
    assert caught.value.of_the_target
    assert await budget.used() == 3


async def test_what_is_kept_for_the_urgent(budget: Budget) -> None:
    """The last calls are for what cannot wait, and for nothing when they are used up too."""
    window = Window(DAY, 4, kept=1)
    for _ in range(3):
        await budget.take([window], urgent=False)
    with pytest.raises(TryLater):
        await budget.take([window], urgent=False)
    await budget.take([window], urgent=True)
    with pytest.raises(TryLater):
        await budget.take([window], urgent=True)
    assert await budget.used() == 4


async def test_a_short_span_passes(budget: Budget) -> None:
    """A call is free again when the span has passed; one that was refused was not counted."""
    windows = [Window(0.3, 2), Window(DAY, 100)]
    for _ in range(2):
        await budget.take(windows, urgent=False)
    with pytest.raises(TryLater) as caught:
        await budget.take(windows, urgent=False)
    assert 0 < (caught.value.after or 0) <= 0.3
    await asyncio.sleep((caught.value.after or 0) + 0.01)
    await budget.take(windows, urgent=False)
    assert await budget.used() == 3


async def test_all_processes_share_one(backend: Backend) -> None:
    """Forty at the same time from two processes == just as many as the span takes, at this target."""
    first, second = backend.budget("directory"), backend.budget("directory")
    calls = [one.take([Window(DAY, 25)], urgent=False) for one in (first, second) for _ in range(20)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, TryLater) for one in answers) == 15
    assert await first.used() == await second.used() == 25
    assert await backend.budget("other").used() == 0


async def test_yesterday_is_forgotten() -> None:
    """A call of 24 hours ago counts no more."""
    now = [1_000_000.0]
    purse = Purse(lambda: now[0])
    await purse.take([Window(DAY, 1)], urgent=False)
    now[0] += DAY - 1
    with pytest.raises(TryLater):
        await purse.take([Window(DAY, 1)], urgent=False)
    now[0] += 2
    assert await purse.used() == 0
    await purse.take([Window(DAY, 1)], urgent=False)
    assert await purse.used() == 1


async def test_nothing_is_kept_for_ever(backend: Backend) -> None:
    """A day after the last call Redis has nothing of it."""
    await backend.budget("directory").take([Window(DAY, 10)], urgent=False)
    left = await backend.redis.pttl(backend.keys.at("directory", "budget"))
    assert DAY - 10 < left / 1000 <= DAY
