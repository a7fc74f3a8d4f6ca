"""The people of the made-up Kenjo: changes them at random, and remembers who was what, and when."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any

from sandbox.state import ZONE
from tests.chaos.stage import Stage

Row = dict[str, Any]

LEAVERS = 5
"""So many may leave within LEAVERS_PERIOD seconds: more at once would be held until a person has looked."""
LEAVERS_PERIOD = 30.0
RECENTLY = 30.0
"""Seconds for which nobody who is new is deleted: if Redis loses the second of their arrival too, neither
side knows that there was somebody. Who is deactivated stays in Kenjo's lists, and is found again."""

_LISTS = ("accounts", "personals", "works")
_OTHERS = ("departments", "companies", "teams")


@dataclass(frozen=True)
class State:
    """What somebody was from `since` on. `served`: whether they should have an account."""

    since: float
    served: bool
    teams: frozenset[str]
    department: str | None


@dataclass(frozen=True)
class Numbered:
    """A change that gave somebody the job title with this number, at a time."""

    person: str
    number: int
    at: float


@dataclass
class Company:
    """Everybody who is or was in Kenjo, by id, with their states in order."""

    stage: Stage
    rng: random.Random
    people: dict[str, list[State]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    numbered: list[Numbered] = field(default_factory=list)
    departments: dict[str, str] = field(default_factory=dict)
    teams: list[str] = field(default_factory=list)
    changes: int = 0
    leaves: list[float] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def load(self) -> None:
        """Learn who is there at the start."""
        found = await kenjo(self.stage)
        self.departments = {row["_id"]: row["name"] for row in found["departments"]}
        self.teams = sorted(row["_id"] for row in found["teams"])
        for id_, sections in people(found).items():
            self.people[id_] = [self._state(sections, 0.0)]

    def was(self, id_: str, holds: Callable[[State], bool], begin: float, end: float) -> bool:
        """Whether somebody was in such a state at some moment between two times."""
        states = self.people.get(id_, [])
        spans = pairwise([*states, None])
        return any(
            holds(state)
            for state, after in spans
            if state and state.since <= end and (after is None or after.since >= begin)
        )

    async def change(self) -> None:
        """One change of one person."""
        draw = self.rng.random()
        if draw < 0.12:
            await self.hire()
        elif draw < 0.20 and self._may_leave():
            await self._leave("delete" if draw < 0.14 else "leave")
        elif draw < 0.28 and (away := self._away()):
            await self._do("activate", employee=self.rng.choice(away))
        elif draw < 0.33:
            await self._there_and_back()
        else:
            await self._move(draw)

    async def hire(self) -> None:
        """Somebody new, who starts at once."""
        number = next(self.numbers)
        await self._do(
            "hire",
            number,
            department=self.rng.choice(sorted(self.departments)),
            team=self.rng.choice(self.teams),
            manager=self._anybody(),
            email=f"new{number}@nordlicht.example",
            active=True,
            start=(datetime.now(ZONE) - timedelta(days=1)).date().isoformat(),
        )

    async def _leave(self, how: str) -> None:
        self.leaves.append(time.time())
        who, newest = self._anybody(), list(self.people)[-1]
        if how == "leave" and self.rng.random() < 0.4 and self.people[newest][-1].served:
            who = newest  # their account may still be in the making
        if how == "delete" and self.people[who][0].since > time.time() - RECENTLY:
            return
        if await self._do(how, employee=who) and how == "delete":
            last = self.people[who][-1]
            self.people[who].append(
                State(time.time(), served=False, teams=frozenset(), department=last.department)
            )
            self.gone.add(who)

    async def _there_and_back(self) -> None:
        """A, B, A: who compares contents only, or was set back in time, sees nothing in it."""
        who = self._anybody()
        home, others = self.people[who][-1].department or "", sorted(self.departments.values())
        await self._do("move", employee=who, department=self.rng.choice([o for o in others if o != home]))
        await asyncio.sleep(self.rng.uniform(0.3, 1.5))
        await self._do("move", employee=who, department=home)

    async def _move(self, draw: float) -> None:
        who, number = self._anybody(), next(self.numbers)
        if draw < 0.45:
            await self._do("move", number, employee=who, team=self.rng.choice(self.teams))
        elif draw < 0.55:
            await self._do("move", number, employee=who, manager=self._anybody())
        elif draw < 0.65:
            await self._do("move", number, employee=who, department=self.rng.choice(sorted(self.departments)))
        elif draw < 0.75:
            await self._do("rename", employee=who)
        else:
            await self._do("move", number, employee=who)

    async def _do(self, action: str, number: int | None = None, **options: Any) -> bool:
        if number is not None:
            options["job_title"] = f"Clerk {number}"
        at = time.time()
        person = await self.stage.act(action, **options)
        if person is None:  # a circle of managers, which Kenjo refuses
            return False
        self.changes += 1
        id_ = person["account"]["_id"]
        state = self._state(person, at)
        self.people.setdefault(id_, []).append(state)
        if number is not None and state.served:
            self.numbered.append(Numbered(id_, number, time.time()))
        return True

    def _anybody(self) -> str:
        return self.rng.choice([id_ for id_, states in self.people.items() if states[-1].served])

    def _away(self) -> list[str]:
        """Who has left and may return."""
        had = (id_ for id_, states in self.people.items() if any(state.served for state in states))
        return [id_ for id_ in had if not self.people[id_][-1].served and id_ not in self.gone]

    def _may_leave(self) -> bool:
        recent = [at for at in self.leaves if at > time.time() - LEAVERS_PERIOD]
        return len(recent) < LEAVERS

    def _state(self, person: Row, since: float) -> State:
        work = person["work"]
        teams = frozenset(work.get("teamIds") or ())
        return State(since, is_served(person), teams, self.departments.get(work.get("departmentId") or ""))


async def kenjo(stage: Stage) -> dict[str, list[Row]]:
    """All lists that say something about people and teams, by their last name."""
    paths = [*(f"employees/{name}" for name in _LISTS), *_OTHERS]
    found = await stage.lists(*paths)
    return {path.rpartition("/")[2]: rows for path, rows in found.items()}


def people(lists: dict[str, list[Row]]) -> dict[str, Row]:
    """Everybody's sections by id."""
    found: dict[str, Row] = {row["_id"]: {"account": row} for row in lists["accounts"]}
    for name in ("personals", "works"):
        for row in lists[name]:
            found[row["_id"]][name.removesuffix("s")] = row
    return found


def is_served(person: Row) -> bool:
    """Whether a person should have an account: active, with an address, begun and not ended."""
    today = datetime.now(ZONE).date().isoformat()
    account, work = person["account"], person["work"]
    begun = (work.get("startDate") or "")[:10] <= today
    ended = bool(work.get("contractEnd")) and work["contractEnd"][:10] < today
    return bool(account["isActive"] and account.get("email")) and begun and not ended
