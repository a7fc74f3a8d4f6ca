"""How arq takes jobs from a target's queue, as far as it matters: in order of time, each under a claim."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from arq.constants import in_progress_key_prefix, job_key_prefix
from arq.jobs import deserialize_job_raw
from redis.exceptions import RedisError

from bridge.errors import LockLost
from bridge.model import Key
from bridge.store import Claim
from bridge.store.backend import Backend
from bridge.store.ledger import LOCK_TTL
from bridge.store.queue import deserialize
from tests.simulation.process import DELIVERY, Delivery, Process
from tests.simulation.store import Store
from workers.delivery.deliver import Deliverer
from workers.delivery.gate_watch import watch
from workers.delivery.survey import FirstContact

# What arq does in several commands: the due jobs in order of time, a claim on each, its body.
# KEYS: queue. ARGV: now, how many, milliseconds of a claim, prefix of claims, prefix of bodies.
_TAKE = """
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])) do
  if #taken >= 2 * tonumber(ARGV[2]) then break end
  if redis.call('SET', ARGV[4] .. id, '1', 'NX', 'PX', ARGV[3]) then
    taken[#taken + 1] = id
    taken[#taken + 1] = redis.call('GET', ARGV[5] .. id) or ''
  end
end
return taken
"""

LOOK, IDLE = 0.3, 12
"""Seconds after which a worker sees a new job, and how often that passes before it looks for old ones."""


class Worker:
    """One process's worker for one target."""

    def __init__(self, deliverer: Deliverer, backend: Backend, process: Process, store: Store) -> None:
        self._deliverer = deliverer
        self._redis: Any = backend.redis
        self._queue = backend.queue.name(deliverer.route.name)
        self._process = process
        self._store = store
        self._first_contact = FirstContact(deliverer, backend)
        self._slots = 2 * deliverer.route.settings.concurrency
        self._running: set[str] = set()
        self._held: dict[str, Claim] = {}
        self._woken = asyncio.Event()

    def start(self) -> None:
        """Begin to take jobs."""
        self._process.spawn(self._serve())
        self._process.spawn(self._renew())
        self._process.spawn(watch(self._deliverer))

    async def _serve(self) -> None:
        while self._process.world.odds.first_contact and not self._first_contact.is_over:
            with contextlib.suppress(RedisError):
                await self._first_contact.wait()
            await asyncio.sleep(LOOK)
        while True:
            self._woken.clear()
            with contextlib.suppress(RedisError):
                await self._look()
            seen = self._store.enqueued
            for _ in range(IDLE):  # arq looks all the time; here that would be nearly all that happens
                await asyncio.sleep(LOOK)
                if self._store.enqueued != seen or self._woken.is_set():
                    break

    async def _look(self) -> None:
        free = self._slots - len(self._running)
        if free <= 0:
            return
        now, milliseconds = int(self._process.clock() * 1000), int(LOCK_TTL * 1000)
        prefixes = in_progress_key_prefix, job_key_prefix
        taken = await self._redis.eval(_TAKE, 1, self._queue, now, free, milliseconds, *prefixes)
        for blob, body in zip(taken[::2], taken[1::2], strict=True):
            self._running.add(blob.decode())
            self._process.spawn(self._job(blob.decode(), body))

    async def _job(self, job_id: str, body: bytes) -> None:
        DELIVERY.set(Delivery(self._process.name, misconfigured=self._process.misconfigured))
        try:
            # A job that fails is taken off the queue all the same, like one whose body has gone.
            with contextlib.suppress(RedisError):
                if body:
                    _, (key,), *_ = deserialize_job_raw(body, deserializer=deserialize)
                    await self._deliverer.deliver(Key.parse(key), lambda claim: self._hold(job_id, claim))
            with contextlib.suppress(RedisError):
                await self._finish(job_id)
        finally:
            self._running.discard(job_id)
            self._held.pop(job_id, None)
            self._woken.set()

    def _hold(self, job_id: str, claim: Claim) -> None:
        self._held[job_id] = claim

    async def _finish(self, job_id: str) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(in_progress_key_prefix + job_id, job_key_prefix + job_id)
            pipe.zrem(self._queue, job_id)
            await pipe.execute()

    async def _renew(self) -> None:
        """Lengthen arq's claims and our locks of everything that runs here."""
        while True:
            await asyncio.sleep(LOCK_TTL / 3)
            with contextlib.suppress(RedisError):
                for job_id in sorted(self._running):
                    await self._redis.expire(in_progress_key_prefix + job_id, int(LOCK_TTL))
                for claim in list(self._held.values()):
                    with contextlib.suppress(LockLost):
                        await self._deliverer.ledger.renew(claim)
