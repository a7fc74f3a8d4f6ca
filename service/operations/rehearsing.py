"""Deliveries without writing: the workers' own code, between a target and a ledger that only read.

What a plan says is therefore what a delivery would do: match, map, compare, decide are the same functions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from bridge.effects import ANYTHING
from bridge.errors import BridgeError, NotFound, RecordRejected, TargetHalted, TryLater, unforeseen
from bridge.exchange import Applied, FieldChange, Greeting, Match, Wanted
from bridge.model import Entry, Key, Kind, Outcome, Stored
from bridge.store import Claim
from bridge.wire.permit import NoWrites, Permit
from service.operations.sketching import Sketch
from workers.connect import Connected
from workers.delivery.apply import Applier
from workers.delivery.deliver import private
from workers.delivery.matching import Verdict, verdict
from workers.targets.base import Previews, Removal, Target

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
class ReadOnly:
    """Stands before a target for one record: look-ups pass, what would write is noted as changes."""

    target: Target
    empty: bool
    changes: list[FieldChange] = field(default_factory=list)
    verdict: Verdict | None = None
    deleted: bool = False
    wrote: bool = False

    async def check(self) -> Greeting:
        """Pass it on."""
        return await self.target.check()

    async def size(self) -> int:
        """Pass it on."""
        return await self.target.size()

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Match]:
        """Look up; where the target has no accounts at all, nobody has one."""
        nobody = self.empty and wanted.key.kind is Kind.PERSON
        found = [] if nobody else await self.target.find(wanted, thorough=thorough)
        self.verdict = verdict(found)
        return found

    async def upsert(self, wanted: Wanted, remote_id: str | None, permit: Permit) -> Applied:  # noqa: ARG002
        """Note what an upsert would change."""
        self.wrote = True
        if isinstance(self.target, Previews):
            self.changes = await self.target.preview(wanted, remote_id)
        else:
            self.changes = [FieldChange(name, None, value) for name, value in wanted.attributes.items()]
        if remote_id is None:
            return Applied(f"{TO_COME}{wanted.key}", Outcome.CREATED)
        return Applied(remote_id, Outcome.UPDATED if self.changes else Outcome.UNCHANGED)

    async def remove(
        self,
        key: Key,
        remote_id: str,
        how: Removal,
        released: frozenset[str],
        permit: Permit,  # noqa: ARG002
    ) -> Applied:
        """Note what a removal would change."""
        self.wrote = True
        if how == "delete":
            self.deleted = True
            return Applied(remote_id, Outcome.DELETED)
        if not isinstance(self.target, Previews):
            return Applied(remote_id, Outcome.DEACTIVATED)
        self.changes = await self.target.preview_removal(key, remote_id, released)
        return Applied(remote_id, Outcome.DEACTIVATED if self.changes else Outcome.UNCHANGED)

    async def shows(self, key: Key, remote_id: str) -> bool | None:
        """What is seen now; after a write that was not sent, nothing speaks against it."""
        if self.deleted:
            raise NotFound(f"the account {remote_id} of {key} would be deleted")
        return None if self.wrote else await self.target.shows(key, remote_id)


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
            tuple(stage.changes),
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
