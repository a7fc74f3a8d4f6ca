"""The wish that Kenjo be polled now, from whoever has it to the process that polls."""

from __future__ import annotations

from bridge.store.connection import Connection
from bridge.store.keys import Keys

GAP = 10.0
"""Seconds between two wishes: every poll reads whole lists, and Kenjo counts requests."""

_LASTS = 3600.0  # seconds: a wish that nobody could take is answered by some poll long before


class Asked:
    """The wish of one account. A wish during a poll is for the next one: this one may have read already."""

    def __init__(self, redis: Connection, keys: Keys) -> None:
        self._redis = redis
        self._wish, self._recent = keys.of("asked"), keys.of("asked-recently")

    async def ask(self) -> float:
        """Wish for a poll. Returns 0, or for how many seconds nobody may, as somebody just did."""
        if not await self._redis.set(self._recent, "1", nx=True, px=int(GAP * 1000)):
            return max(0.001, await self._redis.pttl(self._recent) / 1000)
        await self._redis.set(self._wish, "1", px=int(_LASTS * 1000))
        return 0.0

    async def take(self) -> bool:
        """Whether there was a wish, which is fulfilled by the poll that begins after this."""
        return bool(await self._redis.delete(self._wish))
