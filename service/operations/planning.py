"""`plan`: what a sync would do, without doing it. Reads Kenjo, Redis and the targets."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from redis.exceptions import RedisError

from bridge.diff import diff, revised
from bridge.errors import StoreUnavailable, unforeseen
from bridge.model import Key, Kind, Snapshot, State, Stored
from bridge.store import Hold, Ledger, Survey
from bridge.store.holds import ORPHANS, PUBLICATION
from bridge.wire.redaction import redact
from service.operations.assembly import Bridge, KenjoSource, connected, kenjo
from service.operations.plans import Plan, TargetPlan, Waits
from service.operations.rehearsing import Rehearsal
from service.operations.sketching import Sketch
from service.operations.steps import Step
from service.watch.holding import hold_of
from service.watch.judging import Asks, asking, judge
from service.watch.keeping import keep_known
from service.watch.knowing import what_is_known
from service.watch.pending import Standing, assess, rank
from workers.connect import Connected
from workers.delivery.first_contact import hold_id, mismatch
from workers.delivery.inventory import MANY, Absent, believed
from workers.delivery.survey import tally
from workers.order import in_order


async def plan(bridge: Bridge, moment: datetime, only: Collection[str] = (), day: date | None = None) -> Plan:
    """What a sync would do at a moment: now, or on a `day` to come, if nothing else changed until then.

    Raises SourceUnavailable, ConfigurationError.
    """
    async with kenjo(bridge.values, clock=lambda: moment) as client, connected(bridge, only) as targets:
        source = KenjoSource.of(client, bridge)
        async with asking(bridge.backend):
            snapshot = await source.fetch_snapshot()
            return await plan_of(bridge, targets, snapshot, source, moment.timestamp(), day)


async def plan_of(
    bridge: Bridge,
    targets: Mapping[str, Connected],
    snapshot: Snapshot,
    source: Asks,
    now: float,
    day: date | None = None,
) -> Plan:
    """The plan for a snapshot, as `Poller.poll_once` and the workers would go about it."""
    gone = await bridge.backend.forgotten.all()
    records = {key: one for key, one in (await bridge.backend.records.known()).items() if key not in gone}
    known = await what_is_known(bridge.backend, records, bridge.routes)
    seen = await bridge.backend.forgotten.without(snapshot)
    interval = bridge.values.kenjo.poll_interval
    judgement = await judge(seen, known.records, source, bridge.backend, now, interval)
    snapshot = keep_known(judgement.snapshot, known.records)
    if judgement.hold:
        return Plan(snapshot, (), records, {}, judgement.hold.reason, day)
    changes = diff(known.records, snapshot)
    coming = known.after(revised(known.records, changes, now))
    planning = _Planning(bridge, coming, now)
    order = in_order({name: target.route.settings for name, target in targets.items()})
    plans = {name: await planning.of(targets[name]) for name in order}
    ordered = {name: plans[name] for name in targets}
    return Plan(snapshot, tuple(changes), coming, ordered, day=day)


@dataclass(frozen=True, slots=True)
class _Planning:
    """A plan that is being made, a target after the other, of records as they are `coming` to be at `now`.

    `sketches`: how the plan leaves the targets so far; each where anything is done is added.
    """

    bridge: Bridge
    coming: Mapping[Key, Stored]
    now: float
    sketches: dict[str, Sketch] = field(default_factory=dict)

    async def of(self, target: Connected) -> TargetPlan:
        """The plan of one target; whatever goes wrong with it is its own trouble."""
        try:
            return await _with_drift(self.bridge, target.route.name, await self._without_drift(target))
        except (RedisError, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - the other targets are planned all the same
            return TargetPlan(trouble=redact(str(unforeseen(error))))

    async def _without_drift(self, target: Connected) -> TargetPlan:
        bridge, name = self.bridge, target.route.name
        standing = await assess(self.coming, target.route, bridge.backend, self.now)
        paused = (await bridge.backend.gate(name).paused()).get("reason", "")
        parked = tuple(
            (key, entry)
            for key, entry in sorted(standing.entries.items())
            if entry.state is State.FAILED and key not in standing.pending
        )
        if not standing.pending:
            return TargetPlan(parked=parked, paused=paused)
        try:
            accounts = await target.target.size()
        except (RedisError, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - what is known without asking is shown all the same
            return TargetPlan(parked=parked, paused=paused, trouble=redact(str(unforeseen(error))))
        rehearsal = await self._rehearsal(target, standing)
        rehearsal.absent = await _absent(target, bridge.backend.ledger(name), standing, accounts)
        steps = await rehearsal.run(rank(standing.pending, self.coming))
        survey, contact = await _first_contact(bridge, target, accounts, steps)
        holds = [*(hold_of(excess, name, self.now) for excess in standing.excesses), *contact]
        if not (paused or contact):
            self.sketches[name] = rehearsal.sketch
        return TargetPlan(
            steps=_held(steps, holds),
            holds=tuple(Waits(hold.id, hold.reason, len(hold.keys) or hold.count) for hold in holds),
            parked=parked,
            survey=survey,
            paused=paused,
            trouble=rehearsal.trouble,
        )

    async def _rehearsal(self, target: Connected, standing: Standing) -> Rehearsal:
        """A rehearsal of deliveries to a target from where it stands."""
        ledger = self.bridge.backend.ledger(target.route.name)
        return Rehearsal(
            target,
            Sketch(ledger, self.coming),
            self.coming,
            standing.entries,
            await ledger.unsettled(),
            self.now,
            held=standing.held,
            earlier=self.sketches,
        )


async def _with_drift(bridge: Bridge, name: str, found: TargetPlan) -> TargetPlan:
    """The plan with what the last look for drift has found, as far as nothing is to be done about it now."""
    last = await bridge.backend.drifts(name).last()
    there = [await bridge.backend.holds.get(f"{name}-{kind}") for kind in (ORPHANS, PUBLICATION)]
    holds = [Waits(hold.id, hold.reason, hold.count) for hold in there if hold]
    planned = {str(step.key) for step in found.steps}
    drifted = tuple(sorted(set(last.records) - planned)) if last else ()
    return dataclasses.replace(found, holds=(*found.holds, *holds), drifted=drifted)


async def _absent(target: Connected, ledger: Ledger, standing: Standing, accounts: int) -> Absent | None:
    """Who needs no look-up: everybody where there are no accounts, else those whom the list lacks.

    It is read where a sync reads it: for many, and at the first contact.
    """
    if accounts == 0:
        return lambda wanted: wanted.key.kind is Kind.PERSON
    if standing.entries and sum(key not in standing.entries for key in standing.pending) < MANY:
        return None
    return (await believed(target.target, ledger)).lacks


async def _first_contact(
    bridge: Bridge, target: Connected, accounts: int, steps: Mapping[Key, Step]
) -> tuple[Survey | None, list[Hold]]:
    """What `FirstContact` would find, from the look-ups that the steps have made."""
    name = target.route.name
    former = await bridge.backend.gate(name).survey()
    if former is not None and former.config == target.route.configuration:
        hold = await bridge.backend.holds.get(hold_id(name))
        return None, [hold] if hold else []
    if await bridge.backend.ledger(name).linked():
        return None, []
    people = [step for step in steps.values() if step.key.kind is Kind.PERSON and step.action != "skipped"]
    found = [step.verdict for step in people if step.verdict]  # the survey counts nobody else
    survey = tally(target.route, accounts, len(found), found)
    reason = mismatch(survey)
    if reason is None:
        return survey, []
    hold = Hold(hold_id(name), name, "first-contact", survey.create, "half", reason, 0.0)
    return survey, [hold]


def _held(steps: Mapping[Key, Step], holds: Collection[Hold]) -> tuple[Step, ...]:
    """The steps in a fixed order, each with the hold that holds it back; a hold without keys holds all."""
    by_key = {name: hold.id for hold in holds for name in hold.keys}
    everything = next((hold.id for hold in holds if not hold.keys), "")
    found = (
        dataclasses.replace(step, hold=by_key.get(str(step.key), everything) if step.acts else "")
        for step in steps.values()
    )
    return tuple(sorted(found, key=lambda step: step.key))
