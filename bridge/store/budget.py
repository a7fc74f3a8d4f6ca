"""The calls of a dear sort that a target has had, counted for all processes through Redis."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.store.connection import Connection
from bridge.store.keys import Keys, script
from bridge.wire.budget import DAY, Window, used_up

_BUDGET = script("budget")
_MICRO = 1_000_000


class CallBudget:
    """The budget of one target; see `bridge.wire.budget.Budget`. A Redis that forgets it begins anew."""

    def __init__(self, redis: Connection, keys: Keys, target: str) -> None:
        self._redis = redis
        self._key = keys.at(target, "budget")

    async def take(self, windows: Sequence[Window], *, urgent: bool) -> None:
        """Count one call. Raises TryLater, and RedisError."""
        limits: list[int] = []
        for window in windows:
            limits += (round(window.seconds * _MICRO), window.allows(urgent=urgent))
        used_up(await self._redis.eval(_BUDGET, 1, self._key, round(DAY * _MICRO), *limits) / _MICRO)

    async def used(self) -> int:
        """How many calls the last 24 hours have seen, by Redis's own clock."""
        seconds, micros = await self._redis.time()
        since = seconds * _MICRO + micros - round(DAY * _MICRO)
        return int(await self._redis.zcount(self._key, f"({since}", "+inf"))
