"""What is known of Kenjo: the records, and the lost ones for which targets were given something."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bridge.model import Key, Record, Stored
from bridge.store.backend import Backend


@dataclass(frozen=True, slots=True)
class Known:
    """`records` with the `lost` ones, of which nothing but the id is known: these may have gone meanwhile."""

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
    given: dict[Key, int] = {}
    for target in targets:
        for key, revision in (await backend.ledger(target).given(records.keys() | forgotten)).items():
            given[key] = max(given.get(key, 0), revision)
    if not given:
        return Known(records, frozenset())
    for key, revision in (await backend.records.revisions(given)).items():
        given[key] = max(given[key], revision)
    lost = {key: Stored(Record(key, {"id": key.id}), revision) for key, revision in given.items()}
    return Known({**records, **lost}, frozenset(lost))
