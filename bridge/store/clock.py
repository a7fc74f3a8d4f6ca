"""One clock for all processes: Redis's."""

from __future__ import annotations

import time

from bridge.store.connection import Connection

_QUICK = 1.0
"""Seconds that an answer may take from which the time is taken: by as much it may be wrong."""

_TRIES = 3


class Clock:
    """Seconds since the epoch by Redis's clock; before that was asked once, by the host's.

    What one worker writes down, another one compares with its own time: how long something has been under
    way must not depend on whose host has its clock wrong. Between two questions it goes by the monotonic
    clock, so that it does not jump with the host's either.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def __call__(self) -> float:
        """The time now."""
        return time.time() if self._ahead is None else time.monotonic() + self._ahead

    async def ask(self, redis: Connection) -> None:
        """Go by Redis's clock as it is now. Raises RedisError.

        A process that slept while it asked asks again; where every answer is slow, all stays as it was.
        """
        for _ in range(_TRIES):
            asked = time.monotonic()
            seconds, microseconds = await redis.time()
            took = time.monotonic() - asked
            if took < _QUICK:
                self._ahead = seconds + microseconds / 1e6 - asked - took / 2
                return
