"""One record to one target: the whole protocol.

`Deliverer.carry` reads like the design: the newest record is locked and loaded, see whether the target has it
already, map it, call the target, write the ledger. What can go wrong is named by what happens next
(`bridge.errors`), and this is the one place that decides it.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from redis.exceptions import RedisError

from bridge import tracing
from bridge.config.settings import RetrySettings
from bridge.errors import (
    AfterAnother,
    AfterTarget,
    LockLost,
    RecordRejected,
    StoreUnavailable,
    TargetHalted,
    TryLater,
    Unreadable,
    Unseen,
    unforeseen,
)
from bridge.exchange import Call
from bridge.mapping.route import Route
from bridge.model import Entry, Key, Outcome, State
from bridge.store import Claim, Gate, Ledger
from bridge.store.claims import Result, Settled
from bridge.store.gate import HALTED, UNREACHABLE
from bridge.store.queue import Due, Queue
from bridge.wire.calls import Heard, heard_by
from bridge.wire.places import begin
from bridge.wire.request import Turn
from workers.delivery.apply import Applier, Done
from workers.delivery.elsewhere import DONE, Elsewhere, Follower
from workers.delivery.failing import after_another, failed, later, private_calls, waiting
from workers.delivery.inventory import Absent, Inventory
from workers.delivery.line import Position
from workers.targets.base import Target

_ROUNDS = 10  # a delivery that keeps finding something newer leaves the rest to the next poll
_NOT_OF_A_RECORD = (LockLost, TargetHalted, StoreUnavailable, Unreadable, RedisError)


@dataclass(frozen=True, slots=True)
class Locked:
    """The permit of a delivery: the target's pace, then its lock in Redis. See `bridge.wire.permit`."""

    turn: Turn
    ledger: Ledger
    claim: Claim

    async def ask(self, *, paced: bool = False) -> None:
        """Raises LockLost, and TryLater while the target has asked to wait."""
        if not paced:
            await self.turn()
        await self.ledger.renew(self.claim)  # last: waiting for a turn may outlast the lock


