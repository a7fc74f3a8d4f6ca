"""A model of a Kenjo account: people and teams that change, and readings of it that may be faulty."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bridge.errors import SourceUnavailable
from bridge.model import Key, Kind, Record, Snapshot
from bridge.plausible import SHRINK_COUNT
from tests.simulation.process import Process
from tests.simulation.world import World

TITLES = ("Clerk", "Lead", "Clerk II", None)
REFUSED = "refused"
"""A title that no directory takes."""
FOREIGN_ALIAS = "alias-of-the-cto"
"""A key that an account which is not ours has already."""


@dataclass
class Person:
    """One employee."""

    id: str
    number: int
    lifecycle: str = "active"
    title: str | None = "Clerk"
    alias: str | None = None
    manager: str | None = None
    teams: set[str] = field(default_factory=set)

    @property
    def email(self) -> str:
        """Changes with the number, and is never given to anybody else."""
        return f"{self.id}.{self.number}@example.com"


@dataclass(frozen=True)
class Reading:
    """What one fetch saw `at` a moment: `truth` is all that Kenjo had, `whole` whether it was given all.

    `unusable`: ids whose row could not be read, so that what was known of them before counts.
    """

    truth: dict[Key, dict[str, Any]]
    whole: bool
    at: float
    unusable: frozenset[str]


class Kenjo:
    """The account. `readings` are numbered from 1."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random: Random = world.random
        self.people: dict[str, Person] = {}
        self.left: dict[str, Person] = {}
        self.teams: dict[str, str] = {}
        self.readings: list[Reading] = []
        self._count = 0
        for _ in range(3):
            self.add_team()
        for _ in range(16 if world.odds.many_leave else self.random.randint(8, 12)):
            self.hire()

    def truth(self) -> dict[Key, dict[str, Any]]:
        """The records as they should be known."""
        return self._records(set(self.people), set(self.teams))

    def _records(self, people: set[str], teams: set[str]) -> dict[Key, dict[str, Any]]:
        """The records of some of the people and teams; the others are in nobody's list."""
        found: dict[Key, dict[str, Any]] = {}
        for id_ in sorted(people):
            one = self.people[id_]
            work = {"jobTitle": one.title, "employeeNumber": one.alias, "reportsToId": one.manager}
            data = {"lifecycle": one.lifecycle, "account": {"email": one.email}, "work": work}
            found[Key(Kind.PERSON, id_)] = {"id": id_, **data}
        for id_ in sorted(teams):
            members = [p for p in sorted(people) if self.is_member(p, id_)]
            found[Key(Kind.TEAM, id_)] = {"id": id_, "name": self.teams[id_], "members": members}
        return found

    def is_member(self, person: str, team: str) -> bool:
        """Whether an active person is in a team."""
        return team in self.people[person].teams and self.people[person].lifecycle == "active"

    def read(self, known: Container[str]) -> Snapshot:
        """One reading; it may lack people who are `known` to the bridge. Raises SourceUnavailable."""
        world, odds = self.world, self.world.odds
        if world.chance(odds.source_fails):
            raise SourceUnavailable("simulated")
        people, teams = set(self.people), set(self.teams)
        unusable: list[Key] = []
        if world.chance(odds.truncated):
            people -= self._lacking(known)
        elif world.chance(odds.kept):
            unusable = self.random.sample(list(self.truth()), 2)
        ids = frozenset(key.id for key in unusable)
        self.readings.append(Reading(self.truth(), people == set(self.people), world.now, ids))
        records = self._records(people - ids, teams - ids)
        world.note("kenjo", f"reading {len(self.readings)}: {len(records)} of {len(self.truth())} records")
        seen = {key: Record(key, data) for key, data in records.items()}
        if self.random.random() < 0.2:  # a row without an id may be anybody's; other lists still name people
            kept = frozenset(key for key in unusable if key.kind is Kind.PERSON)
            return Snapshot(seen, kept=kept, unnamed=frozenset(key.kind for key in unusable))
        return Snapshot(seen, kept=frozenset(unusable))

    def _lacking(self, known: Container[str]) -> set[str]:
        """Five or more of those who are known; that a list lacks fewer could not be told from a leaving."""
        there = [id_ for id_ in sorted(self.people) if str(Key(Kind.PERSON, id_)) in known]
        size = self.random.randint(SHRINK_COUNT, max(SHRINK_COUNT, len(there)))
        return set(self.random.sample(there, size)) if len(there) >= size else set()

    # What happens in the company

    def change(self) -> None:
        """One thing happens."""
        acts: list[tuple[int, Callable[[], str | None]]] = [
            (4, self.hire), (8, self._retitle), (2, self._rename), (4, self._new_manager), (6, self._move),
            (3, self._deactivate), (4, self._reactivate), (2, self._delete), (2, self._come_back),
            (1, self.add_team), (1, self._rename_team), (1, self._delete_team), (1, self._refused),
            (1, self._foreign_alias), (2 if self.world.odds.many_leave else 0, self._many_leave),
        ]  # fmt: skip
        (act,) = self.random.choices([act for _, act in acts], [weight for weight, _ in acts])
        if said := act():
            self.world.note("kenjo", said)

    def hire(self) -> str | None:
        if len(self.people) > 15:
            return None
        self._count += 1
        id_ = f"p{self._count}"
        one = self.people[id_] = Person(id_, 1)
        one.lifecycle = self.random.choice(("active", "active", "active", "upcoming"))
        one.teams = set(
            self.random.sample(sorted(self.teams), min(len(self.teams), self.random.randint(0, 2)))
        )
        one.manager = self._somebody().id
        one.manager = None if one.manager == id_ else one.manager
        return f"hires {id_} ({one.lifecycle})"

    def _somebody(self) -> Person:
        return self.people[self.random.choice(sorted(self.people))]

    def _retitle(self) -> str:
        one = self._somebody()
        one.title = self.random.choice(TITLES)
        return f"{one.id} is {one.title}"

    def _rename(self) -> str:
        one = self._somebody()
        one.number += 1
        return f"{one.id} has another address"

    def _new_manager(self) -> str:
        one, other = self._somebody(), self._somebody()
        one.manager = None if one is other else other.id
        return f"{one.id} reports to {one.manager}"

    def _move(self) -> str | None:
        if not self.teams:
            return None
        one, team = self._somebody(), self.random.choice(sorted(self.teams))
        one.teams ^= {team}
        return f"{one.id} is {'in' if team in one.teams else 'not in'} {team}"

    def _deactivate(self) -> str:
        one = self._somebody()
        one.lifecycle = self.random.choice(("inactive", "left"))
        return f"{one.id} is {one.lifecycle}"

    def _many_leave(self) -> str:
        active = [one for one in self.people.values() if one.lifecycle == "active"]
        for one in active:
            one.lifecycle = "left"
        return f"{len(active)} people leave at once"

    def _reactivate(self) -> str:
        gone = [one for one in self.people.values() if one.lifecycle != "active"]
        one = self.random.choice(gone) if gone else self._somebody()
        one.lifecycle = "active"
        return f"{one.id} is active"

    def _delete(self) -> str | None:
        if len(self.left) >= 4 or len(self.people) < 8:
            return None  # more at once than anybody would believe is another test's business
        one = self.people.pop(self._somebody().id)
        self.left[one.id] = one
        for other in self.people.values():
            other.manager = None if other.manager == one.id else other.manager
        return f"{one.id} is deleted"

    def _come_back(self) -> str | None:
        if not self.left:
            return None
        one = self.left.pop(self.random.choice(sorted(self.left)))
        one.manager, one.lifecycle = None, "active"
        one.teams &= self.teams.keys()
        self.people[one.id] = one
        return f"{one.id} comes back"

    def add_team(self) -> str | None:
        if len(self.teams) > 3:
            return None
        id_ = f"t{self.random.randint(1, 5)}"
        self.teams.setdefault(id_, f"Team {id_}")
        return f"has team {id_}"

    def _rename_team(self) -> str | None:
        if not self.teams:
            return None
        id_ = self.random.choice(sorted(self.teams))
        self.teams[id_] += "'"
        return f"renames {id_}"

    def _delete_team(self) -> str | None:
        if not self.teams:
            return None
        id_ = self.random.choice(sorted(self.teams))
        del self.teams[id_]
        for one in self.people.values():
            one.teams.discard(id_)
        return f"deletes {id_}"

    def _refused(self) -> str:
        one = self._somebody()
        one.title = REFUSED
        return f"{one.id} gets a title that is refused"

    def _foreign_alias(self) -> str:
        one = self._somebody()
        one.alias = None if one.alias else FOREIGN_ALIAS
        return f"{one.id} has alias {one.alias}"


class Source:
    """The poller's view of Kenjo, from one process."""

    def __init__(self, kenjo: Kenjo, process: Process, known: Callable[[], Container[str]]) -> None:
        self._kenjo = kenjo
        self._known = known
        self._process = process

    async def fetch_snapshot(self) -> Snapshot:
        """One snapshot. Raises SourceUnavailable."""
        await self._process.step()
        snapshot = self._kenjo.read(self._known())
        self._process.fetched = len(self._kenjo.readings)
        await self._process.step()
        return snapshot
