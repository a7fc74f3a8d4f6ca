"""Kenjo's lists as tables that refer to each other, and who of them can be used. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.model import Filled, Kind, RowProblem
from bridge.printable import counted, some
from bridge.spelling import folded
from service.kenjo.cells import ID
from service.kenjo.fields import MEMBERSHIP, SECTIONS, WORKS, Use
from service.kenjo.lists import AREA_FIELDS, TEAM_FIELDS, Rows, first_present, read_rows, team_field_found


class Waits(Exception):
    """What is asked for stands in a row that cannot be used. The text is the list's name."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The lists of people's sections by section, all other lists by name, and what is to be warned of.

    `groups` are those of the other lists whose rows become groups; `unsure` are ids that rows of people name,
    that a list lacks, and of which nobody could tell whether Kenjo has them.
    """

    sections: Mapping[str, Rows]
    others: Mapping[str, Rows]
    groups: tuple[str, ...]
    warnings: list[str]
    columns: Mapping[str, set[str]]
    unsure: dict[str, set[str]] = field(default_factory=dict)

    @property
    def accounts(self) -> Rows:
        """The list that says who is active."""
        return self.sections["account"]

    @property
    def works(self) -> Rows:
        """The list that everything else hangs on."""
        return self.sections["work"]

    @property
    def all(self) -> list[Rows]:
        """Every list."""
        return [*self.sections.values(), *self.others.values()]

    @property
    def problems(self) -> tuple[RowProblem, ...]:
        """What is wrong with rows; sorted."""
        found = [problem for rows in self.all for problem in rows.problems]
        return tuple(sorted(found, key=lambda problem: (problem.list, problem.id or "", problem.reason)))

    @property
    def filled(self) -> dict[str, Filled]:
        """How full each column is that is read, by list and column."""
        return {f"{rows.name} {column}": n for rows in self.all for column, n in rows.filled.items()}

    def everybody(self) -> set[str]:
        """Whoever stands in any list of people."""
        return set().union(*(rows.ids for rows in self.sections.values()))

    @property
    def unnamed(self) -> frozenset[Kind]:
        """The kinds of which a list has a row that does not say whose it is."""
        people = any(rows.unnamed for rows in self.sections.values())
        groups = any(self.others[name].unnamed for name in self.groups)
        return frozenset(kind for kind, some in ((Kind.PERSON, people), (Kind.TEAM, groups)) if some)

    def dangling(self) -> dict[str, set[str]]:
        """By list the ids that rows of people name and that the list lacks."""
        found = {}
        for name, rows in self.others.items():
            named: set[str] = set()
            for person, row in self.works.rows.items():
                named.update(self.works.links[person].get(name, ()))
                if (id_ := row.get(MEMBERSHIP.get(name, ""))) and ID.fullmatch(str(id_)):
                    named.add(id_)
            if lost := named - rows.ids:
                found[name] = lost
        return found

    def complete(self, name: str, answers: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Add rows that Kenjo gave when it was asked for their ids; None: nobody could tell."""
        rows = self.others[name]
        self.unsure[name] = {id_ for id_, row in answers.items() if row is None}
        given = read_rows(name, {name: [row for row in answers.values() if row]}, self.columns[name])
        rows.rows |= given.rows
        for problem in given.problems:
            rows.reject(problem.id or "", problem.reason, {})
        if number := len(given.ids):
            self.warnings.append(
                f"{name} lacks {counted(number, 'row')} that Kenjo has all the same: what it says is used"
            )
        if number := len(self.unsure[name]):
            self.warnings.append(
                f"{name} lacks {counted(number, 'row')} that people name, and Kenjo does not tell what is"
                " gone: the last known names stay"
            )

    def name(self, which: str, id_: str | None) -> str | None:
        """The name that a list has for an id; None for an id that it does not know. Raises Waits."""
        if id_ is None or not has(self.others[which], id_):
            return None
        name: str | None = self.others[which].rows[id_]["name"]
        return name

    def members(self, which: str) -> Mapping[str, list[str]]:
        """The people by the id of the row of a list that they are in."""
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


def read_tables(lists: dict[str, Any], use: Use, *, zones: bool, team_field: str | None) -> Tables:
    """Read the lists that the fields in use come from; with `zones` the offices too. What was read is let go.

    Raises SourceUnavailable when one is not there.
    """
    wanted = use.lists() | ({"offices"} if zones else set())
    warnings: list[str] = []
    links = _links(lists.get(WORKS), use, team_field, warnings)
    columns = {name: _columns(name, use, zones=zones) for name in wanted}
    read = {}
    for name in sorted(wanted):
        read[name] = read_rows(name, lists, columns[name], links if name == WORKS else {})
        del lists[name]
    sections = {section: read[name] for section, name in SECTIONS.items() if name in wanted}
    others = {name: rows for name, rows in read.items() if name not in SECTIONS.values()}
    return Tables(sections, others, use.groups, warnings, {name: columns[name] for name in others})


def fields_read(name: str, use: Use, *, zones: bool, team_field: str | None) -> frozenset[str]:
    """The fields of a list's rows that `read_tables` looks at; WHOLE among them for every one."""
    found = {"_id", *_columns(name, use, zones=zones)}
    if name == WORKS:
        found |= {*TEAM_FIELDS, *AREA_FIELDS, *([team_field] if team_field else [])}
    return frozenset(found)


def _columns(name: str, use: Use, *, zones: bool) -> set[str]:
    if section := next((section for section, list_ in SECTIONS.items() if list_ == name), None):
        return use.columns(section) | ({"officeId"} if zones and section == "work" else set())
    return {"name", *(use.team or ())} - {"members", "kind"} if name in use.groups else {"name"}


def usable_people(tables: Tables) -> tuple[set[str], set[str], list[str]]:
    """Who has a usable row in every list, who stands only in some, and warnings about the latter.

    Whoever stands in any list is there: that one list lacks somebody says nothing.
    """
    everybody = tables.everybody()
    kept: set[str] = set()
    warnings = []
    for rows in tables.sections.values():
        if missing := everybody - rows.ids:
            warnings.append(count(len(missing), f"missing from {rows.name}"))
        kept |= missing | rows.bad.keys()
    for rows in tables.all:
        warnings += _unreadable(rows)
    return everybody - kept, kept, warnings


def _unreadable(rows: Rows) -> list[str]:
    """A sentence where most rows of a list cannot be used for one reason: then it is not about rows."""
    reason, number = next(iter(Counter(p.reason for p in rows.problems).most_common(1)), ("", 0))
    if number < 2 or number * 2 <= len(rows.ids) + rows.unnamed:
        return []
    return [
        f"{rows.name}: {reason} in {number} of {len(rows.ids) + rows.unnamed} rows; none of these is used"
    ]


def count(number: int, what: str) -> str:
    """A warning about so many people."""
    return f"{counted(number, 'person is', 'people are')} {what}: the last known values stay"


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


def reject_shared_emails(accounts: Rows, closed: Collection[str]) -> None:
    """Keep out who shares an e-mail: a target would give one's account to the other.

    `closed` are people who are to have no access anyhow: they take no part in it.
    """
    sharing: dict[str, list[str]] = defaultdict(list)
    for id_, row in accounts.rows.items():
        if row.get("email") is not None and id_ not in closed:  # where no e-mail is used, none was read
            sharing[folded(row["email"])].append(id_)
    for group in sharing.values():
        for id_ in group if len(group) > 1 else ():
            others = sorted(set(group) - {id_})
            accounts.reject(id_, f"has the same e-mail as {some(others)}", accounts.rows[id_])
