"""A ledger for rehearsals: reads the real one, and remembers what would be written there."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.model import Entry, Key, Kind, State, Stored
from bridge.store import Claim, Ledger
from bridge.store.owners import HandedOver
from bridge.store.sight import Sight


@dataclass(slots=True)
class Sketch:
    """Stands before a ledger: what a delivery would write there is remembered here only.

    `records` are those that the rehearsal is about, as they would be; others are as Redis knows them.
    """

    ledger: Ledger
    records: Mapping[Key, Stored] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    owners: dict[tuple[Kind, str], Key | None] = field(default_factory=dict)

    async def links(self, keys: Collection[str]) -> dict[str, str]:
        """The remote ids that there are, and those that the steps so far would bring."""
        known = await self.ledger.links([name for name in keys if name not in self.made])
        return known | {name: self.made[name] for name in keys if name in self.made}

    async def own(self, remote_id: str, key: Key) -> Key:
        """Whose an object is, or would be after this."""
        owner = await self.owner(key.kind, remote_id) or key
        self.owners[key.kind, remote_id] = owner
        return owner

    async def owner(self, kind: Kind, remote_id: str) -> Key | None:
        """Whose an object is by now."""
        if (kind, remote_id) not in self.owners:
            self.owners[kind, remote_id] = await self.ledger.owner(kind, remote_id)
        return self.owners[kind, remote_id]

    async def disown(self, kind: Kind, remote_id: str) -> None:
        """Remember that the object is gone."""
        self.owners[kind, remote_id] = None

    async def sight(self, key: Key) -> Sight:
        """Where a record stands, as it would be."""
        there = await self.ledger.sight(key)
        stored, link = self.records.get(key, there.stored), self.made.get(str(key), there.link)
        return dataclasses.replace(there, stored=stored, link=link)

    async def unlinked(self, kind: Kind) -> list[Sight]:
        """The records of a kind that have no object at the target, those that are new included."""
        stored = {one.stored.record.key: one for one in await self.ledger.unlinked(kind) if one.stored}
        keys = {*stored, *(key for key in self.records if key.kind is kind)}
        found = [await self.sight(key) for key in sorted(keys)]
        return [sight for sight in found if sight.link is None]

    async def hand_over(
        self, remote_id: str, new: Key, owner: Key | None, now: float, *, config: str, token: str = ""
    ) -> HandedOver:
        """Remember whose the object would be, with the references that go with it."""
        del config, token
        self.owners[new.kind, remote_id] = new
        self.made[str(new)] = remote_id
        old = await self.ledger.entry(owner) if owner else None
        return HandedOver(Entry(state=State.RETRYING, refs=old.refs if old else (), at=now), ())

    async def announce(
        self, claim: Claim, entry: Entry, done: Collection[str] = (), now: float = 0.0
    ) -> None:
        """Nothing is given, so nothing is announced."""

    def digest(self, attributes: Any) -> str:
        """The ledger's own fingerprint."""
        return self.ledger.digest(attributes)
