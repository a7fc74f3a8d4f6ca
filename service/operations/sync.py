"""`sync`: poll once, deliver everything, say what happened."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bridge.commands import command
from bridge.errors import ConfigurationError
from bridge.model import Key, Kind, Snapshot, State, Stored
from bridge.store import Lease
from bridge.store.gate import HALTED, MAINTENANCE
from bridge.store.gate import HELD as HELD_BACK
from service.operations.assembly import Bridge, connected, deliverers, poller, warn_of_readable_data
from service.operations.choosing import Choose
from service.operations.draining import Waits, drained, unless
from service.operations.greet import revive
from service.operations.publishing import published
from service.operations.standing import counted, stands
from service.operations.tallying import Tally, column
from workers.delivery.first_contact import FirstContact
from workers.delivery.publishing import Left
from workers.main import Workers

OK, SOME_FAILED, HELD, PROBLEM = 0, 1, 2, 3
COLUMNS = ("created", "adopted", "updated", "deactivated", "unchanged", "skipped", "failed", "held")

_POLLS = 5
"""How often one run counts what its deliveries have found: a leaver, then the groups they are in."""


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One row of the table. `state` and `paused` say whether and why nothing is sent to this target.

    `pending` does not count what is held, nor the `others`, which were not chosen in this run; `reasons` are
    the most frequent ones for which records failed. `unpublished`: why a target that publishes what it was
    given has not done so.
    """

    counts: Mapping[str, int]
    pending: int
    state: str
    paused: str
    reasons: Mapping[str, int]
    people: Mapping[str, int]
    others: int = 0
    unpublished: Left | None = None

    @property
    def held(self) -> bool:
        """Whether something of this target waits for a person."""
        waits = self.unpublished is not None and self.unpublished.held
        return bool(self.counts["held"]) or self.state == HELD_BACK or waits

    @property
    def rests(self) -> bool:
        """Whether nothing at all is sent to this target until a person says so."""
        return self.state in (HELD_BACK, MAINTENANCE)

    @property
    def undone(self) -> bool:
        """Whether something could not be done."""
        fails = self.unpublished is not None and self.unpublished.soon
        return bool(self.counts["failed"] or self.pending) or fails


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one run found and did.

    `stopped`: why it went no further than the canary; `ended`: what was left undone, where it was ended
    early.
    """

    snapshot: Snapshot
    changes: int
    targets: Mapping[str, TargetResult]
    stopped: tuple[str, ...] = ()
    ended: str = ""

    @property
    def exit_code(self) -> int:
        """0 everything delivered, 1 some records failed, 2 some are held, 3 a target refuses us.

        What waits because a person has paused its target is as that person wants it.
        """
        if any(row.state == HALTED for row in self.targets.values()):
            return PROBLEM
        if any(row.held for row in self.targets.values()):
            return HELD
        running = [row for row in self.targets.values() if row.state != MAINTENANCE]
        undone = any(row.undone for row in running)
        return SOME_FAILED if undone or self.stopped or self.ended or self.snapshot.partial else OK


async def sync(
    bridge: Bridge,
    *,
    only: Collection[str] = (),
    patience: float = 30.0,
    show: Callable[[Mapping[str, int]], None] = lambda _pending: None,
    begin: Callable[[], asyncio.Event] = asyncio.Event,
    verify: bool = False,
    choose: Choose | None = None,
    tally: Tally | None = None,
) -> SyncResult:
    """Poll once and deliver; end when nothing is pending, or nothing has moved for `patience` seconds.

    `begin` is called when deliveries may begin. Its event ends them early: those that run finish, the rest
    stays pending. `verify`: read everything back at the targets and repair what differs, whatever the ledger
    says. `choose` picks the records to deliver; all others stay pending.

    `show` hears the number of pending records per target. Raises SourceUnavailable, SnapshotHeld,
    ConfigurationError.
    """
    started = time.time()
    warn_of_readable_data(bridge)
    tally = tally or Tally(bridge.metrics)
    async with poller(bridge) as the_poller, connected(bridge, only) as targets:
        await _take(the_poller.lease)
        try:
            await revive(bridge, targets)
            for name in targets if verify else ():
                await bridge.backend.ledger(name).doubt_everything()
            snapshot = await the_poller.look()
            chosen = await choose(bridge, targets, snapshot, the_poller.source) if choose else None
            poll = await the_poller.poll_once(snapshot, chosen)
            stop = begin()
            waits = Waits(bridge, {name: (chosen or {}).get(name) for name in targets})
            carriers = deliverers(bridge, targets, tally, chosen)
            contacts = [FirstContact(carrier, bridge.backend) for carrier in carriers]
            await unless(stop, asyncio.gather(*(contact.passed() for contact in contacts)))
            async with _working(Workers(carriers, bridge.backend), bridge, the_poller.lease, stop):
                await drained(waits, patience, show, stop)
                for _ in range(_POLLS):
                    if stop.is_set() or not await _found(bridge, targets):
                        break
                    await the_poller.poll_once(snapshot, chosen)
                    await drained(waits, patience, show, stop)
                left = await published(carriers, waits, patience, show, stop)
        finally:
            await the_poller.stand_down()
        known = await bridge.backend.records.known()
        rows = {name: await _row(waits, name, tally, started, known, left.get(name)) for name in targets}
        ended = _ended_early(rows) if stop.is_set() else ""
        return SyncResult(poll.snapshot, len(poll.changes), rows, ended=ended)


def _ended_early(rows: Mapping[str, TargetResult]) -> str:
    """What is left; empty when nothing is."""
    left = {name: row.pending + row.others for name, row in rows.items()}
    told = ", ".join(f"{number} at {name}" for name, number in left.items() if number)
    return f"records that stay pending for the next sync: {told}" if told else ""


@asynccontextmanager
async def _working(
    workers: Workers, bridge: Bridge, lease: Lease, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Deliver, unless it is to stop already, and keep the lease, as long as the context lasts."""
    if stop.is_set():
        yield
        return
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(workers.run()), group.create_task(_keep(lease))]
        try:
            yield
        finally:
            await workers.stop(bridge.values.shutdown_grace)
        for task in tasks:
            task.cancel()


