"""The pulse of a loop: shows that it moves, also while it waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


class Pulse:
    """The pulse of one loop."""

    def __init__(self) -> None:
        self._beat = time.monotonic()

    def stalled(self, limit: float) -> bool:
        """Whether the loop has not moved for `limit` seconds."""
        return time.monotonic() - self._beat > limit

    async def wait(self, seconds: float, until: Callable[[], Awaitable[bool]], look_every: float) -> None:
        """Wait for so long, or until that is so; it is looked at every so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not await until():
            self._beat = time.monotonic()
            await asyncio.sleep(min(left, look_every))
        self._beat = time.monotonic()
