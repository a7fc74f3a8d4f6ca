"""Kenjo's lists as tables that refer to each other, and who of them can be used. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.model import Kind, RowProblem
from service.fields import ACCOUNTS, MEMBERSHIP, SECTIONS, WORKS, Use
from service.lists import AREA_FIELDS, Rows, first_present, read_rows, team_field_found


class Waits(Exception):
    """What is asked for stands in a row that cannot be used. The text is the list's name."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The lists of people's sections by section, all other lists by name, and what is to be warned of.

    `groups` are those of the other lists whose rows become groups.
    """

    sections: Mapping[str, Rows]
    others: Mapping[str, Rows]
    groups: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def accounts(self) -> Rows:
        """The list that says who exists."""
        return self.sections["account"]

    @property
    def works(self) -> Rows:
        """The list that everything else hangs on."""
        return self.sections["work"]

    @property
    def problems(self) -> tuple[RowProblem, ...]:
        """What is wrong with rows, but for rows of people who do not exist; sorted."""
        everybody = self.accounts.ids
        people = [
            problem
            for rows in self.sections.values()
            for problem in rows.problems
            if problem.id is None or problem.id in everybody
        ]
        all_ = people + [problem for rows in self.others.values() for problem in rows.problems]
        return tuple(sorted(all_, key=lambda problem: (problem.list, problem.id or "", problem.reason)))

    @property
    def unnamed(self) -> frozenset[Kind]:
        """The kinds whose list has a row that does not say whose it is."""
        groups = sum(self.others[name].unnamed for name in self.groups)
        found = {Kind.PERSON: self.accounts.unnamed, Kind.TEAM: groups}
        return frozenset(kind for kind, number in found.items() if number)

    def name(self, which: str, id_: str | None) -> str | None:
        """The name that a list has for an id; None for an id that it does not know. Raises Waits."""
        if id_ is None or not has(self.others[which], id_):
            return None
        name: str | None = self.others[which].rows[id_]["name"]
        return name

    def members(self, which: str) -> Mapping[str, list[str]]:
        """The people by the id of the team, department, office or area that they are in."""
        found: dict[str, list[str]] = defaultdict(list)
        for person, row in self.works.rows.items():
            links = self.works.links[person]
            for id_ in links[which] if which in links else filter(None, [row[MEMBERSHIP[which]]]):
                found[id_].append(person)
        return found

    def linked(self, which: str, person: str) -> list[str]:
        """The ids of the teams (or areas) that a person is in and that exist. Raises Waits."""
        return [id_ for id_ in self.works.links[person][which] if has(self.others[which], id_)]


def has(rows: Rows, id_: str) -> bool:
    """Whether a list knows an id. Raises Waits when its row cannot be used, or may be one without an id."""
    if id_ in rows.rows:
        return True
    if id_ in rows.bad or rows.unnamed:
        raise Waits(rows.name)
    return False


def read_tables(lists: Mapping[str, Any], use: Use, *, zones: bool, team_field: str | None) -> Tables:
    """Read the lists that the fields in use come from; with `zones` the offices too.

    Raises SourceUnavailable when one is not there.
    """
    wanted = use.lists() | ({"offices"} if zones else set())
    warnings: list[str] = []
    links = _links(lists.get(WORKS), use, team_field, warnings)
    sections = {}
    for section, name in SECTIONS.items():
        if name in wanted:
            columns = use.columns(section)
            if zones and section == "work":
                columns.add("officeId")
            sections[section] = read_rows(name, lists, columns, links if section == "work" else {})
    others = {}
    for name in wanted - set(SECTIONS.values()):
        columns = {"name", *(use.team or ())} - {"members", "kind"} if name in use.groups else {"name"}
        others[name] = read_rows(name, lists, columns)
    _reject_shared_emails(sections["account"])
    return Tables(sections, others, use.groups, tuple(warnings))


def usable_people(tables: Tables) -> tuple[set[str], set[str], list[str]]:
    """Who exists with a usable row in every list, who exists without, and warnings about the latter."""
    everybody = tables.accounts.ids
    kept: set[str] = set()
    warnings = []
    for rows in tables.sections.values():
        if missing := everybody - rows.ids:
            warnings.append(count(len(missing), f"missing from {rows.name}"))
        kept |= missing | (rows.bad & everybody)
    if tables.accounts.unnamed:
        # Such a row may be anybody's who is in another list, so nobody knows that they left.
        strangers = set().union(*(rows.ids for rows in tables.sections.values())) - everybody
        if strangers:
            warnings.append(count(len(strangers), f"perhaps in a row of {ACCOUNTS} that names nobody"))
        kept |= strangers
    return everybody - kept, kept, warnings


def count(number: int, what: str) -> str:
    """A warning about so many people."""
    people = "1 person is" if number == 1 else f"{number} people are"
    return f"{people} {what}: the last known values stay"


def _links(works: Any, use: Use, team_field: str | None, warnings: list[str]) -> dict[str, str]:
    """The fields of the work section that name teams and areas, as far as these are used."""
    rows = [row for row in works if isinstance(row, dict)] if isinstance(works, list) else []
    links = {}
    if use.teams:
        links["teams"] = team_field or team_field_found(rows)
    if use.areas:
        links["areas"] = first_present(rows, AREA_FIELDS)
    for what, found in links.items():
        if rows and not any(found in row for row in rows):
            sought = f"the field '{found}'" if found else f"a field that names {what}"
            hint = "; set kenjo.team_field to the field that names them" if what == "teams" else ""
            warnings.append(f"no row of {WORKS} has {sought}, so nobody is in any of the {what}{hint}")
    return {what: found or what for what, found in links.items()}


def _reject_shared_emails(accounts: Rows) -> None:
    """Keep out who shares an e-mail: a target would give one's account to the other."""
    sharing: dict[str, list[str]] = defaultdict(list)
    for id_, row in accounts.rows.items():
        if row.get("email") is not None:  # where no e-mail is used, none was read
            sharing[row["email"].strip().casefold()].append(id_)
    for group in sharing.values():
        for id_ in group if len(group) > 1 else ():
            others = sorted(set(group) - {id_})
            more = f" and {len(others) - 5} more" if len(others) > 5 else ""
            accounts.reject(id_, f"has the same e-mail as {', '.join(others[:5])}{more}")
