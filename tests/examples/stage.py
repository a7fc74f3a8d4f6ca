"""An example of docs/examples at work: its own bridge.yaml, a made-up company, real servers for its tools."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bridge.config.configuration import load_settings
from bridge.config.settings import BridgeSettings
from sandbox.server import Sandbox
from service.operations.assembly import Bridge, opened
from service.operations.check import check
from service.operations.planning import plan
from service.operations.plans import Plan
from service.operations.steps import Step
from service.operations.sync import SyncResult, sync
from service.operations.telling import counts
from tests.examples.company import Shape, founded
from tests.examples.office import Office
from tests.examples.people import Person
from tests.examples.places import Place
from tests.examples.told import Told

_T = TypeVar("_T")

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SMALL = 26
"""People in a quick run: as many of each kind as there are rules for."""
FULL = bool(os.environ.get("KENJO_BRIDGE_EXAMPLES_FULL"))
"""Whether the companies have all their people (`make examples`)."""
DONE = {
    "create": "created",
    "adopt": "adopted",
    "update": "updated",
    "deactivate": "deactivated",
    "delete": "deleted",
    "fail": "failed",
    "held": "held",
}
"""What a plan calls it, and a sync once it is done."""


@dataclass
class Stage(Office):
    """`folder` holds a copy of the example. `told`: what each target should hold."""

    folder: Path = field(kw_only=True)
    redis_url: str = field(kw_only=True)
    places: Mapping[str, Place] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)

    def play(self, **targets: tuple[Place, Told]) -> None:
        """Which place stands for each target, and what is told of it; `_` in a name stands for `-`."""
        named = {name.replace("_", "-"): pair for name, pair in targets.items()}
        self.places = {name: place for name, (place, _) in named.items()}
        self.told = {name: told for name, (_, told) in named.items()}

    @asynccontextmanager
    async def bridge(self, moment: datetime | None = None) -> AsyncIterator[Bridge]:
        async with opened(self._values, clock=lambda: moment or datetime.now(UTC)) as bridge:
            yield bridge

    async def _apart(self, work: Callable[[Bridge], Awaitable[_T]], moment: datetime | None = None) -> _T:
        """Let the bridge work, beside large servers in a thread of its own: they would delay it."""

        async def run() -> _T:
            async with self.bridge(moment) as bridge:
                return await work(bridge)

        return await (asyncio.to_thread(asyncio.run, run()) if FULL else run())

    @cached_property
    def _values(self) -> BridgeSettings:
        return load_settings(self.folder / "bridge.yaml", self._environment())

    def _environment(self) -> dict[str, str]:
        """What an administrator sets beside bridge.yaml: secrets; and where the servers are in a test."""
        named = {
            "KENJO__BASE_URL": self.sandbox.url,
            "KENJO__API_KEY": self.sandbox.api_key,
            "REDIS__URL": self.redis_url,
            "REDIS__PREFIX": self.folder.name,
        }
        for name, place in self.places.items():
            own = {**place.settings, "RATE": "100000"}
            named |= {f"TARGETS__{name.upper().replace('-', '_')}__{key}": text for key, text in own.items()}
        return {f"KENJO_BRIDGE_{name}": text for name, text in named.items()}

    async def plan(self, moment: datetime | None = None) -> Plan:
        now, day = moment or datetime.now(UTC), moment.date() if moment else None
        return await self._apart(lambda bridge: plan(bridge, now, day=day), moment)

    async def planned_in(self, days: int, target: str) -> list[Step]:
        """What a day to come would bring at a target, if nothing else changed."""
        day = self.sandbox.account.today + timedelta(days=days)
        moment = datetime.combine(day, time(12), ZoneInfo("Europe/Berlin"))
        return [step for step in (await self.plan(moment)).targets[target].steps if step.acts]

    async def sync(self) -> SyncResult:
        return await self._apart(sync)

    async def begin(self) -> Mapping[str, Counter[str]]:
        """`check` finds nothing wrong, everybody arrives as planned, and a second sync sends nothing."""
        assert [one for one in await self._apart(check) if one.problems] == []
        done = await self.arrive()
        await self.rest()
        return done

    async def arrive(self, code: int = 0) -> Mapping[str, Counter[str]]:
        """Plan and sync: what was planned is done, no more, and all is as told. What was done."""
        planned = await self.plan()
        result = await self.sync()
        done = {name: _done(row.counts) for name, row in result.targets.items()}
        reasons = {name: dict(row.reasons) for name, row in result.targets.items()}
        assert result.exit_code == code, (done, reasons)
        for name, target in planned.targets.items():
            number = counts(target)
            foreseen = {verb: number[word] for word, verb in DONE.items() if number[word]}
            see(f"{name} as planned", done[name], foreseen)
        self.compare()
        return done

    async def rest(self) -> None:
        """Nothing has changed in Kenjo: nobody is asked or told anything."""
        before = {name: place.requests for name, place in self.places.items()}
        again = await self.sync()
        assert again.exit_code == 0
        assert {name: place.requests for name, place in self.places.items()} == before

    async def a_year(self) -> dict[str, Person]:
        """What happens in every company: who joined, moved, married, changed teams, left and came back."""
        joiner = self.hire(self.someone(0), "Zoë", "Åkesson")
        moved, married, changed, left = (self.someone(number) for number in (1, 2, 3, 4))
        there = next(one for one in self.people.values() if one.department != moved.department)
        for name in ("departmentId", "officeId", "companyId", "jobTitle"):
            self.change(moved, "work", **{name: self.sandbox.account.employees[there.id]["work"][name]})
        self.change(married, "personal", lastName="Ñandú-O'Hara", displayName=f"{married.first} Ñandú-O'Hara")
        self.change(changed, "work", teamIds=list(self.sandbox.account.tables["teams"])[-2:])
        self.change(left, "account", isActive=False)
        await self.arrive()
        today = self.sandbox.account.today
        last, again = (today - timedelta(days=days) for days in (30, 1))
        self.change(left, "work", startDate=again.isoformat(), contractEnd=last.isoformat())
        self.change(left, "account", isActive=True)
        await self.arrive()
        await self.rest()
        named = {
            "joined": joiner,
            "moved": moved.id,
            "married": married.id,
            "changed": changed.id,
            "left": left.id,
        }
        return {what: self.people[id_] for what, id_ in named.items()}

    def compare(self) -> None:
        """Every account and every field of it, and every group, are as told."""
        people = list(self.people.values())
        for name, told in self.told.items():
            told.tell(people, self.works)
            see(name, self.places[name].accounts(), told.accounts)
            see(name, self.places[name].groups(), told.members)


def _done(counts_: Mapping[str, int]) -> Counter[str]:
    return Counter({verb: number for verb, number in counts_.items() if number and verb in DONE.values()})


def see(where: str, there: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Raise AssertionError with what differs."""
    found = list(differences(there, told, where))
    assert not found, "\n".join(found)


def differences(there: Mapping[str, Any], told: Mapping[str, Any], where: str) -> Iterator[str]:
    """Where two things differ, told one by one: which of hundreds of fields it is."""
    for name in sorted(there.keys() | told.keys()):
        has, wants, place = there.get(name), told.get(name), f"{where} {name}"
        if isinstance(has, Mapping) and isinstance(wants, Mapping):
            yield from differences(has, wants, place)
        elif has != wants:
            yield f"{place}: there is {has!r}, told is {wants!r}"


@asynccontextmanager
async def on_stage(
    name: str, folder: Path, redis_url: str, shape: Shape, people: int
) -> AsyncIterator[Stage]:
    """A copy of the example `name`, and the company's Kenjo; places and what is told follow."""
    home = folder / name
    shutil.copytree(EXAMPLES / name, home)
    sandbox = Sandbox(people=0)
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    sandbox.account = founded(shape, people if FULL else min(people, SMALL), today)
    async with sandbox:
        yield Stage(sandbox, folder=home, redis_url=redis_url)
