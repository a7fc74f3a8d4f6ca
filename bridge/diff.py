"""What changed between what the store knows and what Kenjo says now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.model import ChangeKind, Key, Record, RecordChange, Snapshot, Stored, next_revision


def diff(known: Mapping[Key, Stored], snapshot: Snapshot) -> list[RecordChange]:
    """The changes that turn `known` into the snapshot, so that applying them gives `snapshot.records`.

    Records of which the snapshot cannot tell that they are gone stay as they are: Kenjo gave no usable row
    for them, or was not asked.
    """
    changes = []
    for key, record in snapshot.records.items():
        stored = known.get(key)
        if stored is None or stored.gone:
            changes.append(RecordChange(ChangeKind.APPEARED, record))
        elif stored.record.data != record.data:
            fields = tuple(_differing(stored.record.data, record.data))
            changes.append(RecordChange(ChangeKind.CHANGED, record, fields))
    absent = (key for key, stored in known.items() if not stored.gone and key not in snapshot.records)
    vanished = (key for key in absent if snapshot.tells_of(key))
    return changes + [RecordChange(ChangeKind.VANISHED, known[key].record) for key in vanished]


def apply(known: Mapping[Key, Stored], changes: list[RecordChange]) -> dict[Key, Record]:
    """The records that are there after the changes. What `store.commit` does, as a value."""
    records = {key: stored.record for key, stored in known.items() if not stored.gone}
    for change in changes:
        if change.kind is ChangeKind.VANISHED:
            del records[change.record.key]
        else:
            records[change.record.key] = change.record
    return records


def revised(known: Mapping[Key, Stored], changes: list[RecordChange], at: float) -> dict[Key, Stored]:
    """The changed records as the store will keep them, each with its next revision."""
    return {
        change.record.key: Stored(
            change.record,
            next_revision(known[change.record.key].revision if change.record.key in known else 0, at),
            change.kind is ChangeKind.VANISHED,
            at,
        )
        for change in changes
    }


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differing(before, after, f"{path}{name}.")
        else:
            yield path + name
