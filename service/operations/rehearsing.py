"""What deliveries would do, decided by what decides for them, one after the other; nothing is carried out."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from redis.exceptions import RedisError

from bridge.effects import ANYTHING
from bridge.errors import BridgeError, RecordRejected, TargetHalted, TryLater, unforeseen
from bridge.exchange import FieldChange
from bridge.model import Entry, Key, Outcome, Stored
from bridge.store.claims import Case
from service.operations.sketching import Sketch
from workers.connect import Connected
from workers.delivery.choosing import Choice
from workers.delivery.deciding import Decider
from workers.delivery.decision import Decision
from workers.delivery.failing import private
from workers.delivery.inventory import Absent
from workers.delivery.line import Line, Position
from workers.delivery.matching import Verdict, verdict
from workers.delivery.noting import stamped


@dataclass(frozen=True, slots=True)
class Step:
    """What a delivery of one record would do.

    `action`: an outcome of deliveries, or `retrying` when it would have to wait. `remote_id` is what there is
    before, `verdict` what its matches make of it (None: not looked up), `hold` what holds the step back.
    `choices` is what a new account would get that nobody else has.
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
    choices: tuple[Choice, ...] = ()

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
class Rehearsal:
    """Rehearses deliveries to one target at `now` (epoch seconds). `trouble`: why it cannot be asked.

    `absent` tells of whom, without a look-up, nothing is there.
    """

    connected: Connected
    sketch: Sketch
    records: Mapping[Key, Stored]
    entries: Mapping[Key, Entry]
    unsettled: Collection[Key]
    now: float
    absent: Absent | None = None
    trouble: str = ""

    async def run(self, ranks: Mapping[Key, int], held: Collection[Key] = ()) -> dict[Key, Step]:
        """Rehearse records in the order of their ranks, and again those that wait for what these bring.

        What is `held` comes last: a sync leaves it, and gives what nobody else has to all others.
        """
        steps: dict[Key, Step] = {}
        order = {key: (key in held, rank) for key, rank in ranks.items()}
        for place in sorted(set(order.values())):
            # As the workers take what has one rank: by name.
            steps |= await self._together(sorted((key for key in order if order[key] == place), key=str))
        waiting = [key for key, step in steps.items() if self.sketch.made.keys() & set(step.missing)]
        behind = [
            key
            for key, entry in self.entries.items()
            if key not in steps and key in self.records and self.sketch.made.keys() & set(entry.missing)
        ]
        return steps | await self._together([*waiting, *behind])

    async def _together(self, keys: Iterable[Key]) -> dict[Key, Step]:
        line = Line()
        found = await asyncio.gather(*[self._in_line(key, line.join()) for key in keys])
        return {step.key: step for step in found if step is not None}

    async def _in_line(self, key: Key, position: Position) -> Step | None:
        try:
            return await self.step(key, position)
        finally:
            position.leave()

    async def step(self, key: Key, position: Position | None = None) -> Step | None:
        """Rehearse one record; None when the target cannot be asked."""
        if self.trouble:
            return None
        case = await self._case(key)
        decider = self._decider(case, position)
        try:
            if await decider.is_current():
                return Step(key, Outcome.UNCHANGED, remote_id=case.link)
            decision = await self._decide(decider, case)
        except RecordRejected as error:
            candidates = tuple(getattr(error, "candidates", ()))
            reason = private(str(error), case)
            failed = Step(key, Outcome.FAILED, reason, remote_id=case.link, candidates=candidates)
            return dataclasses.replace(failed, verdict=_verdict(decider))
        except (TryLater, TargetHalted) as error:
            return self._away(error, key, case)
        except RedisError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this record's and nobody else's
            return self._away(unforeseen(error), key, case)
        self.sketch.note(key, decision)
        entry = dataclasses.replace(decision.entry, **decision.says)
        return Step(
            key,
            entry.outcome,
            entry.reason,
            decision.change.fields if decision.change else (),
            remote_id=case.link or (decision.account.remote_id if decision.account else None),
            missing=entry.missing,
            verdict=_verdict(decider),
            delete_at=entry.delete_at,
            choices=decision.choices,
        )

    def _decider(self, case: Case, position: Position | None = None) -> Decider:
        route = self.connected.route
        entry = stamped(route, case, self.now)
        target, elsewhere = self.connected.target, self.connected.elsewhere
        foreseen = elsewhere and dataclasses.replace(elsewhere, foreseen=True)
        return Decider(route, target, self.sketch, case, entry, case.link, self.absent, foreseen, position)

    async def _decide(self, decider: Decider, case: Case) -> Decision:
        """What a delivery would decide. Raises what it would raise."""
        decision = await decider.decide()
        if decision.change and decision.there and decision.there.content is None:
            # What is not shown is deleted, as a rule; a delivery tries, and a plan cannot.
            decision = await decider.decide(gone=True)
        if (account := decision.account) and not self.sketch.is_free(case.key, account):
            decision = await self._decider(case).decide()  # another step has chosen it meanwhile
        if decision.error:
            raise decision.error
        return decision

    def _away(self, error: BridgeError, key: Key, case: Case) -> Step | None:
        """One record's passing fault is a step; the whole target's ends the rehearsal."""
        if isinstance(error, TryLater) and error.after is None and not error.unreachable:
            return Step(key, "retrying", private(str(error), case), remote_id=case.link)
        self.trouble = self.trouble or private(str(error), case)
        return None

    async def _case(self, key: Key) -> Case:
        """What a delivery would find, without its lock."""
        return Case(
            stored=self.records[key],
            entry=self.entries.get(key),
            link=(await self.sketch.ledger.links([str(key)])).get(str(key)),
            doubt="unsettled" if key in self.unsettled else "",
            counted=ANYTHING,  # what would have to wait shows by its hold
        )


def _verdict(decider: Decider) -> Verdict | None:
    """What was made of the accounts that a look-up found; None where nobody was looked up."""
    return None if decider.found is None else verdict(decider.found)
