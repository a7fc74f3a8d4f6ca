"""The rate of a target's credential, shared by all workers through Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from bridge.errors import TryLater
from bridge.store.connection import Connection
from bridge.store.keys import Keys, script
from bridge.store.together import Together

_PACE = script("pace")


class _Place(NamedTuple):
    """`wait`: microseconds to its turn; `throttled`: milliseconds for which nobody has any."""

    wait: int
    throttled: int


class Pace:
    """Waits until the next request may be sent.

    `rate`: requests per second; `burst`: how many may go at once after a pause; `of`: the name of what has
    it, "" for all requests. `sleep` is injected by tests.
    """

    def __init__(
        self,
        redis: Connection,
        keys: Keys,
        target: str,
        rate: float,
        burst: int = 1,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        of: str = "",
    ) -> None:
        self._redis = redis
        self._key = keys.at(target, f"pace:{of}" if of else "pace")
        self._throttle = keys.at(target, "throttle")
        self._interval = max(1, round(1_000_000 / rate))
        self._burst = burst
        self._sleep = sleep
        self._taking = Together(self._take)

    async def turn(self) -> None:
        """Take a place in the row and wait for it. Raises TryLater while the target has asked to wait."""
        await self._wait(await self._taking.ask(None))

    async def _take(self, places: Sequence[None]) -> Sequence[_Place]:
        throttled, *waits = await self._redis.eval(
            _PACE, 2, self._key, self._throttle, self._interval, self._burst, len(places)
        )
        return [_Place(wait, 0) for wait in waits] or [_Place(0, throttled)] * len(places)

    async def _wait(self, place: _Place) -> None:
        throttled = place.throttled
        if place.wait:
            await self._sleep(place.wait / 1_000_000)
            throttled = max(0, await self._redis.pttl(self._throttle))  # another worker may have been told
        if throttled:
            raise TryLater("the target has asked everybody to wait", after=throttled / 1000)
