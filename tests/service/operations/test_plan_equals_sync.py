"""A plan announces what a sync then does: over many small companies, record by record."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import Conflict
from bridge.exchange import Change, Receipt, Refused
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Key, Kind, Outcome, Record
from bridge.store.backend import Backend
from bridge.wire.permit import Permit
from service.operations.assembly import Bridge
from service.operations.planning import plan_of
from service.operations.plans import TargetPlan
from service.operations.steps import RETRYING
from service.operations.tallying import Tally, column
from tests.delivery import TARGET, Delivery, delivery, person, team
from tests.polling import Watch
from tests.workers.targets.shelf import ADAPTER, LOOKED_UP, MAPPING, Shelf, ShelfTarget
from workers.connect import Connected
from workers.delivery.draining import Drain

COMPANIES = 25
DAYS = 3
NAMES = "abcdef"
WAITS = 3600.0
"""Seconds after which a sync has long ended."""


class Strict(ShelfTarget):
    """A shelf that lets nobody change a user name to one that another account has."""

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Refuse that, and do the rest."""
        things = self._shelf.things(Kind.PERSON)
        for change in changes:
            name = change.content and change.content.get("userName")
            others = (thing for id_, thing in things.items() if id_ != change.remote_id)
            if name and any(thing.get("userName") == name for thing in others):
                return [Refused(Conflict("is taken"))]
        return await super().send(changes, permit)


class Company:
    """People and teams that change from day to day as a seed has it, and share names more often than not."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - it only makes people up
        self._people: dict[str, Record] = {}
        self._teams: dict[str, Record] = {}
        self._made = 0

    def next_day(self) -> list[Record]:
        """Some are hired, renamed, moved, leave or vanish; teams are made, renamed, dissolved and filled."""
        for number in range(9):
            id_ = f"p{number}"
            if id_ in self._people and self._random.random() < 0.08:
                del self._people[id_]
            elif self._random.random() < 0.5:
                self._people[id_] = self._person(id_)
        for id_ in [*self._teams, *(f"t{self._made + number}" for number in range(2))]:
            if id_ in self._teams and self._random.random() < 0.2:
                del self._teams[id_]
            elif self._random.random() < 0.5:
                members = [one for one in self._people if self._random.random() < 0.4]
                self._teams[id_] = team(id_, *members, name=self._random.choice(NAMES[:3]))
        self._made += 2
        return [*self._people.values(), *self._teams.values()]

    def _person(self, id_: str) -> Record:
        lifecycle = self._random.choice(["active"] * 6 + ["left", "inactive", "upcoming"])
        manager = self._random.choice([None, *(f"p{number}" for number in range(9))])
        email = self._random.choice(["", *(f"{name}@example.com" for name in NAMES)])
        title = self._random.choice(["Clerk", "Boss"])
        return person(id_, lifecycle=lifecycle, email=email, manager=manager, title=title)

    def strangers(self) -> Iterator[tuple[str, dict[str, object]]]:
        """Accounts that are there before, with names that people will have."""
        for number in range(self._random.randrange(3)):
            name = self._random.choice(NAMES)
            carries = self._random.choice(["", "p1", "unknown"])
            is_open = self._random.random() < 0.7
            yield f"x{number}", {"externalId": carries, "userName": f"{name}@example.com", "active": is_open}


@asynccontextmanager
async def working(backend: Backend, company: Company) -> AsyncIterator[tuple[Delivery, Route]]:
    """A target on a shelf of its own."""
    shelf = Shelf()
    for id_, thing in company.strangers():
        shelf.things(Kind.PERSON)[id_] = dict(thing)
    async with delivery(backend) as run:
        mapping = {**MAPPING, "exclusive": {Kind.PERSON: [LOOKED_UP[Kind.PERSON][1]]}}
        settings = ADAPTER.settings.model_validate({"kind": "shelf", "path": Path("/"), "rate": 1000.0})
        route = Route(TARGET, settings, mapping)
        run.deliverer = dataclasses.replace(run.deliverer, route=route, target=Strict(shelf))
        yield run, route


async def drain(run: Delivery) -> None:
    """Deliver all that is due, and what is tried again, as soon as the clock allows."""
    drain, end = Drain(run.deliverer), run.clock.now + WAITS
    while run.clock.now < end:
        drain.changed.clear()
        later = await drain.fill() if drain.room else None
        if drain._running:  # nothing else tells that all is done
            await drain.changed.wait()
        elif later is None:
            break
        else:
            run.clock.now = max(run.clock.now + 1, later)
    await drain.end(5)


def announced(found: TargetPlan) -> dict[Key, str]:
    """What a plan says of each record, in a sync's words."""
    steps = {
        step.key: str(step.action)
        for step in found.steps
        if not step.hold or step.hold.endswith("first-contact")  # nobody looks for that here
    }
    return {key: str(Outcome.FAILED) for key, _ in found.parked} | steps


async def done(run: Delivery, tally: Tally) -> dict[Key, str]:
    """What was done with each record."""
    entries = await run.deliverer.ledger.entries()
    return {key: column(entries[key], outcome) for (_, key), outcome in tally.outcomes.items()}


async def one_day(run: Delivery, watch: Watch, records: list[Record]) -> tuple[Mapping[Key, str], ...]:
    """What the plan of a day says, and what the sync then does."""
    watch.kenjo.say(*records)
    route, now = run.deliverer.route, run.clock.now
    bridge = Bridge(BridgeSettings(), run.backend, {TARGET: route}, Metrics(), None)
    connected = Connected(route, run.deliverer.target, run.deliverer.turn)
    found = await plan_of(bridge, {TARGET: connected}, watch.kenjo.snapshot, watch.kenjo, now)
    if found.held:  # nobody has an address any more, or the like
        return {}, {}
    assert found.stands, found.targets[TARGET].trouble
    tally = Tally(Metrics())
    run.deliverer = dataclasses.replace(run.deliverer, observer=tally)
    await watch.poll()
    await drain(run)
    while await run.backend.holds.found(TARGET):
        await watch.poll()
        await drain(run)
    return announced(found.targets[TARGET]), await done(run, tally)


@pytest.mark.parametrize("seed", range(COMPANIES))
async def test_the_plan_is_what_is_done(backend: Backend, seed: int) -> None:
    """Three days of a company == each record comes to what a plan has said, and no other is touched."""
    company = Company(seed)
    random.seed(seed)  # waits of retries are drawn by lot
    async with working(backend, company) as (run, route):
        watch = Watch(backend, route, run.clock, run.deliverer)
        for _ in range(DAYS):
            before, after = await one_day(run, watch, company.next_day())
            differ = [key for key in before.keys() | after.keys() if _differ(before.get(key), after.get(key))]
            told, did = ({key: found.get(key, "") for key in differ} for found in (before, after))
            # What a third one gives up may come to the other of two who want it: as many fail.
            assert (
                told == did or list(told.values()).count("failed") == list(did.values()).count("failed") > 0
            )
            run.clock.now += 86400


def _differ(before: str | None, after: str | None) -> bool:
    """Whether a plan has not said what was done. Who is parked, or has all, need not be looked at."""
    if before is None:
        return after not in (None, "unchanged", "skipped")
    if before == RETRYING:  # a few looks may be enough
        return after not in ("failed", "skipped")
    return before not in ("unchanged", "failed") if after is None else before != after
