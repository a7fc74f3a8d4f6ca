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
from bridge.model import Entry, Key, Kind, Outcome, State
from bridge.queue import Job, Queue
from bridge.route import Action, Route
from bridge.settings import RetrySettings
from bridge.store import Claim, Ledger
from workers.apply import Applier, Done
from workers.targets.base import Target

_ROUNDS = 10  # a delivery that keeps finding something newer leaves the rest to the next poll
_COALESCE = 1.0  # seconds: a team whose members arrive one by one is written once, not once for each


class Observer(Protocol):
    """Hears what deliveries do, for metrics and the log."""

    def settled(self, target: str, claim: Claim, entry: Entry) -> None:
        """A delivery was written to the ledger."""

    def halted(self, target: str, reason: str) -> None:
        """A target was paused because it refused the credentials."""


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Carries records to one target. `clock` gives the epoch's seconds."""

    route: Route
    target: Target
    ledger: Ledger
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
            claim = None  # the ledger has noted that somebody must look again
        except TargetHalted as error:
            if await self.ledger.pause("halted", str(error)):
                self.observer.halted(self.route.name, str(error))
        finally:
            if claim is not None:
                await self.ledger.release(claim)

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
                intent = self.route.intend(claim.stored, linked=claim.link is not None)
                if intent.action is Action.UPSERT:
                    return await applier.upsert()
                if intent.action is Action.DEACTIVATE:
                    return await applier.deactivate(intent.reason)
                return applier.skip(intent.reason)
        except TryLater as error:
            return self._later(claim, entry, error)
        except RecordRejected as error:
            return self._failed(claim, entry, str(error), getattr(error, "candidates", ()))

    async def _is_current(self, claim: Claim) -> bool:
        """Whether the ledger says that the target has this revision, and nothing speaks against it."""
        entry = claim.entry
        if entry is None or claim.interrupted or entry.state is State.RETRYING:
            return False
        if entry.revision != claim.stored.revision or entry.config != self.route.fingerprint:
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
            failed_since=0.0,
        )

    def _later(self, claim: Claim, entry: Entry, error: TryLater) -> Done:
        """Back off, or give up; never for an unreachable target, which says nothing about the record."""
        former = claim.entry
        same = former is not None and former.revision == entry.revision and former.config == entry.config
        attempts = (former.attempts if former and same else 0) + 1
        if attempts >= self.retry.attempts and not error.unreachable:
            return self._failed(claim, entry, f"gave up after {attempts} attempts: {error}")
        wait = min(self.retry.first * 2.0 ** min(attempts - 1, 30), self.retry.longest)
        wait *= random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards no secret
        waiting = dataclasses.replace(
            entry,
            state=State.RETRYING,
            outcome=Outcome.FAILED,
            reason=_private(str(error), claim),
            attempts=attempts,
            retry_at=entry.at + max(wait, error.after or 0.0),
            failed_since=former.failed_since if former and same and former.failed_since else entry.at,
        )
        return Done(waiting, claim.link)

    def _failed(self, claim: Claim, entry: Entry, reason: str, candidates: tuple[str, ...] = ()) -> Done:
        failed = dataclasses.replace(
            entry,
            state=State.FAILED,
            outcome=Outcome.FAILED,
            reason=_private(reason, claim),
            candidates=tuple(candidates),
            failed_since=entry.at,
        )
        return Done(failed, claim.link)

    async def _enqueue_followers(self, claim: Claim, entry: Entry, released: tuple[Key, ...]) -> None:
        """Ask for the next try of this record, and for those that waited for its link."""
        jobs = [
            Job(key, revision=0, at=entry.at + _COALESCE if key.kind is Kind.TEAM else 0.0)
            for key in released
        ]
        if entry.state is State.RETRYING:
            key = claim.stored.record.key
            jobs.append(Job(key, entry.revision, at=entry.retry_at, attempt=entry.attempts))
        if jobs:
            await self.queue.enqueue(self.route.name, jobs, self.clock())


def _private(reason: str, claim: Claim) -> str:
    """A reason without the values of the person's sections; ids and the lifecycle may stay."""
    sections = claim.stored.record.data.values()
    return redact(reason, [section for section in sections if not isinstance(section, str)])
