"""Notices that Redis may have forgotten something: it was restarted, and nobody had closed it in order.

With `appendfsync everysec` a power cut costs the last second, and a failover may cost more. What was
delivered in that time is then unknown to the ledger, although it looks complete.
"""

from __future__ import annotations

from bridge.store.connection import Connection
from bridge.store.keys import Keys


class Continuity:
    """Compares the run of the Redis server with the one that was seen last."""

    def __init__(self, redis: Connection, keys: Keys) -> None:
        self._redis = redis
        self._run = keys.of("run")
        self._closed = keys.of("closed")

    async def is_broken(self) -> bool:
        """Whether this is another run than the last one seen, and that one was not closed in order."""
        last = await self._redis.get(self._run)
        if last is None or last == (await run_id(self._redis)).encode():
            return False
        return await self._redis.get(self._closed) != last

    async def begin(self) -> None:
        """Take note of this run; to be called when what was forgotten has been dealt with."""
        await self._redis.set(self._run, await run_id(self._redis))

    async def carry_on(self) -> None:
        """Take note of this run, unless something may be forgotten: that is left for the next poll to see."""
        if not await self.is_broken():
            await self.begin()

    async def close(self) -> None:
        """Say that the server is about to be stopped in order, so that it forgets nothing."""
        await self._redis.set(self._closed, await run_id(self._redis))


async def run_id(redis: Connection) -> str:
    """The name of the server's run: a restart, and a failover, is another one."""
    return str((await redis.info("server"))["run_id"])
