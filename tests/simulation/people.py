"""A person as Kenjo has them, and what that means on a day: by Kenjo's words, not by the product's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


def today(epoch: float) -> date:
    """The calendar day at a moment (seconds since the epoch) where the people are."""
    return datetime.fromtimestamp(epoch, UTC).astimezone(BERLIN).date()


def days(first: date, number: int) -> str:
    """The day so many days after another one, as Kenjo spells it."""
    return f"{(first + timedelta(days=number)).isoformat()}T00:00:00.000Z"


@dataclass
class Person:
    """One employee. `start` and `end` are spelled as Kenjo spells them; `odd`: cells that nobody can read."""

    id: str
    email: str
    is_active: bool = True
    start: str | None = None
    end: str | None = None
    title: str | None = "Clerk"
    alias: str | None = None
    manager: str | None = None
    teams: set[str] = field(default_factory=set)
    odd: dict[str, Any] = field(default_factory=dict)

    def lifecycle(self, on: date) -> str:
        """Whether they work here on a day: the last day of a contract is worked."""
        if self.end and date.fromisoformat(self.end[:10]) < on:
            return "left"
        if self.start and date.fromisoformat(self.start[:10]) > on:
            return "upcoming"
        return "active" if self.is_active else "inactive"

    @property
    def name(self) -> str:
        """Everybody has one, and it never changes."""
        return f"Name of {self.id}"

    def rows(self) -> dict[str, dict[str, Any]]:
        """Their rows by list."""
        account: dict[str, Any] = {"_id": self.id, "email": self.email, "isActive": self.is_active}
        work: dict[str, Any] = {
            "_id": self.id,
            "jobTitle": self.title,
            "employeeNumber": self.alias,
            "reportsToId": self.manager,
            "startDate": self.start,
            "contractEnd": self.end,
            "teamIds": sorted(self.teams),
        }
        personal: dict[str, Any] = {"_id": self.id, "displayName": self.name}
        found = {"employees/accounts": account, "employees/works": work, "employees/personals": personal}
        for row in found.values():
            row.update((name, value) for name, value in self.odd.items() if name in row)
        return found
