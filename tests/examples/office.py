"""A company's HR office: who works here today, and what is changed in Kenjo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.server import Sandbox
from sandbox.values import Row, plain
from tests.examples.people import Person, people_of


@dataclass
class Office:
    """`zones` are those of offices with days of their own, `lead_days` as in bridge.yaml."""

    sandbox: Sandbox
    zones: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    lead_days: int = field(default=0, kw_only=True)

    def day(self, distance: int) -> str:
        """A day so many days from today, as Kenjo writes it."""
        return f"{(self.sandbox.account.today + timedelta(days=distance)).isoformat()}T00:00:00.000Z"

    @property
    def people(self) -> dict[str, Person]:
        return people_of(self.sandbox.account)

    def works(self, person: Person) -> bool:
        """Whether somebody works here today, by the clock of the office."""
        zone = ZoneInfo(self.zones.get(person.office, "Europe/Berlin"))
        return person.works(datetime.now(zone).date(), self.lead_days)

    def someone(self, number: int = 0, **has: Any) -> Person:
        """One of those who work here, lead nobody, and are what is asked for."""
        everybody = self.people.values()
        bosses = {one.boss.id for one in everybody if one.boss}
        found = [
            one
            for one in everybody
            if self.works(one)
            and one.id not in bosses
            and all(getattr(one, name) == value for name, value in has.items())
        ]
        return found[number]

    def numbers(self, digits: int = 0) -> Callable[[], dict[str, str]]:
        """Reads whose an employee number is now, of two people who had it: who works here."""

        def ids() -> dict[str, str]:
            everybody = sorted(self.people.values(), key=self.works)
            return {one.number.zfill(digits): one.id for one in everybody}

        return ids

    def change(self, person: Person, section: str, **values: Any) -> None:
        """Somebody in HR writes into Kenjo."""
        self.sandbox.account.employees[person.id][section].update(values)

    def id_of(self, table: str, name: str) -> str:
        return next(id_ for id_, row in self.sandbox.account.tables[table].items() if row["name"] == name)

    def hire(self, like: Person, first: str, last: str, **work: Any) -> str:
        """Somebody begins who works where another one does; the Kenjo id."""
        rows = self.sandbox.account.employees
        model, id_ = rows[like.id], f"{len(rows):024x}"
        email = f"{plain(first)}.{plain(last)}@{like.email.partition('@')[2]}" if like.email else None
        start = (self.sandbox.account.today - timedelta(days=2)).isoformat()
        account: Row = {"_id": id_, "email": email, "isActive": True, "language": "en", "externalId": None}
        rows[id_] = {
            **model,
            "account": account,
            "personal": {"firstName": first, "lastName": last, "displayName": f"{first} {last}"},
            "work": {**model["work"], "startDate": start, "employeeNumber": str(9000 + len(rows)), **work},
        }
        return id_
