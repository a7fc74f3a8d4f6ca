"""Made-up people: the same seed, day and number always give the same people, 10,000 in about a second."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from sandbox import names
from sandbox.organisation import DEPARTMENTS, TEAMS, Organisation
from sandbox.sections import Draft, Employee, employee, language_of, pick
from sandbox.values import new_id, plain, seeded

MAIL_DOMAIN = "nordlicht.example"

_WEIGHTED_DEPARTMENTS = (
    *("Engineering",) * 6,
    *("Sales",) * 4,
    *("Customer Success",) * 3,
    *("Product", "Marketing", "Logistics") * 2,
    *("Finance", "People"),
)
_SPAN = 7  # how many people report to one manager


@dataclass
class Casting:
    """Who (by index) plays a part that a bridge has to get right."""

    left: set[int] = field(default_factory=set)  # inactive, were here once
    hired: set[int] = field(default_factory=set)  # inactive, start date in the future
    starting: set[int] = field(default_factory=set)  # active already, start date in the future
    fixed_term: set[int] = field(default_factory=set)  # contract end in the future
    deskless: set[int] = field(default_factory=set)  # no e-mail


class Mailboxes:
    """Gives out work e-mail addresses, each one once."""

    def __init__(self, used: Iterable[str] = ()) -> None:
        self._used = Counter(used)

    def address(self, first_name: str, last_name: str) -> str:
        """Return an address in plain letters; the second namesake gets a 2."""
        stem = f"{plain(first_name)}.{plain(last_name)}"
        address = f"{stem}@{MAIL_DOMAIN}"
        while self._used[address]:
            self._used[stem] += 1
            address = f"{stem}{self._used[stem] + 1}@{MAIL_DOMAIN}"
        self._used[address] = 1
        return address


def generate(organisation: Organisation, people: int, seed: int, today: date) -> dict[str, Employee]:
    """Return that many employees by `_id`; `today` is the day from which start and end dates are counted."""
    rng = seeded(seed, "people")
    studio = _Studio(organisation, rng, cast(people, seed), today)
    employees = {}
    for index in range(people):
        draft = studio.draft(index)
        employees[draft.id] = employee(rng, draft)
    _retire_a_manager(employees)
    return employees


def cast(people: int, seed: int) -> Casting:
    """Choose who is inactive (5 %), has a fixed term (8 %), no e-mail (3 %), ...; heads come last."""
    order = list(range(1, people))
    seeded(seed, "casting").shuffle(order)
    order.sort(key=lambda index: index < len(DEPARTMENTS))
    counts = [round(people * share) for share in (0.04, 0.01, 0.01, 0.08, 0.03)]
    edges = [sum(counts[:end]) for end in range(len(counts) + 1)]
    return Casting(*(set(order[start:end]) for start, end in pairwise(edges)))


def random_name(rng: Random, country: object) -> tuple[str, str, str]:
    """Return first name, last name and gender of someone who may well work in that country."""
    home = language_of(country)
    language = home if rng.random() < 0.8 else pick(rng, ("de", "es", "en"))
    gender = pick(rng, ("Female", "Male"))
    last = pick(rng, _LAST_NAMES[language])
    if rng.random() < 0.06:
        last = names.DOUBLE_NAMES[language].format(last)
    return pick(rng, _FIRST_NAMES[language][gender]), last, gender


_FIRST_NAMES = {
    language: {gender: text.split() for gender, text in by_gender.items()}
    for language, by_gender in names.FIRST_NAMES.items()
}
_LAST_NAMES = {language: text.split() for language, text in names.LAST_NAMES.items()}


class _Studio:
    """Decides about one person after the other; each reports to someone who was drafted before."""

    def __init__(self, organisation: Organisation, rng: Random, casting: Casting, today: date) -> None:
        self.rng, self.casting, self.today = rng, casting, today
        self.offices = list(organisation.offices.values())
        self.departments = {str(row["name"]): str(row["_id"]) for row in organisation.departments.values()}
        self.teams = {str(row["name"]): str(row["_id"]) for row in organisation.teams.values()}
        self.members: dict[str, list[str]] = {name: [] for name in DEPARTMENTS}
        self.mailboxes = Mailboxes()

    def draft(self, index: int) -> Draft:
        office = self.offices[min(int(self.rng.random() * 5), 4) % 4]  # the first office has twice the people
        first, last, gender = random_name(self.rng, office["country"])
        department = self._department(index)
        deskless = index in self.casting.deskless
        start, end = self._dates(index)
        draft = Draft(
            id=new_id(self.rng),
            index=index,
            first_name=first,
            last_name=last,
            gender=gender,
            office=office,
            department_id=self.departments[department],
            title=self._title(index, department),
            email=None if deskless else self.mailboxes.address(first, last),
            is_active=index not in self.casting.left and index not in self.casting.hired,
            start=start,
            end=end,
            manager_id=self._manager(department),
            team_ids=self._team_ids(index, department),
            head=index < len(DEPARTMENTS),
        )
        self.members[department].append(draft.id)
        return draft

    def _department(self, index: int) -> str:
        """The first people head one department each, the very first one the company."""
        if index < len(DEPARTMENTS):
            return DEPARTMENTS[index]
        return "Logistics" if index in self.casting.deskless else pick(self.rng, _WEIGHTED_DEPARTMENTS)

    def _title(self, index: int, department: str) -> str:
        if 0 < index < len(DEPARTMENTS):
            return names.HEAD_TITLE.format(department)
        return names.JOB_TITLES[department][0] if index == 0 else pick(self.rng, names.JOB_TITLES[department])

    def _manager(self, department: str) -> str | None:
        """Everyone reports to an earlier member of the department, its head to the head of the company."""
        members = self.members[department]
        if members:
            return members[(len(members) - 1) // _SPAN]
        management = self.members["Management"]
        return management[0] if management else None

    def _team_ids(self, index: int, department: str) -> list[str]:
        chosen = (
            [pick(self.rng, TEAMS[department])] if department in TEAMS and self.rng.random() < 0.9 else []
        )
        if index % 15 == 14:
            chosen.append(TEAMS[""][0])
        return [self.teams[name] for name in chosen]

    def _dates(self, index: int) -> tuple[date, date | None]:
        start = self.today - timedelta(days=1 + int(self.rng.random() * 4000))
        if index in self.casting.hired or index in self.casting.starting:
            return self.today + timedelta(days=1 + int(self.rng.random() * 60)), None
        if index in self.casting.left:
            end = start + (self.today - start) * self.rng.random() if index % 2 else None
            return start, end
        if index in self.casting.fixed_term:
            return start, self.today + timedelta(days=int(self.rng.random() * 365))
        return start, None


def _retire_a_manager(employees: dict[str, Employee]) -> None:
    """Deactivate the last person's manager, so that `reportsToId` names an inactive person at least once.

    In an account of a dozen people everyone reports to the head of the company, who stays.
    """
    rows = list(employees.values())
    manager = rows[-1]["work"].get("reportsToId") if rows else None
    if manager and manager != rows[0]["account"]["_id"]:
        employees[manager]["account"]["isActive"] = False
