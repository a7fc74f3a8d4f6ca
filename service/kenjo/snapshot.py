"""Builds one whole snapshot from Kenjo's lists. Pure: the lists, the fields in use and the time go in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from bridge.mapping.lifecycle import lifecycle, today_in
from bridge.model import GROUP_KINDS, HORIZON, Coming, Key, Kind, Lifecycle, Record, Snapshot, group_key
from bridge.spelling import tidy
from service.kenjo.fields import LOOKED_UP, WHOLE, FieldPath, Use, lists_for
from service.kenjo.lists import Row, team_field_found
from service.kenjo.tables import Tables, Waits, count, has, read_tables, reject_shared_emails, usable_people

__all__ = ["View", "Zones", "build", "join", "lists_for", "team_field_found"]

Zones = Mapping[str, ZoneInfo]
"""Time zones by office, which is named by its name or its `_id`."""

NO_ZONES: Zones = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class View:
    """What of Kenjo is looked at, and where and how long before their first day people's days begin."""

    fields: frozenset[FieldPath]
    zone: ZoneInfo
    office_zones: Zones
    lead_days: int

    @property
    def lists(self) -> frozenset[str]:
        """The lists to read for it."""
        return lists_for(self.fields, self.office_zones)

    def days(self, now: datetime) -> list[str]:
        """Which day it is in each of the time zones: what else than Kenjo makes a snapshot differ."""
        zones = {str(zone): zone for zone in (self.zone, *self.office_zones.values())}
        return [f"{name} {today_in(zone, now)}" for name, zone in sorted(zones.items())]


def build(
    lists: Mapping[str, Any],
    fields: Iterable[FieldPath],
    *,
    now: datetime,
    zone: ZoneInfo,
    office_zones: Zones = NO_ZONES,
    lead_days: int = 0,
    team_field: str | None = None,
) -> Snapshot:
    """Join the lists into one record per person and team, cut down to `fields`.

    `lists` are those of `lists_for(fields, office_zones)`. Who has a row that cannot be used, or lacks one,
    is in `kept` instead. Raises SourceUnavailable when a list is not there, ConfigurationError for a field
    that no record can have.
    """
    view = View(frozenset(fields), zone, office_zones, lead_days)
    use = Use.of(view.fields)
    tables = read_tables(dict(lists), use, zones=bool(office_zones), team_field=team_field)
    return join(tables, use, view, now)


def join(tables: Tables, use: Use, view: View, now: datetime) -> Snapshot:
    """The snapshot of lists that have been read (see `build`)."""
    everybody = tables.everybody()
    days = _Days.of(tables, now, view.zone, view.office_zones)
    person = _People(tables, use, days, view.lead_days, everybody)
    closed = {id_: state for id_ in everybody if (state := person.closed(id_))}
    reject_shared_emails(tables.accounts, closed)
    usable, kept, warnings = usable_people(tables)
    people: dict[str, Row] = {}
    waiting: Counter[str] = Counter()
    for id_ in sorted(usable):
        try:
            people[id_] = person.data(id_)
        except Waits as which:
            waiting[str(which)] += 1
            kept.add(id_)
    warnings += [
        count(n, f"described by a row of {which} that cannot be used") for which, n in waiting.items()
    ]
    coming = tuple(one for id_ in people for one in person.coming(id_))
    started = (id_ for id_ in sorted(everybody) if id_ not in closed and person.started(id_))
    teams, kept_teams = _teams(tables, use, people)
    data = {Key(Kind.PERSON, id_): values for id_, values in people.items()} | teams
    return Snapshot(
        records={key: Record(key, values) for key, values in data.items()},
        kept=frozenset(Key(Kind.PERSON, id_) for id_ in kept) | kept_teams,
        closed={Key(Kind.PERSON, id_): state for id_, state in closed.items() if id_ in kept},
        unsure={Key(Kind.PERSON, id_): names for id_ in people if (names := person.unsure(id_))},
        unnamed=tables.unnamed,
        problems=tables.problems,
        warnings=tuple(sorted({*warnings, *tables.warnings})),
        filled=tables.filled,
        group_kinds=frozenset(GROUP_KINDS[name] for name in use.groups),
        coming=coming,
        started=tuple(Key(Kind.PERSON, id_) for id_ in started),
    )


@dataclass(frozen=True, slots=True)
class _Days:
    """Today, by office where offices have time zones of their own (else None)."""

    default: date
    by_office: Mapping[str, date] | None

    @classmethod
    def of(cls, tables: Tables, now: datetime, zone: ZoneInfo, zones: Zones) -> _Days:
        default = today_in(zone, now)
        if not zones:
            return cls(default, None)
        offices = tables.others["offices"].rows
        named = {tidy(name): zone for name, zone in zones.items()}
        own = {id_: named.get(id_) or named.get(row["name"] or "") for id_, row in offices.items()}
        return cls(default, {id_: today_in(found or zone, now) for id_, found in own.items()})

    def at(self, tables: Tables, office: str | None, *, careful: bool = False) -> date:
        """The day in an office. Raises Waits for a row that cannot be used; `careful`: the earliest then."""
        if self.by_office is None or office is None:
            return self.default
        if careful and office not in self.by_office:
            return min(self.default, *self.by_office.values())
        return self.by_office[office] if has(tables.others["offices"], office) else self.default


