"""What stays as it was known before, because a snapshot does not say it. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from bridge.model import Key, Kind, Record, Snapshot, Stored


def keep_known(snapshot: Snapshot, known: Mapping[Key, Stored]) -> Snapshot:
    """The snapshot with the last known values where it has none: `known` is what the store knows.

    Who is `closed` has the last known values and the new lifecycle. Who is `kept` stays in the groups where
    they were, and the manager of whom they were; and what is `unsure` stays as it was.
    """
    there = {key: stored.record for key, stored in known.items() if not stored.gone}
    closed = {
        key: Record(key, {**there[key].data, "lifecycle": state.value})
        for key, state in snapshot.closed.items()
        if key in there and key not in snapshot.records
    }
    kept = frozenset((snapshot.kept & there.keys()) - closed.keys())
    changed = {
        key: _with_names(snapshot.records[key], there.get(key), snapshot.unsure[key], kept)
        for key in snapshot.unsure.keys() & snapshot.records.keys()
    }
    for key, record in snapshot.records.items():
        before = there.get(key) if key.kind is Kind.TEAM else None
        if before is not None and "members" in record.data:
            changed[key] = _with_members(record, before, kept)
    return dataclasses.replace(
        snapshot, records={**snapshot.records, **closed, **changed}, kept=kept, closed={}, unsure={}
    )


def _with_names(
    record: Record, before: Record | None, fields: AbstractSet[str], kept: AbstractSet[Key]
) -> Record:
    """A person with the names of rows that a list lacks, as they were, and with a manager who is kept."""
    former = (before.data.get("work") if before else None) or {}
    manager = former.get("manager") or {}
    if Key(Kind.PERSON, manager.get("id", "")) not in kept:  # has gone, or was somebody else's before
        fields = fields - {"manager"}
    work = {**record.data["work"], **{name: former[name] for name in fields if name in former}}
    return Record(record.key, {**record.data, "work": work})


def _with_members(record: Record, before: Record, kept: AbstractSet[Key]) -> Record:
    """A group with the members who were in it and of whom nobody knows that they left it."""
    stay = {id_ for id_ in before.data.get("members") or () if Key(Kind.PERSON, id_) in kept}
    return Record(record.key, {**record.data, "members": sorted(stay.union(record.data["members"]))})
