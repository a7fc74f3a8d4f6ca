"""What deliveries would do, decided by what decides for them, one after the other; nothing is carried out."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError

from bridge.effects import ANYTHING
from bridge.errors import AfterAnother, BridgeError, RecordRejected, TargetHalted, TryLater, unforeseen
from bridge.exchange import Wanted, is_to_come
from bridge.model import Entry, Key, Outcome, State, Stored
from bridge.store.claims import Case
from bridge.store.waiting import is_over
from service.operations.foreseeing import Foreseen, see_accepted
from service.operations.sketching import Sketch
from service.operations.steps import RETRYING, Step, circle
from workers.connect import Connected
from workers.delivery.deciding import Decider
from workers.delivery.decision import Decision
from workers.delivery.elsewhere import Elsewhere
from workers.delivery.failing import private
from workers.delivery.inventory import Absent
from workers.delivery.matching import Verdict, verdict
from workers.delivery.noting import stamped


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a delivery of a record decides, or the `error` for which it decides nothing; else all is done."""

    case: Case
    decider: Decider
    decision: Decision | None = None
    error: BridgeError | None = None


@dataclass(slots=True)
class Rehearsal:
    """Rehearses deliveries to one target at `now` (epoch seconds). `trouble`: why it cannot be asked.

    `absent` tells of whom, without a look-up, nothing is there. What is `held` is rehearsed, and others find
    everything as if it was not done. `earlier`: how the plan leaves the targets that come first; None where
    what they have is not asked for.
    """

    connected: Connected
    sketch: Sketch
    records: Mapping[Key, Stored]
    entries: Mapping[Key, Entry]
    unsettled: Collection[Key]
    now: float
    absent: Absent | None = None
    held: Collection[Key] = ()
    earlier: Mapping[str, Sketch] | None = None
    trouble: str = ""
    there: Foreseen = field(init=False)
    _elsewhere: Elsewhere | None = None
    _circles: set[Key] = field(default_factory=set)
    _counted: dict[Key, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.there = Foreseen(self.connected.target)
        if elsewhere := self.connected.elsewhere:
            self._elsewhere = elsewhere.after(self.earlier or {})

    async def run(self, ranks: Mapping[Key, int]) -> dict[Key, Step]:
        """Rehearse records in the order of their ranks, and again those that wait for what these bring.

        What is held comes last: a sync leaves it, and gives what nobody else has to all others.
        """
        steps: dict[Key, Step] = {}
        order = {key: (key in self.held, rank) for key, rank in ranks.items()}
        for place in sorted(set(order.values())):
            steps |= await self._together([key for key in order if order[key] == place], steps)
        await self._follow(steps)
        steps |= await self._together(sorted(self._counted), steps)
        steps |= await self._freed(steps)
        waiting = [key for key, step in steps.items() if self.sketch.brings(step.missing)]
        behind = [
            key
            for key, entry in self.entries.items()
            if key not in steps and key in self.records and self.sketch.brings(entry.missing)
        ]
        return steps | await self._together([*waiting, *behind], steps)

    async def _freed(self, steps: Mapping[Key, Step]) -> dict[Key, Step]:
        """The steps of parked records that wait for one which these steps move, where they fail no more."""
        parked = {
            key: Key.parse(entry.awaits)
            for key, entry in self.entries.items()
            if entry.state is State.FAILED and entry.awaits and key in self.records and key not in steps
        }
        moved = [
            key
            for key, other in parked.items()
            if other in steps and is_over(self.entries[key], (await self.sketch.sight(other)).stance)
        ]
        found = await self._together(moved, steps)
        return {key: step for key, step in found.items() if step.action not in (Outcome.FAILED, RETRYING)}

    async def step(self, key: Key) -> Step | None:
        """Rehearse one record; None when the target cannot be asked."""
        return None if self.trouble else await self._settle(await self._attempt(key))

    async def _follow(self, steps: dict[Key, Step]) -> None:
        """Rehearse those again that wait for another record's step, until nobody can go on.

        Of records that wait for each other each one gets what it waits for: see `workers.delivery.clashes`.
        """
        tried: set[tuple[Key, Key]] = set()
        while waiting := {key: step.awaits for key, step in steps.items() if step.awaits}:
            ready = {
                (key, other) for key, other in waiting.items() if other in steps and other not in waiting
            } - tried
            tried |= ready
            keys = [key for key, _ in ready]
            if not keys:
                keys = circle(waiting)
                self._circles.update(keys)
            if not keys:
                return
            steps |= await self._together(keys, steps)

    async def _together(self, keys: Iterable[Key], former: Mapping[Key, Step]) -> dict[Key, Step]:
        """Rehearse records of one rank: all look at the same time, and each one acts in its turn."""
        keys = sorted(keys, key=str)  # the order in which Redis gives out what is due
        for key in keys:
            self.there.forget(key)
        steps: dict[Key, Step] = {}
        for attempt in await asyncio.gather(*(self._attempt(key) for key in keys)):
            key = attempt.case.key
            if self._is_overtaken(attempt):
                attempt = await self._attempt(key)
            if self.trouble or (step := await self._settle(attempt)) is None:
                continue
            first = former.get(key)
            steps[key] = dataclasses.replace(step, verdict=first.verdict) if first else step
        return steps

    def _is_overtaken(self, attempt: Attempt) -> bool:
        """Whether another one's step has taken meanwhile what this record is to have."""
        decision = attempt.decision
        if decision is None:
            return False
        key = attempt.case.key
        if (account := decision.account) and not self.sketch.is_free(key, account):
            return True
        if any(self.sketch.is_held(key, *given) for given in decision.unique.items()):
            return True
        wanted = decision.wanted
        return wanted is not None and not wanted.removal and self.there.meets(wanted)

    async def _attempt(self, key: Key) -> Attempt:
        """What a delivery would decide now."""
        case = await self._case(key)
        decider = self._decider(case)
        if self.trouble:
            return Attempt(case, decider)
        try:
            if await decider.is_current():
                return Attempt(case, decider)
            return Attempt(case, decider, await self._decide(decider))
        except (RecordRejected, TryLater, TargetHalted) as error:
            return Attempt(case, decider, error=error)
        except RedisError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this record's and nobody else's
            return Attempt(case, decider, error=unforeseen(error))

    async def _decide(self, decider: Decider) -> Decision:
        """What a delivery would decide. Raises what it would raise."""
        if self._elsewhere and self.earlier is not None:
            await self._elsewhere.check(self.connected.route, decider.case)
        decision = await decider.decide()
        if decision.change and decision.there and decision.there.content is None:
            # What is not shown is deleted, as a rule; a delivery tries, and a plan cannot.
            decision = await decider.decide(gone=True)
        if decision.error:
            raise decision.error
        if decider.key not in self._circles:
            await see_accepted(self.connected.route, self.sketch, self.there, decision)
        return decision

    async def _settle(self, attempt: Attempt) -> Step | None:
        """The step that comes of it, remembered for those that follow; None when the target is in trouble."""
        case, decision, error = attempt.case, attempt.decision, attempt.error
        if error is not None:
            return self._failed(attempt, error)
        if decision is None:
            if case.entry and case.entry.state is State.SKIPPED:
                return Step(case.key, Outcome.SKIPPED, case.entry.reason)
            return Step(case.key, Outcome.UNCHANGED, remote_id=case.link)
        if case.key not in self.held:
            self.sketch.note(case.key, decision)
            self.there.note(case.key, decision)
            if decision.waits and decision.account:
                self._counted[case.key] = decision.account.remote_id
        entry = dataclasses.replace(decision.entry, **decision.says)
        return Step(
            case.key,
            entry.outcome,
            entry.reason,
            decision.change.fields if decision.change else (),
            remote_id=case.link or (decision.account.remote_id if decision.account else None),
            missing=entry.missing,
            verdict=self._verdict(attempt),
            delete_at=entry.delete_at,
            choices=decision.choices,
        )

    def _failed(self, attempt: Attempt, error: BridgeError) -> Step | None:
        """One record's fault is a step; the whole target's ends the rehearsal."""
        case, reason = attempt.case, private(str(error), attempt.case)
        if isinstance(error, TargetHalted) or (isinstance(error, TryLater) and error.of_the_target):
            self.trouble = self.trouble or reason
            return None
        parked = isinstance(error, RecordRejected)
        awaits: dict[str, Any] = {name: getattr(error, name, "") for name in ("awaits", "awaited")}
        self.sketch.entries[case.key] = dataclasses.replace(
            stamped(self.connected.route, case, self.now),
            state=State.FAILED if parked else State.RETRYING,
            outcome=Outcome.FAILED,
            missing=(),
            **awaits,
        )
        candidates = getattr(error, "candidates", ())
        return Step(
            case.key,
            Outcome.FAILED if parked else RETRYING,
            reason,
            remote_id=case.link,
            candidates=tuple(one for one in candidates if not is_to_come(one)),
            verdict=self._verdict(attempt),
            awaits=Key.parse(error.awaits) if isinstance(error, AfterAnother) else None,
        )

    def _decider(self, case: Case) -> Decider:
        route, entry = self.connected.route, stamped(self.connected.route, case, self.now)
        absent = self._absent if self.absent else None
        return Decider(route, self.there, self.sketch, case, entry, case.link, absent, self._elsewhere)

    def _absent(self, wanted: Wanted) -> bool:
        """Whether it is certain that nothing is there then, what the steps so far bring included."""
        return bool(self.absent and self.absent(wanted)) and not self.there.meets(wanted)

    async def _case(self, key: Key) -> Case:
        """What a delivery would find, without its lock. One that had to wait has noted that.

        So has a leaver whose account was not known: the next poll of a sync counts it, and it is closed.
        """
        noted, again = self.sketch.entries.get(key), key in self._counted or self.sketch.lost(key)
        return Case(
            stored=self.records[key],
            entry=noted if noted and (again or noted.state is State.RETRYING) else self.entries.get(key),
            link=self._counted.get(key) or await self.sketch.link(key),
            doubt="unsettled" if key in self.unsettled else "",
            counted=ANYTHING,  # what would have to wait shows by its hold
        )

    def _verdict(self, attempt: Attempt) -> Verdict | None:
        """What is made of what the target itself has shown of a record; None where nobody was looked up."""
        if attempt.decider.found is None:
            return None
        return verdict(self.there.shown.get(attempt.case.key, ()))
