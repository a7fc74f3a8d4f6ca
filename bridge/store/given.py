"""How many changes targets were given, by quarters of an hour: any time zone makes its days of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from bridge.model import DAY, HORIZON, Entry, Outcome
from bridge.store.audit import UNREMARKABLE
from bridge.store.connection import Connection
from bridge.store.keys import Keys

QUARTER = 900
"""Seconds. No zone in use is apart from UTC by less than a multiple of it (IANA tz database)."""

KEPT = int((HORIZON + 3) * DAY)
"""Seconds from which Redis forgets a day after the last change that was noted in it."""

_PER_DAY = int(DAY // QUARTER)


def quarter(entry: Entry) -> int | str:
    """In which quarter of an hour since the epoch a delivery changed something; "" where it did not."""
    is_given = entry.outcome not in (*UNREMARKABLE, Outcome.FAILED)
    return int(entry.at // QUARTER) if is_given else ""


class Given:
    """The numbers of one account. They tell of no one, and no delivery waits for them."""

    def __init__(self, redis: Connection, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def between(self, first: float, last: float) -> Mapping[float, int]:
        """By the beginning of a quarter of an hour, how many changes there were in it. Epoch seconds."""
        days = range(int(first // DAY), int(last // DAY) + 1)
        found = await asyncio.gather(*(self._redis.hgetall(self._keys.of(f"given:{day}")) for day in days))
        counted: Counter[float] = Counter()
        for day, quarters in zip(days, found, strict=True):
            for number, count in quarters.items():
                if number.isdigit() and count.isdigit():  # else somebody else wrote it
                    counted[float((day * _PER_DAY + int(number)) * QUARTER)] += int(count)
        return counted
