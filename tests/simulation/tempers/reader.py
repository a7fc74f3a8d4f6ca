"""Who imports each file that appears: says what a published file has to hold."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from typing import Any

import bridge.store.publications
from bridge.model import Key, Kind
from tests.simulation.kenjo import Truth
from tests.simulation.process import Turn
from tests.simulation.referee import WINDOW, Referee
from tests.simulation.world import World

COLUMNS = ("externalId", "userName", "title", "displayName", "alias")
END = "# end"
"""The last line of each file: one that lacks it was cut."""

_RESTLESS = 30.0
"""Seconds after the last fault in which a worker that was stopped may still go on."""

Row = Mapping[str, str]
Rows = dict[str, Row]


class Reader:
    """Reads the files of one directory. `rows`: those of the newest one, by id, of whoever works here by it.

    `late`: it appeared long after its permission, when somebody else might have published already.
    """

    def __init__(self, world: World, name: str, referee: Referee) -> None:
        self.rows: Rows = {}
        self.late = False
        self._let_go = 0
        self._world = world
        self._name = name
        self._referee = referee
        self._kenjo = referee.kenjo
        self._gone: dict[str, tuple[float, int]] = {}
        self._told: dict[str, int] = {}
        self._most = 0
        self._former = ""
        self._calm_since = math.inf

    def reads(self, content: str, by: Turn) -> None:
        """A file has appeared."""
        lines = content.split("\r\n")
        if not lines[0].startswith(COLUMNS[0]) or lines[-2:] != [END, ""]:
            self._world.violate("WHOLE", f"{self._name}: half a file of {len(content)} bytes was published")
            return
        self._see_turn(by)
        found = {row["externalId"]: row for row in csv.DictReader(lines[:-2])}
        rows: Rows = {id_: row for id_, row in found.items() if row.get("active", "true") == "true"}
        self._world.note(self._name, f"shows {' '.join(sorted(rows))}")
        self._see_need(content)
        self._see_values(rows)
        self._see_known(rows, by)
        self._see_losses(rows, by)
        self.rows = rows

    def _see_need(self, content: str) -> None:
        """A file is as the one before only where something may have gone wrong since."""
        now = self._world.now
        self._calm_since = math.inf if self._world.faulty else min(self._calm_since, now)
        if content == self._former and now - self._calm_since > _RESTLESS:
            self._world.violate("BOUNDED", f"{self._name}: a file was written though nothing had changed")
        self._former = content

    def _see_turn(self, by: Turn) -> None:
        """Only whoever has the turn publishes, but for what was sent long before."""
        store = self._referee.store
        holder = store.turn(self._name)
        self.late = False
        if holder == by.token or by.losses != store.losses:
            return
        late = self._world.now - by.checked
        self.late = late >= bridge.store.publications.TTL
        if not self.late:
            self._world.violate(
                "NEVER BACKWARDS",
                f"{self._name}: published {late:.1f} s after its turn was seen, which is over",
            )

    def _see_values(self, rows: Rows) -> None:
        """Nothing stands there that Kenjo has never said of somebody."""
        for id_, row in rows.items():
            for name in COLUMNS[1:]:
                if (row[name] or None) not in self._kenjo.said[Key(Kind.PERSON, id_), name]:
                    self._world.violate("WHOLE", f"{id_} has {name} {row[name]!r}, which Kenjo never said")

    def _see_known(self, rows: Rows, by: Turn) -> None:
        """It has whoever is known to work here and nobody else, as they were known when it was begun."""
        known, store = by.known, self._referee.store
        if known is None or not known.sure or by.losses != store.losses or by.misconfigured:
            return
        for record in sorted(known.versions):
            key = Key.parse(record)
            if key.kind is not Kind.PERSON:
                continue
            since = {version for name, version in store.committed[known.committed :] if name == record}
            of = {known.versions[record], *since}
            if not any(self._is_of(rows.get(key.id), key, version) for version in of):
                told = rows.get(key.id, "no row")
                self._world.violate(
                    "WHOLE", f"{self._name}: {key.id} has {told}, which is of no reading in {of}"
                )
        for id_ in rows.keys() - {Key.parse(record).id for record in store.versions}:
            self._world.violate("WHOLE", f"{self._name}: {id_} has a row, and no record")

    def _is_of(self, row: Row | None, key: Key, version: int) -> bool:
        """Whether a row, or none, is what a reading of Kenjo says of somebody."""
        reading = self._kenjo.readings[version - 1]
        told = reading.truth.get(key)
        works = told is not None and told["lifecycle"] == "active" and key.id not in reading.told_gone
        if key.id in reading.unusable:
            return works or row is None
        if not works or told is None:
            return row is None
        return row is not None and all((row[name] or None) == value for name, value in _cells(told).items())

    def _see_losses(self, rows: Rows, by: Turn) -> None:
        """Not more rows go than limits allow, for no reason or in one day, or than a person has approved."""
        store, approved, works = self._referee.store, self._referee.approved, self._works_here()
        lost = 0
        for id_ in self.rows.keys() - rows.keys():
            record = str(Key(Kind.PERSON, id_))
            if self._told.pop(id_) != store.losses:  # then nobody knows any more that it was in a file
                lost += id_ in works
            elif record in approved:
                approved.discard(record)
            else:
                lost += id_ in works and record not in store.versions and not by.misconfigured
                self._gone[id_] = self._world.now, store.losses
        self._told |= dict.fromkeys(rows, store.losses)
        less = len(self.rows) - len(rows)  # what a person is asked about where only numbers are left
        self._see_limit("lost", min(lost, max(less, 0)) if by.losses else lost, len(self.rows))
        self._gone = {
            id_: (at, losses)
            for id_, (at, losses) in self._gone.items()
            if id_ not in rows and losses == store.losses and self._world.now - at < WINDOW
        }
        self._most = max(self._most, len(rows) + len(self._gone))
        self._see_limit("gone", len(self._gone), self._most)

    def _see_limit(self, how: str, number: int, base: int) -> None:
        if self._referee.limit.is_exceeded(number, base) and number > self._let_go:
            self._world.violate("HELD", f"{self._name}: {number} of {base} rows are {how}, nobody was asked")

    def _works_here(self) -> set[str]:
        truth = self._kenjo.truth()
        return {key.id for key in truth if key.kind is Kind.PERSON and _works(truth, key)}

    def lets_go(self, number: int) -> bool:
        """Whether so many rows are of people who do not work here any more: then they may go."""
        if number > len(self.rows.keys() - self._works_here()):
            return False
        self._let_go = number
        return True

    def flaws(self) -> Iterator[str]:
        """How the newest file differs from what Kenjo says."""
        if self.late:
            return  # nobody can call back what was sent in time; the next change brings it right
        truth, unusable = self._kenjo.truth(), self._kenjo.unusable()
        for key, told in truth.items():
            if key.kind is not Kind.PERSON:
                continue
            row = self.rows.get(key.id)
            if key.id in unusable and self._kenjo.people[key.id].is_active:
                continue
            if not _works(truth, key):
                if row is not None:
                    yield f"{key.id} does not work here and has a row"
            elif row is None:
                yield f"{key.id} has no row"
            else:
                wrong = {
                    name: row[name] for name, value in _cells(told).items() if (row[name] or None) != value
                }
                if wrong and key.id not in unusable:
                    yield f"{key.id} has {wrong} in the file"
        for id_ in self.rows.keys() - {key.id for key in truth}:
            yield f"{id_} has left Kenjo and has a row"


def _works(truth: Truth, key: Key) -> bool:
    return key in truth and truth[key]["lifecycle"] == "active"


def _cells(told: Mapping[str, Any]) -> dict[str, str | None]:
    """What somebody's row shows of what Kenjo says."""
    return {
        "userName": told["account"]["email"],
        "title": told["work"]["jobTitle"],
        "displayName": told["personal"]["displayName"],
        "alias": told["work"]["employeeNumber"],
    }
