"""What is to be looked at, and the waking of those who look.

Which records are due, and when others will be, stands in two sorted sets of their target; workers take from
them what they have room for (`Deliveries.due`). A job on arq's queue says only "look", and names nothing:
doubled, lost or late, it does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from arq.connections import ArqRedis
from arq.constants import job_key_prefix
from arq.jobs import serialize_job

from bridge.model import Key
from bridge.store.keys import Keys

FUNCTION = "look"
"""The name of the one arq function."""

URGENT = 0
"""The rank of leavers: before everything that waits."""

READ_BACK = 1_000_000
"""The rank from which on records wait for all that is more than reading back what a target should have."""

_EXPIRY = 3600 * 1000  # milliseconds of a job, and of a waking: workers look by themselves too
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Due:
    """A record to look at: those of a lower `rank` first, and not before `at` (epoch seconds)."""

    key: Key
    rank: int = 1
    at: float = 0.0


def serialize(value: dict[str, Any]) -> bytes:
    """A job as JSON, never pickle."""
    return orjson.dumps(value, default=str)


def deserialize(blob: bytes) -> dict[str, Any]:
    """Read what `serialize` wrote. Raises ValueError; arq then drops the job."""
    value: dict[str, Any] = orjson.loads(blob)
    return value


class Queue:
    """The queues of one account's targets."""

    def __init__(self, redis: ArqRedis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    def name(self, target: str) -> str:
        """The Redis key of a target's queue."""
        return self._keys.at(target, "queue")

    async def add(self, target: str, records: Iterable[Due], now: float) -> int:
        """Let records be looked at, and wake a worker. Returns how many.

        The more urgent rank and the earlier time win: a clock that was set back leaves nothing in the future.
        """
        due, later = {}, {}
        for record in records:
            if record.at > now:
                later[str(record.key)] = record.at
            else:
                due[str(record.key)] = float(record.rank)
        for name, wanted in (("due", due), ("later", later)):
            pairs = list(wanted.items())
            for start in range(0, len(pairs), _BATCH):
                await self._redis.zadd(
                    self._keys.at(target, name), dict(pairs[start : start + _BATCH]), lt=True
                )
        if due:
            await self.wake(target, now)
        return len(due) + len(later)

    async def depth(self, target: str) -> tuple[int, int]:
        """How many records are to be looked at now, and how many at a time to come."""
        due, later = [await self._redis.zcard(self._keys.at(target, name)) for name in ("due", "later")]
        return int(due), int(later)

    async def wake(self, target: str, now: float) -> None:
        """Ask for a look at what is due, by a job, and wake somebody to read it."""
        milliseconds = int(now * 1000)
        job_id = f"{self._keys.prefix}{target}:look:{milliseconds}"
        payload = serialize_job(FUNCTION, (), {}, None, milliseconds, serializer=serialize)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.set(job_key_prefix + job_id, payload, px=_EXPIRY, nx=True)
            pipe.zadd(
                self.name(target), {job_id: 1}
            )  # due whatever the clocks of workers say; arq ignores a 0
            await pipe.execute()
        await self.nudge(target)

    async def nudge(self, target: str) -> None:
        """Wake one of those who wait, if anybody does."""
        wake = self._keys.at(target, "wake")
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.rpush(wake, 1)
            pipe.ltrim(wake, -1, -1)
            pipe.pexpire(wake, _EXPIRY)
            await pipe.execute()

    async def woken(self, target: str, seconds: int) -> bool:
        """Wait until somebody is to look, or for so long. Whether somebody is."""
        redis: Any = self._redis  # redis-py declares the answer as "maybe awaitable"
        return await redis.blpop([self._keys.at(target, "wake")], timeout=seconds) is not None

    async def withdraw(self, target: str, key: Key) -> int:
        """Let a record not be looked at any more. Returns from how many places it was taken."""
        taken = [await self._redis.zrem(self._keys.at(target, name), str(key)) for name in ("due", "later")]
        return sum(taken)
