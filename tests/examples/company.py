"""Made-up companies in the sandbox's form: from the shape of a company, so many people, always the same ones.

Everybody of a kind that a bridge has to get right is among the first two dozen: a small company has them too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from sandbox import names
from sandbox.state import Account
from sandbox.values import Row, new_id, plain, seeded

_DIALLED = {"DE": "+49 30", "ES": "+34 91", "GB": "+44 207", "PT": "+351 21", "AT": "+43 1", "US": "+1 212"}
_SPOKEN = {"DE": "de", "AT": "de", "ES": "es"}


@dataclass(frozen=True, slots=True)
class Site:
    """An office: its name, the country, and the company (by its place in the list) that it belongs to."""

    name: str
    country: str
    company: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """What a company looks like. `departments` are job titles by department, the first one leads it.

    `teams` are teams by their department, those of "" have members from everywhere; `deskless` are
    departments whose people have no e-mail address but their head. `custom` are values to choose from, by
    the custom field of `work`.
    """

    domain: str
    companies: Sequence[str]
    sites: Sequence[Site]
    departments: Mapping[str, Sequence[str]]
    teams: Mapping[str, Sequence[str]]
    areas: Sequence[str] = ()
    deskless: Sequence[str] = ()
    custom: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def founded(shape: Shape, people: int, today: date, seed: int = 1) -> Account:
    """The account of a company with that many people; dates are counted from `today`."""
    account = Account(0, seed, today)
    rng = seeded(seed, shape.domain)
    account.tables |= _tables(shape, rng)
    registry = _Registry(shape, account, rng)
    for index in range(people):
        registry.enter(index)
    return account


def _tables(shape: Shape, rng: Random) -> dict[str, dict[str, Row]]:
    companies = _table(rng, [{"name": name} for name in shape.companies])
    ids = list(companies)
    sites = [
        {"name": one.name, "companyId": ids[one.company], "country": one.country, "city": one.name}
        for one in shape.sites
    ]
    return {
        "companies": companies,
        "offices": _table(rng, sites),
        "departments": _table(rng, [{"name": name} for name in shape.departments]),
        "teams": _table(rng, [{"name": name} for found in shape.teams.values() for name in found]),
        "areas": _table(rng, [{"name": name} for name in shape.areas]),
        "custom-fields": _table(
            rng,
            [{"section": "work", "label": name, "apiName": name, "type": "Text"} for name in shape.custom],
        ),
    }


def _table(rng: Random, rows: Sequence[Row]) -> dict[str, Row]:
    found = ((new_id(rng), row) for row in rows)
    return {id_: {"_id": id_, **row} for id_, row in found}


class _Registry:
    """Enters one person after the other; each reports to the head of the department."""

    def __init__(self, shape: Shape, account: Account, rng: Random) -> None:
        self._shape, self._account, self._rng = shape, account, rng
        self._heads: dict[str, str] = {}
        self._addresses: set[str] = set()
        self._ids = {
            table: {row["name"]: id_ for id_, row in rows.items()}
            for table, rows in account.tables.items()
            if table != "custom-fields"
        }

    def enter(self, index: int) -> None:
        shape, rng = self._shape, self._rng
        departments = list(shape.departments)
        head = index < len(departments)
        department = departments[index % len(departments)]
        site = shape.sites[0 if index == 0 else index % len(shape.sites)]
        language = _SPOKEN.get(site.country, "en")
        first = rng.choice(names.FIRST_NAMES[language][rng.choice(("Female", "Male"))].split())
        last = rng.choice(names.LAST_NAMES[language].split())
        if index % 9 == 8:
            last = names.DOUBLE_NAMES[language].format(last)
        id_ = new_id(rng)
        email = None if department in shape.deskless and not head else self._address(first, last)
        work = self._work(index, department, site, head=head)
        work["reportsToId"] = self._boss(department, head=head)
        if head:
            self._heads[department] = id_
        self._account.employees[id_] = {
            "account": {
                "_id": id_,
                "email": email,
                "isActive": index % 40 != 21,
                "externalId": f"K{index + 1:05d}",
                "language": language,
            },
            "personal": {"firstName": first, "lastName": last, "displayName": f"{first} {last}"},
            "work": work,
            "workSchedule": {},
            "address": {},
            "financial": {},
            "home": {},
        }

    def _address(self, first: str, last: str) -> str:
        """The usual one; the second who would have it gets a number."""
        stem, number, domain = f"{plain(first)}.{plain(last)}", 1, self._shape.domain
        address = f"{stem}@{domain}"
        while address in self._addresses:
            number += 1
            address = f"{stem}{number}@{domain}"
        self._addresses.add(address)
        return address

    def _boss(self, department: str, *, head: bool) -> str | None:
        top = next(iter(self._heads.values()), None)
        return top if head else self._heads[department]

    def _work(self, index: int, department: str, site: Site, *, head: bool) -> Row:
        """The section `work`. Some start in weeks, some have a last day to come, some had one."""
        shape, rng, today = self._shape, self._rng, self._account.today
        titles = shape.departments[department]
        start = today + timedelta(days=45 if index % 40 == 22 else -200 - rng.randrange(3000))
        ends = {23: today - timedelta(days=60), 24: today + timedelta(days=90)}
        end = ends.get(index % 40)
        dialled = _DIALLED[site.country]
        return {
            "companyId": self._ids["companies"][shape.companies[site.company]],
            "officeId": self._ids["offices"][site.name],
            "departmentId": self._ids["departments"][department],
            "jobTitle": titles[0] if head else rng.choice(titles[1:]),
            "startDate": f"{start.isoformat()}T00:00:00.000Z",
            "contractEnd": end.isoformat() if end else None,
            "employeeNumber": str(1001 + index),
            "weeklyHours": rng.choice((40, 40, 38.5, 20)),
            "workPhone": f"{dialled} {5550000 + index}" if index % 4 else None,
            "workMobile": f"{dialled} {7770000 + index}" if index % 3 == 0 else None,
            "isAssistant": False,
            "teamIds": [self._ids["teams"][name] for name in self._teams(index, department)],
            "areaIds": [self._ids["areas"][shape.areas[index % len(shape.areas)]]] if shape.areas else [],
            **{name: rng.choice(values) for name, values in shape.custom.items()},
        }

    def _teams(self, index: int, department: str) -> list[str]:
        own = self._shape.teams.get(department, ())
        chosen = [own[index % len(own)]] if own else []
        return [*chosen, *(name for name in self._shape.teams.get("", ()) if index % 5 == 0)]
