"""The rate of a target, shared by all workers."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from bridge.errors import TryLater
from bridge.store.backend import Backend, open_backend
from bridge.store.pace import Pace
from tests.inside import contents

RATE, BURST = 50.0, 10


class Sleeper:
    """Notes for how long it was asked to sleep, and does not."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def pace(
    backend: Backend, sleeper: Sleeper, target: str = "directory", rate: float = RATE, burst: int = BURST
) -> Pace:
    return Pace(backend._connection, backend.keys, target, rate, burst, sleeper.sleep)


async def redis_time(backend: Backend) -> float:
    seconds, micros = await backend.redis.time()
    return float(seconds + micros / 1e6)


async def turn(backend: Backend, pace: Pace, sleeper: Sleeper) -> tuple[float, float]:
    """Between which two moments of Redis's clock the request would be sent."""
    before, slept = await redis_time(backend), len(sleeper.slept)
    await pace.turn()
    wait = sum(sleeper.slept[slept:])
    return before + wait, await redis_time(backend) + wait


async def test_two_workers_together_keep_the_rate(backend: Backend, redis_url: str) -> None:
    """Of 200 requests from two connections, no second holds more than the rate and the burst."""
    started = time.monotonic()
    async with open_backend(redis_url) as opened:
        other = Backend(opened.redis, backend.keys, opened.codec)
        moments = []
        for owner in itertools.islice(itertools.cycle([backend, other]), 200):
            sleeper = Sleeper()
            moments.append(await turn(owner, pace(owner, sleeper), sleeper))
    moments.sort()
    for number, (earliest, _) in enumerate(moments):
        surely_inside = sum(1 for _, latest in moments[number:] if latest < earliest + 1)
        assert surely_inside <= RATE + BURST
    # Nor is the rate left unused: 190 requests after the burst take 190 intervals.
    elapsed = time.monotonic() - started
    assert moments[-1][0] - moments[0][0] <= 190 / RATE + elapsed


async def test_concurrent_turns_get_places_of_their_own(backend: Backend) -> None:
    """Turns taken at the same moment are one interval apart."""
    sleeper = Sleeper()
    pacer = pace(backend, sleeper, rate=0.1, burst=1)
    await asyncio.gather(*(pacer.turn() for _ in range(20)))
    assert [round(seconds / 10) for seconds in sorted(sleeper.slept)] == list(range(1, 20))


async def test_burst_goes_at_once(backend: Backend) -> None:
    """As many requests as the burst do not wait, and the next one waits an interval."""
    sleeper = Sleeper()
    pacer = pace(backend, sleeper, rate=0.1, burst=5)
    for _ in range(5):
        await pacer.turn()
    assert sleeper.slept == []
    await pacer.turn()
    assert sleeper.slept == [pytest.approx(10, abs=3)]


async def test_pause_gives_the_burst_back_and_no_more(backend: Backend) -> None:
    """After a long pause as many may go at once as after a start, however long the pause was."""
    sleeper = Sleeper()
    pacer = pace(backend, sleeper, rate=0.1, burst=3)
    # What a request one hour ago has left.
    an_hour_ago = int((await redis_time(backend) - 3600) * 1e6)
    await backend.redis.set(backend.keys.at("directory", "pace"), an_hour_ago)
    for _ in range(4):
        await pacer.turn()
    assert sleeper.slept == [pytest.approx(10, abs=3)]


async def test_waits_are_real_by_default(backend: Backend) -> None:
    """Without an injected sleep a turn really waits, in seconds."""
    pacer = Pace(backend._connection, backend.keys, "directory", rate=20)
    started = time.monotonic()
    for _ in range(5):
        await pacer.turn()
    assert 0.19 <= time.monotonic() - started < 5


async def test_nobody_sends_while_the_target_wants_rest(backend: Backend) -> None:
    """While a target has asked to wait, a turn is refused with the time that is left, and takes no place."""
    sleeper = Sleeper()
    await backend.gate("directory").throttle(100.0)
    pacer = pace(backend, sleeper, rate=0.1, burst=1)
    for _ in range(3):
        with pytest.raises(TryLater) as caught:
            await pacer.turn()
        assert caught.value.after == pytest.approx(99, abs=2)
    await pace(backend, sleeper, target="other", rate=0.1, burst=1).turn()
    await backend.redis.delete(backend.keys.at("directory", "throttle"))
    await pacer.turn()
    assert sleeper.slept == []


async def test_targets_do_not_wait_for_each_other(backend: Backend) -> None:
    """Each target has a rate of its own."""
    sleeper = Sleeper()
    for number in range(50):
        await pace(backend, sleeper, target=f"t{number}", rate=0.1, burst=1).turn()
    assert sleeper.slept == []


async def test_some_requests_have_a_rate_of_their_own(backend: Backend) -> None:
    """Searches, and all requests of the same target == neither takes the other's turns, a name has one."""
    for of in ("", "searches", "lists"):
        async with asyncio.timeout(5):
            await backend.pace("directory", 0.1, of).turn()
    for of in ("searches", ""):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(backend.pace("directory", 0.1, of).turn(), 0.05)


async def test_bucket_ends_when_it_is_full(backend: Backend) -> None:
    """What Redis keeps is one key, which ends soon after the last request is due, and not before."""
    sleeper = Sleeper()
    for _ in range(100):
        await pace(backend, sleeper, rate=1.0).turn()
    (key,) = await contents(backend.redis, backend.keys.prefix + "*")
    assert 90_000 < await backend.redis.pttl(key) <= 101_001


async def test_backend_lets_a_second_go_at_once(backend: Backend) -> None:
    """Two a second == two at once, and no third; one in ten seconds == one at once, and no second."""
    for rate, at_once in ((2, 2), (0.1, 1)):
        pacer = backend.pace(f"t{at_once}", rate)
        async with asyncio.timeout(0.8 / rate):
            await asyncio.gather(*(pacer.turn() for _ in range(at_once)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pacer.turn(), 0.02)


async def test_turns_that_are_asked_for_together_stand_in_a_row(backend: Backend) -> None:
    """60 at once, then 10 more == the burst at once, the others one interval after the other."""
    sleeper = Sleeper()
    one = pace(backend, sleeper)
    await asyncio.gather(*(one.turn() for _ in range(60)))
    await asyncio.gather(*(one.turn() for _ in range(10)))
    first, second = sleeper.slept[:-10], sleeper.slept[-10:]
    assert len(first) == 60 - BURST
    for row in (first, second):  # between the two some time has passed
        gaps = [later - earlier for earlier, later in itertools.pairwise(row)]
        assert gaps == pytest.approx([1 / RATE] * len(gaps), abs=0.001)
    assert second[-1] <= 60 / RATE


async def test_all_who_ask_together_hear_of_a_throttle(backend: Backend) -> None:
    """The target has asked to wait == each of 20 who ask at once is told, and takes no place."""
    one = pace(backend, Sleeper())
    await backend.gate("directory").throttle(30)
    found = await asyncio.gather(*(one.turn() for _ in range(20)), return_exceptions=True)
    assert all(isinstance(error, TryLater) and 29 < (error.after or 0) <= 30 for error in found)
    await backend.gate("directory").reopen()
    await one.turn()