async def _take(lease: Lease) -> None:
    """Take the lease, waiting for the end of one that a killed service left behind."""
    least = lease.ttl
    while not await lease.acquire():
        remaining = await lease.remaining()
        if remaining > least:  # it was renewed: its holder lives
            raise ConfigurationError(
                "another kenjo-bridge polls this Kenjo account already; it delivers what this run would"
                f" (see {command('status')}), or stop it first"
            )
        least = max(remaining, 0.0)
        await asyncio.sleep(0.5)


async def _keep(lease: Lease) -> None:
    while True:
        await asyncio.sleep(lease.ttl / 3)
        await lease.acquire()


async def _found(bridge: Bridge, names: Iterable[str]) -> bool:
    """Whether leavers were met whose accounts Redis had forgotten, so that a poll has to count them first."""
    return any([await bridge.backend.holds.found(name) for name in names])


async def _row(
    waits: Waits,
    name: str,
    tally: Tally,
    started: float,
    known: Mapping[Key, Stored],
    unpublished: Left | None,
) -> TargetResult:
    bridge = waits.bridge
    ledger = bridge.backend.ledger(name)
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    entries = await ledger.entries()
    for key, entry in entries.items():
        outcome = tally.outcomes.get((name, key), entry.outcome if entry.at >= started else None)
        counts[column(entry, outcome)] += 1
        if entry.state in (State.FAILED, State.RETRYING):
            reasons[entry.reason] += 1
    paused = await bridge.backend.gate(name).paused()
    counts["held"] = await bridge.backend.holds.count(name)
    left, others = await waits.left(name)
    return TargetResult(
        counts=counts,
        pending=left,
        others=others,
        unpublished=unpublished,
        state=paused.get("state", "running"),
        paused=paused.get("reason", ""),
        reasons=dict(reasons.most_common(3)),
        people=counted(await stands(bridge, name, known, entries, time.time()), Kind.PERSON),
    )
