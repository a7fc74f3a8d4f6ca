"""Puts jobs on the targets' arq queues. The only enqueuer.

A job says "look at this record for this target" and nothing else; doubled, lost or late, it does no harm.
All jobs of a poll go out in one pipeline: arq's own `enqueue_job` costs three round trips a job.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from arq.connections import ArqRedis
from arq.constants import job_key_prefix
from arq.jobs import serialize_job

from bridge.model import Entry, Key
from bridge.store.keys import Keys

FUNCTION = "deliver"
"""The name of the one arq function."""

URGENT = 0
"""The rank of leavers: before everything that waits."""

READ_BACK = 1_000_000
"""The rank from which on jobs wait for all that is more than reading back what a target should have."""

_EXPIRY = 24 * 3600 * 1000  # milliseconds; a poll makes an expired job again
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Job:
    """A record to look at. `rank` orders the jobs of one call; `at` (epoch seconds) delays one.

    `serial` tells a repeated job from the one that asked for it and still stands in the queue: it is the time
    of the retry (`serial_of`), so that the poll and the delivery name the same job.
    """

    key: Key
    revision: int
    rank: int = 1
    at: float = 0.0
    serial: int = 0


def serial_of(entry: Entry) -> int:
    """The serial of the job for an entry's next try: 0 unless it is a retry."""
    return int(entry.retry_at * 1000)


def serialize(value: dict[str, Any]) -> bytes:
    """A job as JSON, never pickle."""
    return orjson.dumps(value, default=str)


def deserialize(blob: bytes) -> dict[str, Any]:
    """Read what `serialize` wrote. Raises ValueError; arq then drops the job, and the next poll renews it."""
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

    async def enqueue(self, target: str, jobs: Iterable[Job], now: float) -> int:
        """Put jobs on a target's queue; one that waits there already stays where it is. Returns how many.

        A queue is ordered by time in milliseconds, and what is due may start at once. Urgent jobs get the
        earliest times there are. Most get seconds in their place, which is long ago, in the order of their
        ranks. What is only to be read back gets its true time, and so comes last.
        """
        ordered = sorted(jobs, key=lambda job: job.rank)
        last = int(now * 1000)
        for start in range(0, len(ordered), _BATCH):
            async with self._redis.pipeline(transaction=False) as pipe:
                for place, job in enumerate(ordered[start : start + _BATCH], start):
                    score = now - (len(ordered) - place) / 1_000_000
                    if job.rank == URGENT:
                        score = 1 + place  # arq ignores a job whose time is 0
                    elif job.rank >= READ_BACK:
                        score = last - len(ordered) + place
                    if job.at > now:
                        score = int(job.at * 1000)
                    self._add(pipe, target, job, score, last)
                await pipe.execute()
        return len(ordered)

    async def withdraw(self, target: str, key: Key) -> int:
        """Take all jobs of a record off a target's queue. Returns how many."""
        name, part = self.name(target), f":{key}:"
        found = [blob.decode() for blob in await self._redis.zrange(name, 0, -1)]
        ids = [job_id for job_id in found if part in job_id]
        if ids:
            await self._redis.zrem(name, *ids)
            await self._redis.delete(*(job_key_prefix + job_id for job_id in ids))
        return len(ids)

    def _add(self, pipe: Any, target: str, job: Job, score: float, now: int) -> None:
        job_id = f"{self._keys.prefix}{target}:{job.key}:{job.revision}:{job.serial}"
        payload = serialize_job(FUNCTION, (str(job.key),), {}, None, now, serializer=serialize)
        expiry = max(_EXPIRY, int(score) - now + _EXPIRY)
        pipe.set(job_key_prefix + job_id, payload, px=expiry, nx=True)
        # The earlier time wins: a clock that was set back must not leave a job in the future.
        pipe.zadd(self.name(target), {job_id: score}, lt=True)
