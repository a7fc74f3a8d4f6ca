"""Watches one Kenjo account: `poll_once` is the whole of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from redis.exceptions import RedisError

from bridge.diff import diff, revised
from bridge.errors import Damaged, LeaseLost, SourceUnavailable, Unreadable, unforeseen
from bridge.logs import get_logger
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Key, RecordChange, RowProblem, Snapshot, Stored
from bridge.store.backend import Backend
from bridge.store.trouble import trouble
from bridge.tracing import polling
from service.watch.apart import Apart
from service.watch.holding import keep_back, withdraw_orphans, withdraw_outdated
from service.watch.judging import asking, believe, judge
from service.watch.keeping import keep_known
from service.watch.knowing import Known, what_is_known
from service.watch.pending import Standing, assess, enqueue_pending, window_since
from service.watch.pulse import Pulse
from service.watch.returning import notice
from service.watch.seeing import Source, facts_of, reconfigured
from service.watch.stillness import Sight, Stillness, sight_of

log = get_logger("poller")

_Seen = TypeVar("_Seen", Snapshot, Snapshot | None)


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll found, and where each target stands. `sight`: what the next one may do without."""

    snapshot: Snapshot
    changes: list[RecordChange]
    targets: list[Standing]
    sight: Sight | None = None


class Poller:
    """Polls while it holds the lease. `interval`: seconds; `clock` gives the epoch's seconds."""

    def __init__(
        self,
        source: Source,
        backend: Backend,
        routes: Mapping[str, Route],
        metrics: Metrics,
        *,
        interval: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.source = source
        self._backend = backend
        self._routes = routes
        self._metrics = metrics
        self._interval = interval
        self._clock = clock
        self.lease = backend.lease()
        self._grip = self.lease.grip()
        self._stillness = Stillness(backend)
        self._leading = asyncio.Event()
        self._trouble = ""
        self._mended = False
        self._kenjo_up: bool | None = None
        self._pulse = Pulse()

    async def look(self) -> Snapshot:
        """One whole snapshot; nothing comes of it yet. Raises SourceUnavailable."""
        return await self._looked(self.source.fetch_snapshot)

    async def _looked(self, fetch: Callable[[], Awaitable[_Seen]]) -> _Seen:
        # Taken before the look: what is seen under a lease that is lost meanwhile must not be written.
        self._grip = self.lease.grip()
        async with asking(self._backend):
            return await fetch()

    async def poll(self) -> Poll | None:
        """Poll once; None when nothing has changed since the last time, neither at Kenjo nor in Redis.

        Raises what `poll_once` raises.
        """
        last = await self._stillness.since(self.lease.token, self._routes, self._clock())
        if last is None:
            poll = await self.poll_once()
        elif snapshot := await self._looked(partial(self.source.fetch_change, last.origin)):
            poll = await self.poll_once(snapshot)
        else:
            now = self._clock()
            await self._backend.records.commit([], self._grip, now)  # nothing but: is the lease still ours?
            await self._backend.records.note_snapshot(self._stillness.again(last, now))
            return None
        self._stillness.note(poll.sight)
        return poll

    async def poll_once(
        self, snapshot: Snapshot | None = None, chosen: Mapping[str, Collection[Key]] | None = None
    ) -> Poll:
        """See what Kenjo says, hold what is too big, remember what changed, ask for what is pending.

        `snapshot`: what it says, if that was looked up just now; `chosen`: ask only for these, by target.
        Raises SourceUnavailable or SnapshotHeld (nothing has changed anywhere), LeaseLost, Unreadable, and
        what Redis raises.
        """
        with polling():
            snapshot, apart = snapshot or await self.look(), Apart()
            try:
                return await self._polled(snapshot, chosen, apart)
            except Damaged:
                apart.problems += await self._without_damage()
                if not apart.problems:
                    raise
                return await self._polled(snapshot, chosen, apart)

    async def _without_damage(self) -> list[RowProblem]:
        """Do without single values in Redis that cannot be read. What they said is found anew."""
        return [
            RowProblem(
                "redis", field or None, f"the bridge did not write what stood in {key}: it was discarded"
            )
            for key, field in await self._backend.discard_damaged(self._clock())
        ]

    async def _polled(
        self, snapshot: Snapshot, chosen: Mapping[str, Collection[Key]] | None, apart: Apart
    ) -> Poll:
        now = self._clock()
        changed = await self._backend.season()
        for name in self._routes:
            await self._backend.ledger(name).mend(thoroughly=changed or not self._mended)
        self._mended = True
        await self._look_back()
        stored = await self._backend.records.known(snapshot.records)
        records = await self._backend.forgotten.known(stored, self._routes)
        known = await what_is_known(self._backend, records, self._routes)
        everybody = snapshot
        snapshot = await self._judged(await self._backend.forgotten.without(snapshot), known, now)
        changes = await asyncio.to_thread(diff, known.records, snapshot)
        revisions = revised(known.records, changes, now)
        coming = known.after(revisions)
        targets = await apart.each(self._routes.values(), lambda route: self._judge(route, coming, now))
        await self._backend.records.restore_revisions(
            {key: known.records[key].revision for key in known.lost & revisions.keys()}
        )
        await self._backend.records.commit(changes, self._grip, now)
        facts = await self._note(snapshot := apart.told(snapshot), changes, targets, now)
        await notice(everybody, self.source, self._backend.forgotten)
        await withdraw_orphans(self._backend, self._routes, now)

        async def ask(target: Standing) -> Standing:
            await withdraw_outdated(target, self._backend, now)
            only = None if chosen is None else chosen.get(target.route.name, ())
            await enqueue_pending(target, coming, self._backend, now, only)
            return target

        targets = await apart.each(targets, ask)
        sight = None
        if not changes and not apart.problems:
            sight = sight_of(snapshot, targets, self._routes, self._grip.token, facts, now)
        return Poll(apart.told(snapshot), changes, targets, sight)

    async def _judge(self, route: Route, coming: Mapping[Key, Stored], now: float) -> Standing:
        """See where a target stands, and hold what is too big."""
        ledger, since = self._backend.ledger(route.name), window_since(route, now)
        standing, counted = await assess(coming, route, self._backend, now), await ledger.counted()
        if outdated := standing.outdated(counted):
            # A worker may be about to do it, so it is forbidden first; what was done before then is seen.
            left = {key: taking for key, taking in counted.items() if key not in outdated}
            await ledger.count(left, self._grip, since)
            standing = await assess(coming, route, self._backend, now)
        await keep_back(standing, self._backend, now)
        await ledger.count(standing.counted, self._grip, since)
        return standing

    async def _judged(self, snapshot: Snapshot, known: Known, now: float) -> Snapshot:
        """The snapshot with the last known values of whoever it cannot tell of. Raises SnapshotHeld."""
        async with asking(self._backend):
            judgement = await judge(snapshot, known.records, self.source, self._backend, now, self._interval)
        believed = await believe(judgement, self._backend, now)
        return await asyncio.to_thread(keep_known, believed, known.records)

    async def run(self) -> None:
        """Poll at every interval, for ever, while no other service does. Faults are logged and outlived."""
        keeper = asyncio.create_task(self._keep_lease())
        try:
            while True:
                await self._await_lease()
                started = time.monotonic()
                await self._tick()
                left = self._interval - (time.monotonic() - started)
                await self._pulse.wait(left, self._is_asked, look_every=1.0)
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await self._stillness.leave()

    async def stand_down(self) -> None:
        """Give the lease back, so that another service need not wait for its end."""
        self._leading.clear()
        await self._stillness.leave()
        with contextlib.suppress(RedisError, OSError):  # then it ends by itself
            await self.lease.release()

    @property
    def leads(self) -> bool:
        """Whether this service holds the lease."""
        return self._leading.is_set()

    @property
    def kenjo_up(self) -> bool | None:
        """Whether Kenjo gave a whole answer at the last poll; None while it is another service that polls."""
        return self._kenjo_up if self.leads else None

    def stalled(self, limit: float) -> bool:
        """Whether the loop has not moved for `limit` seconds."""
        return self._pulse.stalled(limit)

    async def _tick(self) -> None:
        with self._metrics.poll_seconds.time(), polling():
            try:
                await self.poll()
            except LeaseLost:
                self._leading.clear()
                result = "lease_lost"
            except (RedisError, OSError) as error:
                result = type(error).__name__
                self._say(trouble(error), result)
            except Exception as error:  # noqa: BLE001 - the next poll may succeed, whatever it is
                result = type(error).__name__
                if isinstance(error, Unreadable):
                    self._backend.learn()  # for the next poll: the key may have been configured meanwhile
                self._kenjo_up = False if isinstance(error, SourceUnavailable) else self._kenjo_up
                self._say(str(unforeseen(error)), result)
            else:
                result = "ok"
                self._kenjo_up = True
                self._say("", result)
        self._metrics.polls.labels(result).inc()

    def _say(self, trouble: str, kind: str) -> None:
        """Log a fault once when it comes, and once when it has gone."""
        if trouble and trouble != self._trouble:
            log.warning("poll failed: nothing changes until it succeeds", error=kind, reason=trouble)
        elif self._trouble and not trouble:
            log.info("polls succeed again")
        self._trouble = trouble

    async def _await_lease(self) -> None:
        while not self._leading.is_set():
            await self._pulse.wait(1.0, self._may_begin, look_every=0.1)

    async def _may_begin(self) -> bool:
        return self.leads

    async def _is_asked(self) -> bool:
        """Whether somebody wants a poll now. Only who polls takes the wish."""
        if not self.leads:
            return False
        with contextlib.suppress(RedisError, OSError):  # said by the next poll
            return await self._backend.asked.take()
        return False

    async def _keep_lease(self) -> None:
        while True:
            try:
                holds = await self.lease.acquire()
            except Exception:  # noqa: BLE001 - Redis is away, or answers what nobody foresaw
                holds = False
            if holds and not self.leads:
                log.info("this service polls now")
            if self.leads and not holds:
                log.warning("another service may poll now: this one stands by")
            (self._leading.set if holds else self._leading.clear)()
            await asyncio.sleep(self.lease.ttl / 3)

    async def _look_back(self) -> None:
        """After a restart of Redis that may have cost its last moments, let all accounts be read back.

        And let what was published last be published anew: it may be of one of these moments.
        """
        if await self._backend.continuity.is_broken():
            log.warning("redis was restarted: all accounts are read back")
            for name in self._routes:
                await self._backend.ledger(name).doubt_everything()
                await self._backend.publications(name).doubt()
        await self._backend.continuity.begin()

    async def _note(
        self, snapshot: Snapshot, changes: list[RecordChange], targets: list[Standing], now: float
    ) -> dict[str, Any]:
        former = await self._backend.records.last_snapshot()
        facts = facts_of(snapshot, targets, former, now)
        await self._backend.records.note_snapshot(facts)
        for name in reconfigured(facts, former):
            await self._backend.audit.note("configured", now, target=name)
        for change in changes:
            self._metrics.changes.labels(change.record.key.kind, change.kind).inc()
        if changes:
            log.info("changes seen", count=len(changes), people=facts["people"], teams=facts["teams"])
        return facts
