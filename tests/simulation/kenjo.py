"""A model of a Kenjo account: people and teams, and readings of it that may be faulty."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bridge.model import Key, Kind
from tests.simulation.lists import Lists, spoil
from tests.simulation.people import Person, today
from tests.simulation.world import EPOCH, World

Data = dict[str, Any]
Truth = dict[Key, Data]


@dataclass
class Reading:
    """What one fetch saw: `truth` is all that Kenjo had then, `lists` what it gave of it.

    `unusable`: ids that lack a row which can be read, so that what was known of them before counts;
    `lacks`: ids that are in none of the lists although Kenjo has them; `fault`: what is wrong with the
    lists, "" for nothing; `told_gone`: ids of which Kenjo has said since that they are gone;
    `lacked_before`: ids that an earlier reading lacked, because of a fault or because they were gone.
    """

    truth: Truth
    lists: Lists
    at: float
    fault: str = ""
    unusable: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    lacked_before: frozenset[str] = frozenset()
    told_gone: set[str] = field(default_factory=set)


class Kenjo:
    """The account. `readings` are numbered from 1; `said`: every value that a field of a record ever had."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random: Random = world.random
        self.people: dict[str, Person] = {}
        self.teams: dict[str, str] = {}
        self.readings: list[Reading] = []
        self.said: defaultdict[tuple[Key, str], set[Any]] = defaultdict(set)

    def truth(self, at: float | None = None) -> Truth:
        """The records as they should be known, on the day of a moment (seconds since the epoch)."""
        on = today(EPOCH + self.world.now if at is None else at)
        found: Truth = {}
        for id_, one in sorted(self.people.items()):
            manager = one.manager if one.manager in self.people else None
            work = {"jobTitle": one.title, "employeeNumber": one.alias, "reportsToId": manager}
            data = {"lifecycle": one.lifecycle(on), "account": {"email": one.email}, "work": work}
            found[Key(Kind.PERSON, id_)] = {"id": id_, "personal": {"displayName": one.name}, **data}
        for id_, name in sorted(self.teams.items()):
            there = (key.id for key in found if key.kind is Kind.PERSON and id_ in self.people[key.id].teams)
            members = [one for one in there if found[Key(Kind.PERSON, one)]["lifecycle"] == "active"]
            found[Key(Kind.TEAM, id_)] = {"id": id_, "name": name, "members": members}
        return found

    def lists(self) -> Lists:
        """What Kenjo's lists hold."""
        found: Lists = {"employees/accounts": [], "employees/works": [], "employees/personals": []}
        for _, one in sorted(self.people.items()):
            for name, row in one.rows().items():
                found[name].append(row)
        found["teams"] = [{"_id": id_, "name": name} for id_, name in sorted(self.teams.items())]
        return found

    def read(self, known: set[str], clock: float) -> int:
        """Begin a reading, by somebody who knows of these people; returns its number."""
        reading = Reading(self.truth(clock), self.lists(), self.world.now)
        reading.unusable = self.unusable()
        reading.lacked_before = self._lacked()
        spoil(self.world, reading, known)
        self.readings.append(reading)
        for key, field_, value in _fields(reading.truth):
            self.said[key, field_].add(value)
        number = len(self.readings)
        self.world.note("kenjo", f"reading {number}: {reading.fault or 'whole'}")
        return number

    def _lacked(self) -> frozenset[str]:
        seen: set[str] = set()
        lacked: set[str] = set()
        for one in self.readings:
            there = {key.id for key in one.truth if key.kind is Kind.PERSON}
            lacked |= one.lacks | (seen - there)
            seen |= there
        return frozenset(lacked)

    def unusable(self) -> frozenset[str]:
        """Those whose rows nobody can use as they are: with an odd cell, or with somebody else's address."""
        working = Counter(one.email for one in self.people.values() if one.is_active)
        shared = {one.id for one in self.people.values() if one.is_active and working[one.email] > 1}
        return frozenset(shared | {one.id for one in self.people.values() if one.odd})

    def is_somebodys(self, field_: str, value: Any) -> bool:
        """Whether any record ever had this value."""
        return any(value in values for (_, name), values in self.said.items() if name == field_)

    def employee(self, id_: str, reading: int) -> Data | None:
        """The sections of one person, None when there is nobody of that id now."""
        one = self.people.get(id_)
        if one is None:
            if reading:
                self.readings[reading - 1].told_gone.add(id_)
            return None
        return {name.partition("/")[2].removesuffix("s"): row for name, row in one.rows().items()}


def _fields(truth: Truth) -> Iterator[tuple[Key, str, Any]]:
    """What a directory may be given of each record, by the name that the mapping gives it."""
    for key, data in truth.items():
        if key.kind is Kind.TEAM:
            yield key, "displayName", data["name"]
            yield from ((key, "members", id_) for id_ in data["members"])
        else:
            yield key, "userName", data["account"]["email"]
            yield key, "title", data["work"]["jobTitle"]
            yield key, "alias", data["work"]["employeeNumber"]
            yield key, "displayName", data["personal"]["displayName"]
