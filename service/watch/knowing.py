"""What is known of Kenjo: the records, and the lost ones for which targets were given something."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.model import Entry, Key, Kind, Record, Stored
from bridge.store.backend import Backend


@dataclass(frozen=True, slots=True)
class Known:
    """`records` with the `lost` ones, which may have gone meanwhile.

    Of these nothing is known but the id, and of groups those who were in there by what targets were given.
    """

    records: Mapping[Key, Stored]
    lost: frozenset[Key]

    def after(self, changed: Mapping[Key, Stored]) -> dict[Key, Stored]:
        """The records when these have changed, without those of which still nothing is known."""
        still = self.lost - changed.keys()
        found = {key: stored for key, stored in self.records.items() if key not in still}
        return {**found, **changed}


async def what_is_known(backend: Backend, records: Mapping[Key, Stored], targets: Collection[str]) -> Known:
    """Add whoever a target has a ledger entry or a link of and no record.

    Redis can lose a part: without this, such an account would stay open whatever becomes of its person.
    """
    forgotten = await backend.forgotten.all()
    given: dict[Key, list[Entry]] = {}
    for target in targets:
        for key, entry in (await backend.ledger(target).given(records.keys() | forgotten)).items():
            given.setdefault(key, []).append(entry)
    if not given:
        return Known(records, frozenset())
    revisions = await backend.records.revisions(given)
    lost = {key: _told_by(key, entries, revisions.get(key, 0)) for key, entries in given.items()}
    return Known({**records, **lost}, frozenset(lost))


def _told_by(key: Key, entries: Collection[Entry], revision: int) -> Stored:
    """What ledgers tell of a record that was lost."""
    data: dict[str, Any] = {"id": key.id}
    if key.kind is Kind.TEAM:
        data["members"] = sorted({Key.parse(name).id for entry in entries for name in entry.refs})
    return Stored(Record(key, data), max(revision, *(entry.revision for entry in entries)))