class Observer(Protocol):
    """Hears what deliveries do, for metrics and the log."""

    def settled(self, target: str, claim: Claim, entry: Entry, answered: float) -> None:
        """A delivery was written to the ledger, whose target had `answered` then, in epoch seconds."""

    def paused(self, target: str, state: str, reason: str) -> None:
        """A target was paused: its credentials are refused (halted), or it does not answer (unreachable)."""

    def resumed(self, target: str) -> None:
        """A paused target goes on."""


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Carries records to one target. `clock` gives the epoch's seconds, `turn` waits for the target's pace.

    `inventory`: the target's list, for large loads. `chosen`: only these are taken of what is due; everything
    else stays pending. `elsewhere`: what targets have that come first; `followers`: those that come after
    this one.
    """

    route: Route
    target: Target
    ledger: Ledger
    gate: Gate
    queue: Queue
    retry: RetrySettings
    observer: Observer
    clock: Callable[[], float]
    turn: Turn
    inventory: Inventory | None = None
    chosen: Collection[Key] | None = None
    elsewhere: Elsewhere | None = None
    followers: Sequence[Follower] = ()

    async def deliver(self, key: Key) -> None:
        """Bring the target's object of one record up to date, or note in the ledger why not.

        Raises only what Redis raises.
        """
        claim = await self.ledger.claim(key, secrets.token_hex(8))
        if claim is not None:
            await self.carry(claim)

    async def carry(
        self, claim: Claim, absent: Absent | None = None, position: Position | None = None
    ) -> None:
        """Deliver what is claimed, and what comes meanwhile. Raises only what Redis raises.

        `absent` tells of whom, at that moment, nothing is at the target; `position` is left when what the
        record gets of what nobody else has is its own, or it gets nothing.
        """
        begin(urgent=claim.stored.leaves)
        entry, revision = claim.entry, claim.stored.revision
        is_new = entry is None or entry.revision != revision or entry.state is State.RETRYING
        ids = {"target": self.route.name, "record": str(claim.key), "attempt": claim.token}
        # What was delivered before, and is only looked at again, is no part of what that poll set going.
        with tracing.span("deliver", claim.stored.poll if is_new else "", **ids):
            await self._carried(claim, absent, position)

    async def _carried(self, claim: Claim, absent: Absent | None, position: Position | None) -> None:
        mine: Claim | None = claim
        try:
            for _ in range(_ROUNDS):
                if await self._round(claim, absent, position):
                    mine = None
                    return
                absent = None
                newer = await self.ledger.claim(claim.key, claim.token)
                if newer is None:
                    return  # the target was paused, or the record held: the lock goes back
                mine = claim = newer
        except LockLost:
            mine = None  # whoever has the lock now goes on
        except TargetHalted as error:
            await self.halt(error)
        finally:
            if mine is not None:
                await self.ledger.release(mine)

    async def halt(self, error: TargetHalted) -> None:
        """Pause the target until somebody has put right what it refuses."""
        if await self.gate.pause(HALTED, str(error)):
            self.observer.paused(self.route.name, HALTED, str(error))

    async def tell_gate(self, error: TryLater) -> None:
        """A target that gives no answers is paused; what it asks to wait, the sender has told already."""
        if not error.unreachable or error.counted:
            return
        error.counted = True
        if await self.gate.count_fault(str(error)):
            self.observer.paused(self.route.name, UNREACHABLE, str(error))

    async def _round(self, claim: Claim, absent: Absent | None, position: Position | None) -> bool:
        """One pass over the newest record. False: something newer came meanwhile."""
        applier = self._applier(claim, self.clock(), absent, position)
        try:
            heard = Heard(self.clock)
            with heard_by([heard]):
                outcome = await self._outcome(claim, applier)
            answered = self.clock()
            done, settled = await self._settle(claim, applier, outcome, private_calls(heard, claim))
        except LockLost:
            # What was sent before may have overtaken a successor's write: somebody has to look again, at the
            # account's new owner too.
            key, account = claim.key, applier.link or claim.link
            owner = await self.ledger.owner(key.kind, account) if account else None
            await self.ledger.doubt({key, owner or key}, given=applier.entry.refs, unsettled=claim.token)
            raise
        tracing.note(outcome=done.entry.outcome, state=done.entry.state, attempts=done.entry.attempts)
        self.observer.settled(self.route.name, claim, done.entry, answered)
        if claim.link and done.link and claim.link != done.link:
            # Another object than before: who refers to this record still refers to the old one.
            await self._look_at(await self.ledger.referring(claim.key))
        if done.entry.state in DONE:
            await self._wake_followers(claim, done)
        return not settled.again

    async def _wake_followers(self, claim: Claim, done: Done) -> None:
        """Let the targets that come after this one look at a person, whose id here may be another."""
        for follower in self.followers if claim.is_person else ():
            await follower.hear(claim.key, new_id=claim.link != done.link)
            await self.queue.add(follower.ledger.target, [Due(claim.key)], self.clock())

    async def _look_at(self, keys: Sequence[Key]) -> None:
        """Let others be read back at the target."""
        await self.ledger.doubt(keys)
        await self.queue.add(self.route.name, [Due(key) for key in keys], self.clock())

    def _applier(
        self, claim: Claim, now: float, absent: Absent | None = None, position: Position | None = None
    ) -> Applier:
        permit = Locked(self.turn, self.ledger, claim)
        parts = self.route, self.target, self.ledger, claim, permit, now, absent
        return Applier(*parts, self.elsewhere, position)

    async def _settle(
        self, claim: Claim, applier: Applier, done: Done, calls: tuple[Call, ...]
    ) -> tuple[Done, Settled]:
        """Write what came of it; where that cannot be written, that it could not."""
        try:
            return done, await self._written(claim, done, calls)
        except _NOT_OF_A_RECORD:
            raise
        except Exception as error:  # noqa: BLE001 - such as an id that is no text
            clean = self._applier(claim, applier.entry.at)
            done = later(clean, unforeseen(error), self.retry)
            return done, await self._written(claim, done)

    async def _written(self, claim: Claim, done: Done, calls: tuple[Call, ...] = ()) -> Settled:
        result = Result(
            claim=claim,
            entry=done.entry,
            link=done.link,
            hold=done.waits,
            freed=_frees(done),
            counts=done.done,
            approved=done.approved,
            calls=calls,
            former=done.former,
        )
        return await self.ledger.settle(result)

    async def _outcome(self, claim: Claim, applier: Applier) -> Done:
        try:
            if await applier.is_current():
                # Nothing was done this time, whatever was done before.
                current = claim.entry or applier.entry
                return Done(dataclasses.replace(current, outcome=Outcome.UNCHANGED), claim.link)
            return await applier.run()
        except AfterAnother as error:
            await self._nudge(Key.parse(error.awaits))
            return after_another(applier, error, self.retry)
        except AfterTarget as error:
            return waiting(applier, error, self.retry)
        except Unseen as error:
            if error.ticket or error.wait:
                return waiting(applier, error, self.retry, error.wait)
            return later(applier, error, self.retry)
        except TryLater as error:
            await self.tell_gate(error)
            return later(applier, error, self.retry)
        except RecordRejected as error:
            return failed(applier, str(error), error)
        except _NOT_OF_A_RECORD:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this record's and nobody else's
            return later(applier, unforeseen(error), self.retry)

    async def _nudge(self, other: Key) -> None:
        """A record that is waited for, and has given up the value by its ledger, is read back: it may not."""
        sight = await self.ledger.sight(other)
        stored, entry = sight.stored, sight.entry
        if stored and entry and entry.state is State.APPLIED and entry.revision == stored.revision:
            await self._look_at([other])


def _frees(done: Done) -> bool:
    """Whether others may find at the target now what they wait for."""
    return done.freed or done.entry.state in (State.APPLIED, State.REMOVED, State.SKIPPED)
