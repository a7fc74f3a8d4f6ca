"""What people have been told of, so that they are told once, whichever process looks."""

from __future__ import annotations

from collections.abc import Collection

from bridge.store.connection import Connection
from bridge.store.keys import Keys, legible


class Notices:
    """The conditions of one account that were told of and last still. Ids, no values."""

    def __init__(self, redis: Connection, keys: Keys) -> None:
        self._redis = redis
        self._key = keys.of("told")

    async def told(self) -> set[str]:
        """What was told of, and has not ended by what was told since."""
        return {legible(name) for name in await self._redis.hgetall(self._key)}

    async def note(self, begun: Collection[str], ended: Collection[str], now: float) -> None:
        """Remember what was told."""
        if ended:
            await self._redis.hdel(self._key, *ended)
        if begun:
            await self._redis.hset(self._key, mapping=dict.fromkeys(begun, now))