@dataclass(frozen=True, slots=True)
class _People:
    """Makes the data of one person after the other."""

    tables: Tables
    use: Use
    days: _Days
    lead_days: int
    everybody: AbstractSet[str]

    def data(self, id_: str) -> Row:
        """A person's data. Raises Waits when it refers to a row that cannot be used."""
        return {
            "id": id_,
            "lifecycle": self._lifecycle(id_).value,
            **{section: self._section(section, id_, fields) for section, fields in self.use.person.items()},
        }

    def coming(self, id_: str) -> Iterator[Coming]:
        """The first or last day of a person, where it is near: access begins or ends with it."""
        work = self.tables.works.rows[id_]
        start, end = _date(work["startDate"]), _date(work["contractEnd"])
        if start is None and end is None:
            return
        today, state = self.days.at(self.tables, work.get("officeId")), self._lifecycle(id_)
        for day, what, matters in (
            (start, "starts", state is Lifecycle.UPCOMING),
            (end, "ends", state is Lifecycle.ACTIVE),
        ):
            if day and matters and 0 <= (day - today).days <= HORIZON:
                yield Coming(Key(Kind.PERSON, id_), day, what)

    def started(self, id_: str) -> bool:
        """Whether the first day of a person has come lately, as far as one readable cell says."""
        start = _date(self.tables.works.said(id_, "startDate"))
        if start is None:
            return False
        today = self.days.at(self.tables, self.tables.works.said(id_, "officeId"), careful=True)
        return 0 <= (today - start).days <= HORIZON

    def closed(self, id_: str) -> Lifecycle | None:
        """The state of somebody of whom one readable cell says that they have no access; else None.

        Nothing else about them matters then: neither other cells, nor that another list lacks them.
        """
        works = self.tables.works
        active = self.tables.accounts.said(id_, "isActive")
        state = lifecycle(
            is_active=active is not False,
            start=_date(works.said(id_, "startDate")),
            end=_date(works.said(id_, "contractEnd")),
            today=self.days.at(self.tables, works.said(id_, "officeId"), careful=True),
            lead_days=self.lead_days,
        )
        return state if active is False or state is Lifecycle.LEFT else None

    def unsure(self, id_: str) -> frozenset[str]:
        """The fields of the work section made from a row of which nobody knows whether it is gone."""
        used = self.use.person.get("work", ())
        found = {
            field
            for field in used
            if (which := LOOKED_UP.get(field)) and self.tables.unsure.get(which)
            if not self.tables.unsure[which].isdisjoint(self._named(field, which, id_))
        }
        if "manager" in used:
            manager = self.tables.works.rows[id_]["reportsToId"]
            found |= {"manager"} if manager and manager not in self.everybody else set()
        return frozenset(found)

    def _named(self, field: str, which: str, id_: str) -> tuple[str, ...]:
        links = self.tables.works.links[id_]
        return links[which] if which in links else (self.tables.works.rows[id_][f"{field}Id"],)

    def _lifecycle(self, id_: str) -> Lifecycle:
        work = self.tables.works.rows[id_]
        return lifecycle(
            is_active=self.tables.accounts.rows[id_]["isActive"],
            start=_date(work["startDate"]),
            end=_date(work["contractEnd"]),
            today=self.days.at(self.tables, work.get("officeId")),
            lead_days=self.lead_days,
        )

    def _section(self, section: str, id_: str, fields: tuple[str, ...]) -> Row:
        row = self.tables.sections[section].rows[id_]
        values = dict(row) if WHOLE in fields else {}
        made = self._work if section == "work" else None
        for field in fields:
            if field != WHOLE:
                values[field] = made(field, id_, row) if made else row[field]
        return values

    def _work(self, field: str, id_: str, row: Row) -> Any:
        match field:
            case "department" | "office" | "company":
                return self.tables.name(LOOKED_UP[field], row[f"{field}Id"])
            case "teams" | "areas":
                names = (self.tables.name(field, linked) for linked in self.tables.linked(field, id_))
                return sorted(name for name in names if name is not None)
            case "teamIds":
                return self.tables.linked("teams", id_)
            case "manager":
                return self._manager(row["reportsToId"])
        return row[field]

    def _manager(self, id_: str | None) -> Row | None:
        if id_ is None or not (id_ in self.everybody or has(self.tables.accounts, id_)):
            return None
        for section in self.use.manager:
            if id_ not in (rows := self.tables.sections[section]).rows:
                raise Waits(rows.name)
        chosen = self.use.manager.items()
        return {"id": id_, **{section: self._section(section, id_, fields) for section, fields in chosen}}


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _teams(tables: Tables, use: Use, people: Mapping[str, Row]) -> tuple[dict[Key, Row], frozenset[Key]]:
    """The data of all groups, and those that exist without a usable row."""
    groups: dict[Key, Row] = {}
    kept: set[Key] = set()
    for which in use.groups:
        kind, rows, members = GROUP_KINDS[which], tables.others[which], tables.members(which)
        kept |= {group_key(kind, id_) for id_ in rows.bad}
        for id_, row in rows.rows.items():
            there = members.get(id_, ())
            active = (p for p in there if p in people and people[p]["lifecycle"] == Lifecycle.ACTIVE)
            made = {**row, "kind": kind, "members": sorted(active)}
            key = group_key(kind, id_)
            groups[key] = {"id": key.id, **{field: made[field] for field in use.team or ()}}
    return groups, frozenset(kept)
