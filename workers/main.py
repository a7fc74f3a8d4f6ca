"""The workers: one arq worker per target, which is woken by jobs and takes what is due from Redis.

What arq needs to be told, and why: docs/decisions/0003-arq-is-a-transport.md, 0014-work-is-pulled.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from arq.worker import Worker, func
from redis.exceptions import RedisError

from bridge.errors import Damaged, StoreUnavailable, Unreadable, unforeseen
from bridge.logs import get_logger
from bridge.store.backend import Backend
from bridge.store.deliveries import LOCK_TTL
from bridge.store.queue import FUNCTION, deserialize, serialize
from bridge.store.trouble import AWAY, trouble
from workers.delivery.deliver import Deliverer
from workers.delivery.draining import Drain
from workers.delivery.drift import keep_looking
from workers.delivery.first_contact import FirstContact
from workers.delivery.gate_watch import watch
from workers.delivery.publishing import keep_publishing

log = get_logger("workers")

IDLE_INTERVAL = 2  # seconds after which a worker looks although nobody has woken it
BUSY_INTERVAL = 0.01  # seconds between looks while deliveries end: bounds what they cost
JOB_TIMEOUT = 300  # seconds; a job only wakes
REPEAT_AFTER = 60.0  # seconds for which the same trouble of Redis is not said again
RECONNECT = 1.0  # seconds between looks for a Redis that is away
LET_FINISH = 5.0  # seconds for what runs when one record cannot be read


class TargetWorker(Worker):
    """An arq worker of one target, whose jobs say that something is due."""

    def __init__(
        self, deliverer: Deliverer, backend: Backend, beat: Callable[[], None] = lambda: None
    ) -> None:
        self._name = deliverer.route.name
        self._queue = backend.queue
        self._clock = deliverer.clock
        self._beat = beat
        self._drain = Drain(deliverer)
        self._waking: asyncio.Task[bool] | None = None
        super().__init__(
            functions=[func(self._look, name=FUNCTION)],
            redis_pool=backend.redis,
            handle_signals=False,
            job_timeout=JOB_TIMEOUT,
            queue_name=backend.queue.name(self._name),
            keep_result=0,  # a kept result would refuse the next job of the same id
            max_tries=2**31,  # arq counts restarts too, and drops jobs silently
            log_results=False,
            job_serializer=serialize,
            job_deserializer=deserialize,
        )
        # arq never renews a claim, so that a dead worker's job would wait for the longest job there may be.
        self.in_progress_timeout_s = LOCK_TTL

    async def _look(self, ctx: dict[str, Any]) -> None:  # noqa: ARG002 - arq passes it by this name
        self._drain.changed.set()

    async def main(self) -> None:
        """Run until drained or cancelled. Raises RedisError when Redis cannot be used, and Unreadable."""
        try:
            while self.allow_pick_jobs:
                self._beat()
                self._drain.changed.clear()
                next_at = None
                if self._drain.room:
                    await self._poll_iteration()
                    next_at = await self._drain.fill()
                await self._news(next_at)
        finally:
            if self._waking:
                self._waking.cancel()
                await asyncio.gather(self._waking, return_exceptions=True)

    async def _news(self, next_at: float | None) -> None:
        """Wait until a delivery has ended, somebody asks for a look, or something becomes due."""
        if self._drain.room and self._waking is None:  # else another process is to be woken
            self._waking = asyncio.create_task(self._queue.woken(self._name, IDLE_INTERVAL))
        seconds = IDLE_INTERVAL if next_at is None else min(max(next_at - self._clock(), 0.0), IDLE_INTERVAL)
        changed = asyncio.create_task(self._drain.changed.wait())
        try:
            waiting = {changed, self._waking} if self._waking else {changed}
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
        if self._waking and self._waking.done():
            woken, self._waking = self._waking, None
            woken.result()
        else:
            await asyncio.sleep(BUSY_INTERVAL)

    async def renew(self) -> None:
        """Lengthen our locks of everything that runs here."""
        await self._drain.renew()

    async def drain(self, grace: float) -> None:
        """Take nothing new, give what runs `grace` seconds, then hand back the rest."""
        self.allow_pick_jobs = False
        if self.main_task:  # it ends by itself; cancelled in the middle of a look it would lose a connection
            self._drain.changed.set()
            await asyncio.wait([self.main_task], timeout=1.0)
        await self._drain.end(grace)


class Workers:
    """The workers of some or all targets, in one process."""

    def __init__(self, deliverers: Iterable[Deliverer], backend: Backend) -> None:
        self._deliverers = list(deliverers)
        self._backend = backend
        self._workers: dict[str, TargetWorker] = {}
        self._beats: dict[str, float] = {}
        self._stopping = False

    async def run(self) -> None:
        """Deliver until cancelled or stopped. A Redis that is away is waited for."""
        async with asyncio.TaskGroup() as group:
            for deliverer in self._deliverers:
                group.create_task(self._serve(deliverer))
                group.create_task(watch(deliverer))
                group.create_task(keep_looking(deliverer, self._backend))
                group.create_task(keep_publishing(deliverer, self._backend))
            group.create_task(self._renew())

    def stalled(self, limit: float) -> list[str]:
        """The targets whose loop has not moved for `limit` seconds."""
        now = time.monotonic()
        return [name for name, beat in self._beats.items() if now - beat > limit]

    async def stop(self, grace: float) -> None:
        """Take no new job, give running ones `grace` seconds, hand back the rest."""
        self._stopping = True
        await asyncio.gather(*(worker.drain(grace) for worker in self._workers.values()))

    async def _serve(self, deliverer: Deliverer) -> None:
        name = deliverer.route.name
        said, started = "", 0.0
        while not self._stopping:
            await self._ready(name)
            worker = TargetWorker(deliverer, self._backend, lambda: self._beat(name))
            self._workers[name] = worker
            try:
                started = time.monotonic()
                await self._backend.set_clock()
                # Outside of any job: looking up everybody takes its time.
                await FirstContact(deliverer, self._backend).wait(lambda: self._beat(name))
                await worker.async_run()
            except Exception as error:  # noqa: BLE001 - the other targets' workers go on, whatever it is
                if time.monotonic() - started > REPEAT_AFTER:
                    said = ""  # it has worked meanwhile
                now = _trouble(error)
                if now not in (said, AWAY):  # the next look says whether it is away
                    log.warning("worker waits", target=name, reason=now)
                    said = now
                # A new worker: arq loses count of its free places when Redis fails under it.
                await worker.drain(LET_FINISH if isinstance(error, Unreadable) else 0)
                if isinstance(error, Damaged):
                    await self._discard()
                self._backend.learn()
                await asyncio.sleep(RECONNECT)

    async def _discard(self) -> None:
        """Do without what cannot be read; its record stays pending, and the next poll finds it anew."""
        with contextlib.suppress(RedisError, OSError, Unreadable):  # said already, and tried again
            await self._backend.discard_damaged(self._backend.clock())

    async def _ready(self, name: str) -> None:
        """Wait until Redis can be used; say once why not, and once that it can."""
        said: set[str] = set()
        while not self._stopping:
            self._beat(name)
            try:
                await self._backend.ready()
            except Exception as error:  # noqa: BLE001 - the other targets' workers go on, whatever it is
                ours = isinstance(error, StoreUnavailable | Unreadable)
                if (reason := str(error) if ours else _trouble(error)) not in said:
                    log.warning("worker waits", target=name, reason=reason)
                    said.add(reason)
                self._backend.learn()
                await asyncio.sleep(RECONNECT)
            else:
                if said:
                    log.info("worker goes on", target=name)
                return

    def _beat(self, name: str) -> None:
        self._beats[name] = time.monotonic()

    async def _renew(self) -> None:
        while not self._stopping:
            await asyncio.sleep(LOCK_TTL / 3)
            with contextlib.suppress(RedisError, OSError):
                await self._backend.set_clock()
            for worker in list(self._workers.values()):
                # A claim that is not renewed passes to another worker; the next one is tried all the same.
                with contextlib.suppress(Exception):
                    await worker.renew()


def _trouble(error: Exception) -> str:
    """What keeps a worker from working, in a sentence."""
    is_redis = isinstance(error, RedisError | OSError | StoreUnavailable)
    return trouble(error) if is_redis else str(unforeseen(error))
