"""arq's wiring: one queue per target, one worker per queue, all in one event loop.

arq carries the jobs; what has been delivered stands in the ledger. What arq needs to be told, and why, is in
docs/decisions/0003-arq-is-a-transport.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from arq.constants import in_progress_key_prefix
from arq.worker import Worker, func
from redis.exceptions import RedisError

from bridge.errors import Damaged, LockLost, StoreUnavailable, Unreadable, unforeseen
from bridge.logs import get_logger
from bridge.mapping.route import Route
from bridge.model import Key
from bridge.store import Claim
from bridge.store.backend import Backend
from bridge.store.ledger import LOCK_TTL
from bridge.store.queue import FUNCTION, deserialize, serialize
from bridge.store.trouble import AWAY, trouble
from workers.delivery.deliver import Deliverer
from workers.delivery.gate_watch import watch
from workers.delivery.survey import FirstContact

log = get_logger("workers")

IDLE_POLL = 0.2  # seconds between looks at an empty queue
BUSY_POLL = 0.01  # seconds between looks while jobs finish: bounds what arq's look-ups cost
JOB_TIMEOUT = 300  # seconds; every request has a time-out of its own, this only ends the unforeseen
QUIET = 60.0  # seconds for which the same trouble of Redis is not said again
RECONNECT = 1.0  # seconds between looks for a Redis that is away
READ_AHEAD = 2000  # ids read in one look: behind this many locked jobs a free one would not be seen
AT_ONCE = 100  # jobs started from one look: a leaver who comes meanwhile waits for these at most


def worker_options(route: Route, queue_name: str) -> dict[str, Any]:
    """What every arq worker of a target needs to be told."""
    return {
        "queue_name": queue_name,
        "max_jobs": 2 * route.settings.concurrency,  # some wait for Redis while others wait for the target
        "keep_result": 0,  # a kept result would refuse the next job of the same id
        "max_tries": 2**31,  # the ledger counts attempts; arq counts restarts too, and drops jobs silently
        "queue_read_limit": READ_AHEAD,
        "log_results": False,
        "job_serializer": serialize,
        "job_deserializer": deserialize,
    }


class TargetWorker(Worker):
    """An arq worker that looks for work when a job has finished, and by the clock only when idle."""

    def __init__(
        self, deliverer: Deliverer, backend: Backend, beat: Callable[[], None] = lambda: None
    ) -> None:
        self._woken = asyncio.Event()
        self._deliverer = deliverer
        self._beat = beat
        self._held: dict[str, Claim] = {}
        self._unreadable: Unreadable | None = None
        super().__init__(
            functions=[func(self._run, name=FUNCTION)],
            redis_pool=backend.redis,
            handle_signals=False,
            job_timeout=JOB_TIMEOUT,
            after_job_end=self._wake,
            **worker_options(deliverer.route, backend.queue.name(deliverer.route.name)),
        )
        # arq never renews a claim, so that a dead worker's job would wait for the longest job there may be.
        # Ours is short, and `renew` keeps it alive.
        self.in_progress_timeout_s = LOCK_TTL

    async def _run(self, ctx: dict[str, Any], key: str) -> None:
        job_id: str = ctx["job_id"]
        try:
            # A Redis that is away is noticed and logged by the loop, once, and not by every job.
            with contextlib.suppress(RedisError, OSError, StoreUnavailable):
                await self._deliverer.deliver(
                    Key.parse(key), lambda claim: self._held.__setitem__(job_id, claim)
                )
        except Unreadable as error:  # said by the loop too; the record stays pending
            self._unreadable = error
        except Exception as error:  # noqa: BLE001 - arq would log its text, which may have values
            name = self._deliverer.route.name
            log.warning("delivery failed", target=name, record=key, reason=str(unforeseen(error)))
        finally:
            self._held.pop(job_id, None)

    async def _wake(self, ctx: dict[Any, Any]) -> None:  # noqa: ARG002 - arq passes it by this name
        self._woken.set()

    async def main(self) -> None:
        """Run until drained or cancelled. Raises RedisError when Redis cannot be used, and Unreadable."""
        while self.allow_pick_jobs:
            if self._unreadable:
                raise self._unreadable
            self._beat()
            self._woken.clear()
            await self._poll_iteration()
            await asyncio.sleep(BUSY_POLL)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_POLL):
                    await self._woken.wait()

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start some of the jobs, and no more before another look at the queue.

        arq would go through all ids that it has read, while what is more urgent has come in front of them.
        """
        for first in range(0, len(job_ids), AT_ONCE):
            before = len(self.tasks)
            await super().start_jobs(job_ids[first : first + AT_ONCE])
            if len(self.tasks) > before:
                return

    async def renew(self) -> None:
        """Lengthen arq's claims and our locks of everything that runs here."""
        for job_id in list(self.job_tasks):
            await self.pool.expire(in_progress_key_prefix + job_id, int(LOCK_TTL))
        for claim in list(self._held.values()):
            with contextlib.suppress(LockLost):  # the delivery finds out before its next write
                await self._deliverer.ledger.renew(claim)

    async def drain(self, grace: float) -> None:
        """Take no new job, give running ones `grace` seconds, then hand back the rest."""
        self.allow_pick_jobs = False
        if self.main_task:  # it ends by itself; cancelled in the middle of a look it would lose a connection
            self._woken.set()
            await asyncio.wait([self.main_task], timeout=1.0)
        if running := [task for task in self.tasks.values() if not task.done()]:
            await asyncio.wait(running, timeout=grace)
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


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
                # Outside of any job: looking up everybody takes its time.
                await FirstContact(deliverer, self._backend).wait(lambda: self._beat(name))
                await worker.async_run()
            except Exception as error:  # noqa: BLE001 - the other targets' workers go on, whatever it is
                if time.monotonic() - started > QUIET:
                    said = ""  # it has worked meanwhile
                now = _trouble(error)
                if now not in (said, AWAY):  # the next look says whether it is away
                    log.warning("worker waits", target=name, reason=now)
                    said = now
                # A new worker: arq loses count of its free places when Redis fails under it.
                await worker.drain(0)
                if isinstance(error, Damaged):
                    await self._discard()
                self._backend.learn()
                await asyncio.sleep(RECONNECT)

    async def _discard(self) -> None:
        """Do without what cannot be read; its record stays pending, and the next poll finds it anew."""
        with contextlib.suppress(RedisError, OSError, Unreadable):  # said already, and tried again
            await self._backend.discard_damaged(time.time())

    async def _ready(self, name: str) -> None:
        """Wait until Redis can be used; say once why not, and once that it can."""
        said: set[str] = set()
        while not self._stopping:
            self._beat(name)
            try:
                await self._backend.ready()
            except (StoreUnavailable, Unreadable) as error:
                if str(error) not in said:
                    log.warning("worker waits", target=name, reason=str(error))
                    said.add(str(error))
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
            for worker in list(self._workers.values()):
                # A claim that is not renewed passes to another worker; the next one is tried all the same.
                with contextlib.suppress(Exception):
                    await worker.renew()


def _trouble(error: Exception) -> str:
    """What keeps a worker from working, in a sentence."""
    is_redis = isinstance(error, RedisError | OSError | StoreUnavailable)
    return trouble(error) if is_redis else str(unforeseen(error))


def __getattr__(name: str) -> Any:
    """`arq workers.main.WorkerSettings`: made when asked for, since it reads the configuration."""
    if name != "WorkerSettings":
        raise AttributeError(name)
    from workers.arq_settings import worker_settings

    return worker_settings()
