"""Whether Redis still has all that was written for one target since a moment.

What is held in memory beside Redis is worth no more than that: a Redis that was restarted, restored, emptied
or bereft of some values may have forgotten what the memory relies on its knowing.
"""

from __future__ import annotations

import secrets

from bridge.store.connection import Connection
from bridge.store.continuity import run_id
from bridge.store.keys import Keys


class Unbroken:
    """Watches over what was written for one target since `begin`."""

    def __init__(self, redis: Connection, keys: Keys, target: str) -> None:
        self._redis = redis
        self._marks = keys.of("marks")
        self._grows = [keys.at(target, name) for name in ("links", "ledger")]
        self._word = ""
        self._run = ""
        self._counts: list[int] = [0] * len(self._grows)

    async def begin(self, seconds: float) -> None:
        """From now on, for so long at most."""
        word, self._word = secrets.token_hex(8), ""
        await self._redis.hset(self._marks, mapping={word: 1})
        await self._redis.pexpire(self._marks, int(seconds * 1000))
        self._run, self._counts = await run_id(self._redis), [0] * len(self._grows)
        self._word = word

    async def lasts(self) -> bool:
        """Whether all is there still: the run, the mark, and at least as many links and entries as last time.

        Once it is not, it never is again until `begin`.
        """
        if not self._word:
            return False
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hexists(self._marks, self._word)
            for name in self._grows:
                pipe.hlen(name)
            marked, *counts = await pipe.execute()
        fewer = any(now < before for now, before in zip(counts, self._counts, strict=True))
        self._counts = counts
        if not marked or fewer or await run_id(self._redis) != self._run:
            self._word = ""
        return bool(self._word)


async def break_off(redis: Connection, keys: Keys) -> None:
    """Something is taken out of Redis on purpose: nobody may rely on its being there."""
    await redis.delete(keys.of("marks"))
