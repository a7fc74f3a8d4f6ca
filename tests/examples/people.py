"""The people of a made-up Kenjo as plain facts, for telling by hand what a target should hold of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.state import Account


@dataclass(frozen=True, slots=True)
class Person:
    """What Kenjo's pages show of somebody; names in place of ids, but `boss`, who is one of these people."""

    id: str
    active: bool
    email: str | None
    language: str
    external: str | None
    first: str
    last: str
    title: str
    department: str
    office: str
    company: str
    teams: tuple[str, ...]
    areas: tuple[str, ...]
    start: date
    end: date | None
    number: str
    hours: float
    phone: str | None
    mobile: str | None
    boss: Person | None
    custom: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    def works(self, today: date, lead_days: int = 0) -> bool:
        """Whether somebody works here on a day: active, begun, and not past the last day of this contract."""
        begun = self.start - timedelta(days=lead_days) <= today
        ended = self.end is not None and self.end >= self.start and self.end < today
        return self.active and begun and not ended


def people_of(account: Account) -> dict[str, Person]:
    """Everybody whom Kenjo has, by id."""
    found: dict[str, Person] = {}
    for id_ in account.employees:
        _add(account, id_, found)
    return found


def _add(account: Account, id_: str, found: dict[str, Person]) -> Person:
    if id_ in found:
        return found[id_]
    row, tables = account.employees[id_], account.tables
    work, personal = row["work"], row["personal"]
    boss = work.get("reportsToId")
    end = work.get("contractEnd")
    found[id_] = Person(
        id=id_,
        active=row["account"]["isActive"],
        email=row["account"].get("email") or None,
        language=row["account"]["language"],
        external=row["account"].get("externalId"),
        first=personal["firstName"],
        last=personal["lastName"],
        title=work["jobTitle"],
        department=tables["departments"][work["departmentId"]]["name"],
        office=tables["offices"][work["officeId"]]["name"],
        company=tables["companies"][work["companyId"]]["name"],
        teams=tuple(tables["teams"][one]["name"] for one in work["teamIds"]),
        areas=tuple(tables["areas"][one]["name"] for one in work.get("areaIds") or ()),
        start=date.fromisoformat(work["startDate"][:10]),
        end=date.fromisoformat(end[:10]) if end else None,
        number=work.get("employeeNumber") or "",
        hours=work["weeklyHours"],
        phone=work.get("workPhone"),
        mobile=work.get("workMobile"),
        boss=_add(account, boss, found) if boss else None,
        custom={name: value for name, value in work.items() if name.startswith("c_")},
    )
    return found[id_]
