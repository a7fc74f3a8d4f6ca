"""`sync`: poll once, deliver everything, say what happened."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from bridge.errors import ConfigurationError
from bridge.metrics import Metrics
from bridge.model import Entry, Key, Outcome, Snapshot, State
from bridge.store import Claim, Lease
from service.cli.assembly import Bridge, connected, deliverers, poller
from service.cli.greet import revive
from workers.main import Workers

LOOK = 0.2  # seconds between looks at how far the delivery is

OK, SOME_FAILED, HELD, PROBLEM = 0, 1, 2, 3
COLUMNS = ("created", "adopted", "updated", "deactivated", "unchanged", "skipped", "failed", "held")


@dataclass(slots=True)
class Tally:
    """What happened to each record in this run; a created person who then gets a manager was created."""

    metrics: Metrics
    outcomes: dict[tuple[str, Key], Outcome] = field(default_factory=dict)

    def settled(self, target: str, claim: Claim, entry: Entry) -> None:
        """Note the first thing that was done; what is done later for the same record refines it."""
        self.metrics.settled(target, claim, entry)
        place = (target, claim.stored.record.key)
        if self.outcomes.get(place) in (None, Outcome.FAILED, Outcome.UNCHANGED, Outcome.SKIPPED):
            self.outcomes[place] = entry.outcome

    def halted(self, target: str, reason: str) -> None:
        """Pass it on."""
        self.metrics.halted(target, reason)


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One row of the table. `paused` says why nothing more is sent to this target.

    `reasons`: the most frequent ones for which records failed, with their numbers.
    """

    counts: Mapping[str, int]
    pending: int
    paused: str
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one run found and did."""

    snapshot: Snapshot
    changes: int
    targets: Mapping[str, TargetResult]

    @property
    def exit_code(self) -> int:
        """0 everything delivered, 1 some records failed, 3 a target refuses us altogether."""
        if any(row.paused for row in self.targets.values()):
            return PROBLEM
        undone = any(row.counts["failed"] or row.pending for row in self.targets.values())
        return SOME_FAILED if undone or self.snapshot.problems else OK


async def sync(
    bridge: Bridge,
    *,
    only: Collection[str] = (),
    patience: float = 30.0,
    show: Callable[[Mapping[str, int]], None] = lambda _pending: None,
    stop: asyncio.Event | None = None,
) -> SyncResult:
    """Poll once and deliver; end when nothing is pending, or nothing has moved for `patience` seconds.

    `stop` ends it early: running deliveries finish, the rest stays pending.

    `show` hears the number of pending records per target. Raises SourceUnavailable, SnapshotHeld,
    ConfigurationError.
    """
    started = time.time()
    tally = Tally(bridge.metrics)
    async with poller(bridge) as the_poller, connected(bridge, only) as targets:
        await _take(the_poller.lease)
        try:
            await revive(bridge, targets)
            poll = await the_poller.poll_once()
            workers = Workers(deliverers(bridge, targets, tally), bridge.backend)
            async with asyncio.TaskGroup() as group:
                task = group.create_task(workers.run())
                keeper = group.create_task(_keep(the_poller.lease))
                await _drained(bridge, list(targets), patience, show, stop or asyncio.Event())
                await workers.stop(bridge.values.shutdown_grace)
                task.cancel()
                keeper.cancel()
        finally:
            await the_poller.stand_down()
        rows = {name: await _row(bridge, name, tally, started) for name in targets}
        return SyncResult(poll.snapshot, len(poll.changes), rows)


async def _take(lease: Lease) -> None:
    """Take the lease, waiting for the end of one that a killed service left behind."""
    least = lease.ttl
    while not await lease.hold():
        remaining = await lease.remaining()
        if remaining > least:  # it was renewed: its holder lives
            raise ConfigurationError(
                "another kenjo-bridge polls this Kenjo account already; it delivers what this run would"
                " (see kenjo-bridge status), or stop it first"
            )
        least = max(remaining, 0.0)
        await asyncio.sleep(0.5)


async def _keep(lease: Lease) -> None:
    while True:
        await asyncio.sleep(lease.ttl / 3)
        await lease.hold()


async def _drained(
    bridge: Bridge,
    names: Collection[str],
    patience: float,
    show: Callable[[Mapping[str, int]], None],
    stop: asyncio.Event,
) -> None:
    """Wait until nothing is pending at a target that is not paused, or nothing moves any more."""
    ledgers = {name: bridge.backend.ledger(name) for name in names}
    last, moved = -1, time.monotonic()
    while not stop.is_set():
        pending = {name: await ledger.count_pending() for name, ledger in ledgers.items()}
        show(pending)
        open_ones = [n for name, n in pending.items() if n and not await ledgers[name].paused()]
        if not open_ones:
            return
        if sum(open_ones) != last:
            last, moved = sum(open_ones), time.monotonic()
        if time.monotonic() - moved > patience:
            return
        await asyncio.sleep(LOOK)


async def _row(bridge: Bridge, name: str, tally: Tally, started: float) -> TargetResult:
    ledger = bridge.backend.ledger(name)
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for key, entry in (await ledger.entries()).items():
        outcome = tally.outcomes.get((name, key), entry.outcome if entry.at >= started else None)
        counts[_column(entry, outcome)] += 1
        if entry.state in (State.FAILED, State.RETRYING):
            reasons[entry.reason] += 1
    state = await ledger.paused()
    pending = await ledger.count_pending()
    return TargetResult(counts, pending, state.get("reason", ""), dict(reasons.most_common(3)))


def _column(entry: Entry, outcome: Outcome | None) -> str:
    if entry.state in (State.FAILED, State.RETRYING):
        return "failed"
    if outcome is None or outcome is Outcome.FAILED:
        return "skipped" if entry.state is State.SKIPPED else "unchanged"
    return str(outcome)
