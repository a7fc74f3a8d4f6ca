"""Deliveries without writing: the workers' own code, between a target and a ledger that only read.

What a plan says is therefore what a delivery would do: match, map, compare, decide are the same functions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError

from bridge.effects import ANYTHING
from bridge.errors import BridgeError, NotFound, RecordRejected, TargetHalted, TryLater, unforeseen
from bridge.exchange import Applied, Change, FieldChange, Greeting, Receipt, Remote, Wanted
from bridge.model import Entry, Key, Kind, Outcome, Stored
from bridge.store import Claim
from bridge.wire.permit import NoWrites, Permit
from service.operations.sketching import Sketch
from workers.connect import Connected
from workers.delivery.apply import Applier
from workers.delivery.deliver import private
from workers.delivery.matching import Verdict, verdict
from workers.targets.base import Abilities, Target

TO_COME = "will be created: "
"""Begins the id of an object that does not exist yet; the record's key follows."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a delivery of one record would do.

    `action`: an outcome of deliveries, or `retrying` when it would have to wait. `remote_id` is what there is
    before, `verdict` what its matches make of it (None: not looked up), `hold` what holds the step back.
    """

    key: Key
    action: str
    reason: str = ""
    changes: tuple[FieldChange, ...] = ()
    remote_id: str | None = None
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    verdict: Verdict | None = None
    delete_at: float = 0.0
    hold: str = ""

    @property
    def acts(self) -> bool:
        """Whether something would be sent to the target."""
        return self.action in (
            Outcome.CREATED,
            Outcome.ADOPTED,
            Outcome.UPDATED,
            Outcome.DEACTIVATED,
            Outcome.DELETED,
        )


@dataclass(slots=True)
class ReadOnly(Target):
    """Stands before a target for one record: look-ups pass, what would be sent is noted."""

    target: Target
    empty: bool
    sent: Change | None = None
    verdict: Verdict | None = None

    @property
    def can(self) -> Abilities:  # type: ignore[override] # read only, as everything here
        """Pass it on."""
        return self.target.can

    async def check(self) -> Greeting:
        """Pass it on."""
        return await self.target.check()

    async def size(self) -> int:
        """Pass it on."""
        return await self.target.size()

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
        """Look up; where the target has no accounts at all, nobody has one."""
        nobody = self.empty and wanted.key.kind is Kind.PERSON
        found = [] if nobody else await self.target.find(wanted, thorough=thorough)
        self.verdict = verdict(found)
        return found

    async def read(self, key: Key, remote_id: str) -> Remote | None:
        """What is there now; after a change that was not sent, nothing speaks against it."""
        if self.sent is None:
            return await self.target.read(key, remote_id)
        return None if self.sent.outcome is Outcome.DELETED else Remote(remote_id)

    def change(self, wanted: Wanted, there: Remote | None) -> Change | None:
        """What would be sent. What is not shown is deleted, as a rule, and no plan can tell otherwise."""
        if there and there.content is None and wanted.removal is None:
            raise NotFound("is not shown")
        return self.target.change(wanted, there)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:  # noqa: ARG002
        """Note what would be sent."""
        (self.sent,) = changes
        remote_id = self.sent.remote_id or f"{TO_COME}{self.sent.key}"
        return [Applied(remote_id, self.sent.outcome)]


@dataclass(slots=True)
class Rehearsal:
    """Rehearses deliveries to one target at `now` (epoch seconds). `trouble`: why it cannot be asked."""

    connected: Connected
    sketch: Sketch
    records: Mapping[Key, Stored]
    entries: Mapping[Key, Entry]
    unsettled: Collection[Key]
    now: float
    empty: bool = False
    trouble: str = ""

    async def run(self, ranks: Mapping[Key, int]) -> dict[Key, Step]:
        """Rehearse records in the order of their ranks, and again those that wait for what these bring."""
        steps: dict[Key, Step] = {}
        for rank in sorted(set(ranks.values())):
            steps |= await self._together([key for key in ranks if ranks[key] == rank])
        waiting = [key for key, step in steps.items() if self.sketch.made.keys() & set(step.missing)]
        behind = [
            key
            for key, entry in self.entries.items()
            if key not in steps and key in self.records and self.sketch.made.keys() & set(entry.missing)
        ]
        return steps | await self._together([*waiting, *behind])

    async def _together(self, keys: Iterable[Key]) -> dict[Key, Step]:
        found = await asyncio.gather(*(self.step(key) for key in keys))
        return {step.key: step for step in found if step is not None}

    async def step(self, key: Key) -> Step | None:
        """Rehearse one record; None when the target cannot be asked."""
        if self.trouble:
            return None
        claim = await self._claim(key)
        stage = ReadOnly(self.connected.target, self.empty)
        applier = Applier(self.connected.route, stage, self.sketch, claim, NoWrites(), self.now)
        try:
            if await applier.is_current():
                return Step(key, Outcome.UNCHANGED, remote_id=claim.link)
            done = await applier.run()
        except RecordRejected as error:
            candidates = tuple(getattr(error, "candidates", ()))
            reason = private(str(error), claim)
            return Step(
                key,
                Outcome.FAILED,
                reason,
                remote_id=claim.link,
                candidates=candidates,
                verdict=stage.verdict,
            )
        except (TryLater, TargetHalted) as error:
            return self._away(error, key, claim)
        except RedisError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this record's and nobody else's
            return self._away(unforeseen(error), key, claim)
        if done.link is not None and done.link != claim.link:
            self.sketch.made[str(key)] = done.link
        entry = done.entry
        return Step(
            key,
            entry.outcome,
            entry.reason,
            stage.sent.fields if stage.sent else (),
            remote_id=claim.link or (None if (done.link or TO_COME).startswith(TO_COME) else done.link),
            missing=entry.missing,
            verdict=stage.verdict,
            delete_at=entry.delete_at,
        )

    def _away(self, error: BridgeError, key: Key, claim: Claim) -> Step | None:
        """One record's passing fault is a step; the whole target's ends the rehearsal."""
        if isinstance(error, TryLater) and error.after is None and not error.unreachable:
            return Step(key, "retrying", private(str(error), claim), remote_id=claim.link)
        self.trouble = self.trouble or private(str(error), claim)
        return None

    async def _claim(self, key: Key) -> Claim:
        """What `Ledger.claim` would give, without taking the lock."""
        link = (await self.sketch.ledger.links([str(key)])).get(str(key))
        doubt = "unsettled" if key in self.unsettled else ""
        # All is counted: what would have to wait shows by its hold.
        return Claim("", "", self.records[key], self.entries.get(key), link, doubt, counted=ANYTHING)
