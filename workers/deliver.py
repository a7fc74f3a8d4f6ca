"""One record to one target: the whole protocol.

`Deliverer.deliver` reads like the design: take the lock, load the newest record, see whether the target has
it already, map it, call the target, write the ledger. What can go wrong is named by what happens next
(`bridge.errors`), and this is the one place that decides it.
"""

from __future__ import annotations

import dataclasses
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bridge.errors import LockLost, RecordRejected, TargetHalted, TryLater
from bridge.http import redact, writes_allowed
from bridge.model import Entry, Key, Kind, Outcome, State, is_due
from bridge.queue import Job, Queue, serial_of
from bridge.route import Action, Route
from bridge.settings import RetrySettings
from bridge.store import Claim, Gate, Ledger
from bridge.store.gate import HALTED, UNREACHABLE
from workers.apply import Applier, Done
from workers.targets.base import Target

_ROUNDS = 10  # a delivery that keeps finding something newer leaves the rest to the next poll
_COALESCE = 1.0  # seconds: a team whose members arrive one by one is written once, not once for each


class Observer(Protocol):
    """Hears what deliveries do, for metrics and the log."""

    def settled(self, target: str, claim: Claim, entry: Entry) -> None:
        """A delivery was written to the ledger."""

    def paused(self, target: str, state: str, reason: str) -> None:
        """A target was paused: its credentials are refused (halted), or it does not answer (unreachable)."""

    def resumed(self, target: str) -> None:
        """A paused target goes on."""


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Carries records to one target. `clock` gives the epoch's seconds."""

    route: Route
    target: Target
    ledger: Ledger
    gate: Gate
    queue: Queue
    retry: RetrySettings
    observer: Observer
    clock: Callable[[], float]

    async def deliver(self, key: Key, hold: Callable[[Claim], None] = lambda _: None) -> None:
        """Bring the target's object of one record up to date, or note in the ledger why not.

        `hold` hears of the claim, whose lock has to be renewed meanwhile. Raises only what Redis raises.
        """
        token = secrets.token_hex(8)
        claim = await self.ledger.claim(key, token)
        try:
            for _ in range(_ROUNDS):
                if claim is None:
                    return
                hold(claim)
                if await self._round(claim):
                    claim = None
                else:
                    claim = await self.ledger.claim(key, token)
        except LockLost:
            # What was sent before may have overtaken a successor's write: somebody has to look again.
            claim = None
            await self.ledger.doubt([key])
        except TargetHalted as error:
            await self.halt(error)
        finally:
            if claim is not None:
                await self.ledger.release(claim)

    async def halt(self, error: TargetHalted) -> None:
        """Pause the target until somebody has put right what it refuses."""
        if await self.gate.pause(HALTED, str(error)):
            self.observer.paused(self.route.name, HALTED, str(error))

    async def tell_gate(self, error: TryLater) -> None:
        """What is the whole target's fault stops all its deliveries, in every worker."""
        if error.after:
            await self.gate.throttle(error.after)
        if error.unreachable and await self.gate.count_fault(str(error)):
            self.observer.paused(self.route.name, UNREACHABLE, str(error))

    async def _round(self, claim: Claim) -> bool:
        """One pass over the newest record. False: something newer came meanwhile."""
        done = await self._outcome(claim)
        settled = await self.ledger.settle(claim, done.entry, done.link)
        self.observer.settled(self.route.name, claim, done.entry)
        await self._enqueue_followers(claim, done.entry, settled.released)
        return not settled.again

    async def _outcome(self, claim: Claim) -> Done:
        entry = self._stamped(claim)
        if await self._is_current(claim):
            return Done(dataclasses.replace(claim.entry or entry), claim.link)
        applier = Applier(self.route, self.target, self.ledger, claim, entry)
        try:
            with writes_allowed(lambda: self.ledger.renew(claim)):
                intent = self.route.intend(claim.stored, linked=_may_exist(claim))
                if intent.action is Action.UPSERT:
                    return await applier.upsert()
                if intent.action is Action.DEACTIVATE:
                    return await applier.remove(intent)
                if self._may_be_forgotten(claim):
                    return await applier.recognise(intent)
                return applier.skip(intent.reason)
        except TryLater as error:
            await self.tell_gate(error)
            return self._later(claim, applier, error)
        except RecordRejected as error:
            return self._failed(claim, applier, str(error), getattr(error, "candidates", ()))

    def _may_be_forgotten(self, claim: Claim) -> bool:
        """Whether this is the first look at a leaver, whose account may be from before Redis was emptied."""
        new = claim.entry is None and claim.link is None and claim.stored.leaves
        return new and self.route.settings.mode == "sync" and claim.stored.record.key.kind is Kind.PERSON

    async def _is_current(self, claim: Claim) -> bool:
        """Whether the ledger says that the target has this revision, and nothing speaks against it."""
        entry = claim.entry
        if entry is None or claim.doubt or entry.state is State.RETRYING:
            return False
        if entry.revision != claim.stored.revision or entry.config != self.route.fingerprint:
            return False
        if is_due(entry, self.clock()):
            return False
        return not await self.ledger.links(entry.missing)

    def _stamped(self, claim: Claim) -> Entry:
        """The former entry, for this revision and configuration, without what was said of an earlier try."""
        return dataclasses.replace(
            claim.entry or Entry(),
            revision=claim.stored.revision,
            config=self.route.fingerprint,
            at=self.clock(),
            reason="",
            candidates=(),
            attempts=0,
            retry_at=0.0,
            unreachable=False,
            failed_since=0.0,
        )

    def _later(self, claim: Claim, applier: Applier, error: TryLater) -> Done:
        """Back off, or give up. A fault of the whole target uses up none of a record's attempts."""
        former, entry = claim.entry, applier.entry
        if former is None or former.revision != entry.revision or former.config != entry.config:
            former = Entry()
        of_the_record = error.after is None and not error.unreachable
        attempts = former.attempts + 1 if of_the_record else former.attempts
        if attempts >= self.retry.attempts:
            return self._failed(claim, applier, f"gave up after {attempts} attempts: {error}")
        wait = min(self.retry.first * 2.0 ** min(max(attempts - 1, 0), 30), self.retry.longest)
        wait *= random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards no secret
        waiting = dataclasses.replace(
            entry,
            state=State.RETRYING,
            outcome=Outcome.FAILED,
            reason=_private(str(error), claim),
            attempts=attempts,
            unreachable=error.unreachable,
            retry_at=entry.at + max(wait, error.after or 0.0),
            failed_since=former.failed_since or entry.at,
        )
        return Done(waiting, applier.link)

    def _failed(self, claim: Claim, applier: Applier, reason: str, candidates: tuple[str, ...] = ()) -> Done:
        failed = dataclasses.replace(
            applier.entry,
            state=State.FAILED,
            outcome=Outcome.FAILED,
            reason=_private(reason, claim),
            candidates=tuple(candidates),
            failed_since=applier.entry.at,
        )
        return Done(failed, applier.link)

    async def _enqueue_followers(self, claim: Claim, entry: Entry, released: tuple[Key, ...]) -> None:
        """Ask for the next try of this record, and for those that waited for its link."""
        jobs = [
            Job(key, revision=0, at=entry.at + _COALESCE if key.kind is Kind.TEAM else 0.0)
            for key in released
        ]
        if entry.state is State.RETRYING:
            key = claim.stored.record.key
            jobs.append(Job(key, entry.revision, at=entry.retry_at, serial=serial_of(entry)))
        if jobs:
            await self.queue.enqueue(self.route.name, jobs, self.clock())


def _may_exist(claim: Claim) -> bool:
    """Whether the target may have an object of this record: linked, or a create may have been cut short."""
    if claim.link is not None or claim.doubt:
        return True
    return claim.entry is not None and claim.entry.state in (State.RETRYING, State.FAILED)


def _private(reason: str, claim: Claim) -> str:
    """A reason without the values of the person's sections; ids and the lifecycle may stay."""
    sections = claim.stored.record.data.values()
    return redact(reason, [section for section in sections if not isinstance(section, str)])
