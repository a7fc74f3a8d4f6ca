"""A ledger as it would be after the steps of a plan so far: read only, like everything that decides."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.exchange import to_come
from bridge.model import Entry, Key, Kind, Outcome, State, Stored
from bridge.spelling import folded
from bridge.store import Ledger
from bridge.store.owners import given_away
from bridge.store.sight import Sight
from workers.delivery.decision import Decision
from workers.delivery.matching import Chosen


@dataclass(slots=True)
class Sketch:
    """What decisions read of a ledger (`workers.delivery.view.View`), with what `note` has heard.

    `records` are those that the plan is about, as they would be; others are as Redis knows them. `made` are
    the objects of records after the steps so far (None: none is left), `entries` what was noted of them;
    `handed`: objects that are records' before their steps, whatever the ledger says.
    """

    ledger: Ledger
    records: Mapping[Key, Stored] = field(default_factory=dict)
    made: dict[str, str | None] = field(default_factory=dict)
    entries: dict[Key, Entry] = field(default_factory=dict)
    owners: dict[tuple[Kind, str], Key | None] = field(default_factory=dict)
    holders: dict[tuple[str, str], Key] = field(default_factory=dict)
    handed: dict[Key, str] = field(default_factory=dict)

    async def links(self, keys: Collection[str]) -> dict[str, str]:
        """The remote ids that there are, and those that the steps so far would bring."""
        known = await self.ledger.links([name for name in keys if name not in self.made])
        return known | {name: link for name in keys if (link := self.made.get(name)) is not None}

    async def link(self, key: Key) -> str | None:
        """The object that is a record's before its step, unless another step has made it another one's."""
        if key in self.handed:
            return self.handed[key]
        link = (await self.ledger.links([str(key)])).get(str(key))
        return None if link and self.owners.get((key.kind, link)) not in (None, key) else link

    async def owner(self, kind: Kind, remote_id: str) -> Key | None:
        """Whose an object would be by now."""
        if (kind, remote_id) not in self.owners:
            self.owners[kind, remote_id] = await self.ledger.owner(kind, remote_id)
        return self.owners[kind, remote_id]

    async def sight(self, key: Key) -> Sight:
        """Where a record stands, as it would be."""
        there = await self.ledger.sight(key)
        found = dataclasses.replace(
            there,
            stored=self.records.get(key, there.stored),
            entry=self.entries.get(key, there.entry),
            link=self.made.get(str(key), there.link),
        )
        return dataclasses.replace(found, begun=False) if key in self.entries else found

    async def unlinked(self, kind: Kind) -> list[Sight]:
        """The records of a kind that have no object at the target, those that are new included."""
        stored = {one.stored.record.key: one for one in await self.ledger.unlinked(kind) if one.stored}
        keys = {*stored, *(key for key in self.records if key.kind is kind)}
        found = [await self.sight(key) for key in sorted(keys)]
        return [sight for sight in found if sight.link is None]

    async def holder(self, attribute: str, value: str) -> Key | None:
        """Whose a value would be by now."""
        there = self.holders.get((attribute, folded(value)))
        return there or await self.ledger.holder(attribute, value)

    def digest(self, attributes: Any) -> str:
        """The ledger's own fingerprint."""
        return self.ledger.digest(attributes)

    def is_free(self, key: Key, account: Chosen) -> bool:
        """Whether no step so far would have made an object another record's."""
        return self.owners.get((key.kind, account.remote_id)) in (None, key, account.owner)

    def is_held(self, key: Key, attribute: str, value: str) -> bool:
        """Whether a step so far would have made a value another record's."""
        return self.holders.get((attribute, folded(value))) not in (None, key)

    def lost(self, key: Key) -> bool:
        """Whether the steps so far leave a record without the object that it had."""
        return str(key) in self.made and self.made[str(key)] is None

    def brings(self, names: Collection[str]) -> bool:
        """Whether the steps so far bring an object to one of these records."""
        return any(self.made.get(name) is not None for name in names)

    async def hand_over(self, account: str, key: Key, owner: Key | None) -> Entry:
        """As `bridge.store.owners.Owners.hand_over` would leave the two; the record's entry then."""
        self.handed[key] = self.made[str(key)] = account
        self.owners[key.kind, account] = key
        entry = await self.ledger.entry(key) or Entry()
        given: tuple[str, ...] = ()
        if owner not in (None, key):
            sight = await self.ledger.sight(owner)
            if sight.link in (None, account):
                given = sight.entry.refs if sight.entry else ()
                self.made[str(owner)] = None
        refs = tuple(sorted({*entry.refs, *given}))
        return dataclasses.replace(
            entry, state=State.RETRYING, retry_at=0.0, candidates=(), awaits="", awaited="", refs=refs
        )

    def note(self, key: Key, decision: Decision) -> None:
        """Remember what a decision would bring: whose an object or a value is, what a record has."""
        self.entries[key] = dataclasses.replace(decision.entry, **decision.says)
        if decision.lost is not None:
            self.owners[key.kind, decision.lost] = None
        if (account := decision.account) is not None:
            self.owners[key.kind, account.remote_id] = key
            if (former := account.owner) is not None:
                self.made[str(former)] = None
                sight = Sight(self.records.get(former))
                entry = given_away(sight, key, decision.entry.config, decision.entry.at)
                self.entries[former] = entry
        change = decision.change
        if change and change.outcome is Outcome.DELETED:
            self.made[str(key)] = None
        elif account or (change and decision.link is None):
            link = decision.link or to_come(key)
            self.made[str(key)], self.owners[key.kind, link] = link, key
        for attribute, value in decision.unique.items():
            self.holders[attribute, folded(value)] = key
