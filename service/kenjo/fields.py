"""Which fields are in use, and which of Kenjo's lists have to be read for them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bridge.errors import ConfigurationError
from bridge.model import GROUP_KINDS, Key, Kind, group_kind

FieldPath = tuple[str, ...]
"""A dotted name in parts: ("person", "work", "department")."""

EMPLOYEES = "employees"
"""Where single people are."""

_GROUP_LISTS = {kind: name for name, kind in GROUP_KINDS.items()}

ACCOUNTS = "employees/accounts"
WORKS = "employees/works"

SECTIONS: Mapping[str, str] = {
    "account": ACCOUNTS,
    "personal": "employees/personals",
    "work": WORKS,
    "address": "employees/addresses",
    "home": "employees/homes",
    "financial": "employees/financials",
    "schedule": "employees/work-schedules",
}
"""The list of each section of a person."""

LOOKED_UP: Mapping[str, str] = {
    "department": "departments",
    "office": "offices",
    "company": "companies",
    "teams": "teams",
    "teamIds": "teams",
    "areas": "areas",
}
"""Fields of the work section that are made from another list, and that list."""

WHOLE = "*"
"""Stands for every field that a row has."""

_ALWAYS: Mapping[str, tuple[str, ...]] = {"account": ("isActive",), "work": ("startDate", "contractEnd")}
_MADE_FROM: Mapping[str, str] = {
    "department": "departmentId",
    "office": "officeId",
    "company": "companyId",
    "manager": "reportsToId",
}

MEMBERSHIP: Mapping[str, str] = {
    "departments": "departmentId",
    "offices": "officeId",
    "companies": "companyId",
}
"""The field of the work section that says in which row of a list a person is, where it can be only one."""

Chosen = Mapping[str, tuple[str, ...]]
"""Field names by section, sorted."""


@dataclass(frozen=True, slots=True)
class Use:
    """The fields in use: of a person, of a person's manager, and of a group (None: no group is used).

    `groups` are the lists whose rows become groups, sorted.
    """

    person: Chosen
    manager: Chosen
    team: tuple[str, ...] | None
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, paths: Iterable[FieldPath]) -> Use:
        """Sort dotted paths; `groups.offices` says that offices become groups, without any it is teams.

        Raises ConfigurationError for a path that no record can have.
        """
        person: dict[str, set[str]] = {}
        manager: dict[str, set[str]] = {}
        team: set[str] | None = None
        groups: set[str] = set()
        for path in paths:
            match path:
                case ("groups", name):
                    groups.add(name)
                case ("team", *rest):
                    team = (team or set()) | set(rest[:1] or ("name", "members"))
                case ("person", "id" | "lifecycle", *_):
                    pass
                case ("person", "work", "manager", *rest):
                    person.setdefault("work", set()).add("manager")
                    if rest and rest[0] != "id":
                        _choose(manager, path, rest, (*LOOKED_UP, "reportsToId"))
                case ("person", *rest):
                    _choose(person, path, rest, (*LOOKED_UP, "reportsToId", "manager"))
                case _:
                    raise ConfigurationError(f"'{'.'.join(path)}' is neither of a person nor of a team")
        if team is None:
            return cls(_sorted(person), _sorted(manager), None)
        fields = tuple(sorted(team - {"id"}))
        return cls(_sorted(person), _sorted(manager), fields, tuple(sorted(groups or {"teams"})))

    def lists(self) -> set[str]:
        """The lists that these fields come from, and the two that say who is there at all."""
        work = {*self.person.get("work", ()), *self.manager.get("work", ())}
        lists = {ACCOUNTS, WORKS} | {SECTIONS[section] for section in (*self.person, *self.manager)}
        lists |= {LOOKED_UP[field] for field in work & LOOKED_UP.keys()}
        return lists | set(self.groups)

    def columns(self, section: str) -> set[str]:
        """The fields to read from a section's rows, those that others are made from included."""
        used = {*self.person.get(section, ()), *self.manager.get(section, ()), *_ALWAYS.get(section, ())}
        if section != "work":
            return used
        used |= {MEMBERSHIP[name] for name in self.groups if name in MEMBERSHIP}
        return (used - LOOKED_UP.keys() - {"manager"}) | {
            _MADE_FROM[name] for name in used & _MADE_FROM.keys()
        }

    @property
    def teams(self) -> bool:
        """Whether anything is made from a person's teams."""
        work = {*self.person.get("work", ()), *self.manager.get("work", ())}
        return "teams" in self.groups or not work.isdisjoint({"teams", "teamIds"})

    @property
    def areas(self) -> bool:
        """Whether anything is made from a person's areas."""
        work = {*self.person.get("work", ()), *self.manager.get("work", ())}
        return "areas" in self.groups or "areas" in work


def list_of(key: Key) -> str:
    """Below which address Kenjo gives single people, and single rows of the lists that become groups."""
    return EMPLOYEES if key.kind is Kind.PERSON else _GROUP_LISTS[group_kind(key)]


def id_of(key: Key) -> str:
    """Kenjo's id of a record there."""
    return key.id if key.kind is Kind.PERSON else key.id.rpartition(".")[2]


def lists_for(fields: Iterable[FieldPath], office_zones: Collection[str] = ()) -> frozenset[str]:
    """The lists to request for the fields in use, named as in Kenjo's paths.

    `office_zones` are offices with a time zone of their own: with any, the offices are needed too.
    """
    return frozenset(Use.of(fields).lists() | ({"offices"} if office_zones else set()))


def _choose(chosen: dict[str, set[str]], path: FieldPath, rest: list[str], made: Iterable[str]) -> None:
    if not rest or rest[0] not in SECTIONS:
        raise ConfigurationError(
            f"'{'.'.join(path)}' is no field of a person: name a field of {', '.join(SECTIONS)}"
        )
    section, fields = rest[0], rest[1:2] or [WHOLE]
    if section == "work" and fields == [WHOLE]:
        fields += made
    if fields[0] == "manager" and section == "work":
        raise ConfigurationError(f"'{'.'.join(path)}' asks for a manager's manager: only one level is known")
    chosen.setdefault(section, set()).update(fields)


def _sorted(chosen: Mapping[str, set[str]]) -> Chosen:
    return {section: tuple(sorted(fields)) for section, fields in sorted(chosen.items())}
