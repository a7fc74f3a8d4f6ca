"""Builds one whole snapshot from Kenjo's lists. Pure: the lists, the fields in use and the time go in."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from bridge.lifecycle import lifecycle, today_in
from bridge.model import GROUP_KINDS, Key, Kind, Lifecycle, Record, Snapshot, Stored, group_key
from service.fields import LOOKED_UP, WHOLE, Path, Use, lists_for
from service.lists import Values, team_field_found
from service.tables import Tables, Waits, count, has, read_tables, usable_people

__all__ = ["Zones", "build", "keep_members", "lists_for", "team_field_found"]

Zones = Mapping[str, ZoneInfo]
"""Time zones by office, which is named by its name or its `_id`."""

NO_ZONES: Zones = MappingProxyType({})


def build(
    lists: Mapping[str, Any],
    fields: Iterable[Path],
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
    use = Use.of(fields)
    tables = read_tables(lists, use, zones=bool(office_zones), team_field=team_field)
    person = _People(tables, use, _Days.of(tables, now, zone, office_zones), lead_days)
    usable, kept, warnings = usable_people(tables)
    people: dict[str, Values] = {}
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
    teams, kept_teams = _teams(tables, use, people)
    data = {Key(Kind.PERSON, id_): values for id_, values in people.items()} | teams
    return Snapshot(
        records={key: Record(key, values) for key, values in data.items()},
        kept=frozenset(Key(Kind.PERSON, id_) for id_ in kept) | kept_teams,
        unnamed=tables.unnamed,
        problems=tables.problems,
        warnings=tuple(sorted({*warnings, *tables.warnings})),
        group_kinds=frozenset(GROUP_KINDS[name] for name in use.groups),
    )


def keep_members(snapshot: Snapshot, known: Mapping[Key, Stored]) -> Snapshot:
    """Leave people who are `kept` in the teams where they were: nobody knows that they left them.

    `known` is what the store knows, which `build` cannot know.
    """
    changed = {}
    for key, record in snapshot.records.items():
        stored = known.get(key) if key.kind is Kind.TEAM else None
        if stored is None or stored.gone or "members" not in record.data:
            continue
        before = stored.record.data.get("members") or ()
        stay = {id_ for id_ in before if Key(Kind.PERSON, id_) in snapshot.kept}
        members = sorted(stay.union(record.data["members"]))
        changed[key] = Record(key, {**record.data, "members": members})
    return dataclasses.replace(snapshot, records={**snapshot.records, **changed})


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
        own = {id_: zones.get(id_) or zones.get(row["name"] or "") for id_, row in offices.items()}
        return cls(default, {id_: today_in(found or zone, now) for id_, found in own.items()})

    def at(self, tables: Tables, office: str | None) -> date:
        if self.by_office is None or office is None or not has(tables.others["offices"], office):
            return self.default
        return self.by_office[office]


@dataclass(frozen=True, slots=True)
class _People:
    """Makes the data of one person after the other."""

    tables: Tables
    use: Use
    days: _Days
    lead_days: int

    def data(self, id_: str) -> Values:
        """A person's data. Raises Waits when it refers to a row that cannot be used."""
        return {
            "id": id_,
            "lifecycle": self._lifecycle(id_).value,
            **{section: self._section(section, id_, fields) for section, fields in self.use.person.items()},
        }

    def _lifecycle(self, id_: str) -> Lifecycle:
        work = self.tables.works.rows[id_]
        return lifecycle(
            is_active=self.tables.accounts.rows[id_]["isActive"],
            start=_date(work["startDate"]),
            end=_date(work["contractEnd"]),
            today=self.days.at(self.tables, work.get("officeId")),
            lead_days=self.lead_days,
        )

    def _section(self, section: str, id_: str, fields: tuple[str, ...]) -> Values:
        row = self.tables.sections[section].rows[id_]
        values = dict(row) if WHOLE in fields else {}
        made = self._work if section == "work" else None
        for field in fields:
            if field != WHOLE:
                values[field] = made(field, id_, row) if made else row[field]
        return values

    def _work(self, field: str, id_: str, row: Values) -> Any:
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

    def _known(self, id_: str | None) -> str | None:
        """The id of a person who exists, whether their own row can be used or not."""
        accounts = self.tables.accounts
        return id_ if id_ in accounts.bad or (id_ is not None and has(accounts, id_)) else None

    def _manager(self, id_: str | None) -> Values | None:
        if self._known(id_) is None or id_ is None:
            return None
        for section in self.use.manager:
            if id_ not in (rows := self.tables.sections[section]).rows:
                raise Waits(rows.name)
        chosen = self.use.manager.items()
        return {"id": id_, **{section: self._section(section, id_, fields) for section, fields in chosen}}


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _teams(
    tables: Tables, use: Use, people: Mapping[str, Values]
) -> tuple[dict[Key, Values], frozenset[Key]]:
    """The data of all groups, and those that exist without a usable row."""
    groups: dict[Key, Values] = {}
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
