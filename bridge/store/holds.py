"""What waits for a person: holds, the records that they hold back, and approvals."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bridge.codec import Codec, reading
from bridge.effects import Verb
from bridge.model import Key, Kind
from bridge.store.connection import Connection
from bridge.store.entries import open_text
from bridge.store.keys import Keys, named, place

SNAPSHOT = "kenjo"
"""The id of the hold on an implausible snapshot."""

FIRST_CONTACT = "first-contact"
"""The kind of the hold on a target whose accounts do not match the people of Kenjo."""

ORPHANS = "orphans"
"""The kind of the hold on open accounts that carry the ids of people whom Kenjo does not have."""

FOUND = "found"
"""Holds a leaver whose forgotten account was met, until the next poll has counted the removal."""

PUBLICATION = "publication"
"""The kind of the hold on a publication that would tell of too many objects less than what it replaces."""

HoldState = Literal["open", "approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold. `target` is "" for a whole snapshot; `keys` are the records that wait; ids, no values.

    `count` and `limit` are the numbers in words of the configuration; `by` and `at` tell who decided when;
    `missing` is how many records a snapshot lacks, by kind, or a publication. `members`: by group, how many
    it would lose. `part`: what somebody set apart from a hold by deciding on some of its records; it waits
    for its own decision, whatever the limits say.
    """

    id: str
    target: str
    kind: str
    count: int
    limit: str
    reason: str
    since: float
    keys: tuple[str, ...] = ()
    state: HoldState = "open"
    by: str = ""
    at: float = 0.0
    missing: Mapping[str, int] = field(default_factory=dict)
    members: Mapping[str, int] = field(default_factory=dict)
    part: bool = False

    @property
    def choosable(self) -> tuple[str, ...]:
        """The records on which somebody can decide apart from the others; none where it is about the whole.

        Groups that wait along with people who would be removed go, or stay, with those people.
        """
        if not self.target or not self.keys or self.kind in (FIRST_CONTACT, PUBLICATION):
            return ()
        if self.kind != Verb.REMOVE:
            return self.keys
        return tuple(key for key in self.keys if Key.parse(key).kind is Kind.PERSON)

    @property
    def version(self) -> str:
        """Another one as soon as a record comes or goes, or a group would lose another number."""
        held = [sorted(self.keys), sorted(self.members.items()), sorted(self.missing.items())]
        return hashlib.sha256(json.dumps(held).encode()).hexdigest()[:8]


class Holds:
    """The holds of one account. What a person has decided is sealed: nobody else can let anything go."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec) -> None:
        self._redis = redis
        self._keys = keys
        self._codec = codec

    async def all(self) -> list[Hold]:
        """Every hold, the oldest first."""
        blobs = await self._redis.hgetall(self._keys.of("holds"))
        found = [self._read(name.decode(errors="replace"), blob) for name, blob in blobs.items()]
        return sorted(found, key=lambda hold: hold.since)

    async def get(self, id_: str) -> Hold | None:
        """One hold."""
        blob = await self._redis.hget(self._keys.of("holds"), id_)
        return self._read(id_, blob) if blob else None

    def _read(self, id_: str, blob: bytes) -> Hold:
        return open_hold(self._codec, place(self._keys.of("holds"), id_), blob)

    async def put(self, hold: Hold) -> None:
        """Write a hold."""
        name = self._keys.of("holds")
        sealed = self._codec.seal(dataclasses.asdict(hold), place(name, hold.id))
        await self._redis.hset(name, mapping={hold.id: sealed})

    async def withdraw(self, id_: str) -> None:
        """Forget a hold: its cause is gone, or it was carried out."""
        await self._redis.hdel(self._keys.of("holds"), id_)

    async def approve(self, hold: Hold, by: str, now: float, rest: Hold | None = None) -> None:
        """Let just the records that the hold names go; more of the same kind are held anew.

        `rest`: what is left of it, where some were chosen. It is written before anything is let go.
        """
        if rest:
            await self.put(rest)
        if hold.target and hold.kind != PUBLICATION:
            if hold.keys:
                name = self._keys.at(hold.target, "approved")
                former = await self.approved(hold.target)
                sealed: dict[str, str | bytes | float] = {
                    key: self._codec.seal(
                        _joined(former.get(Key.parse(key), ""), _taking(hold, key)), place(name, key)
                    )
                    for key in hold.keys
                }
                await self._redis.hset(name, mapping=sealed)
            await self.release(hold.target, hold.keys)
            if rest is None or rest.id != hold.id:
                await self.withdraw(hold.id)
        else:  # it stays, as the word of who let it go, until it is carried out
            await self.put(dataclasses.replace(hold, state="approved", by=by, at=now))

    async def reject(self, hold: Hold, by: str, now: float) -> None:
        """Keep holding, and do not alert again, until the cause disappears."""
        await self.put(dataclasses.replace(hold, state="rejected", by=by, at=now))

    async def approved(self, target: str) -> dict[Key, str]:
        """The records of a target whose change was approved and not done yet, and what that change is.

        For `bridge.effects.covers`.
        """
        name = self._keys.at(target, "approved")
        found = await self._redis.hgetall(name)
        return {
            named(key): open_text(self._codec, place(name, key.decode()), kind) for key, kind in found.items()
        }

    async def forget_approvals(self, target: str, keys: Iterable[Key]) -> None:
        """What was approved is done, or has ceased to be wanted."""
        if names := [str(key) for key in keys]:
            await self._redis.hdel(self._keys.at(target, "approved"), *names)

    async def held(self, target: str) -> set[str]:
        """The record keys that no delivery may touch at a target."""
        return {str(named(name)) for name in await self._redis.hkeys(self._keys.at(target, "held"))}

    async def found(self, target: str) -> set[str]:
        """Those of the held that wait for nothing but the next poll."""
        held = await self._redis.hgetall(self._keys.at(target, "held"))
        return {str(named(name)) for name, id_ in held.items() if id_ == FOUND.encode()}

    async def hold_back(self, target: str, keys: Collection[str], id_: str) -> None:
        """Let no delivery of these records start, from now on."""
        if keys:
            await self._redis.hset(self._keys.at(target, "held"), mapping=dict.fromkeys(keys, id_))

    async def release(self, target: str, keys: Collection[str]) -> None:
        """Let deliveries of these records start again."""
        if keys:
            await self._redis.hdel(self._keys.at(target, "held"), *keys)

    async def count(self, target: str) -> int:
        """How many records are held at a target."""
        return await self._redis.hlen(self._keys.at(target, "held"))


def open_hold(codec: Codec, where: str, blob: bytes) -> Hold:
    """A hold as `put` wrote it at a place. Raises Unreadable."""
    value = codec.open(blob, where)
    with reading(where):
        return Hold(**{**value, "keys": tuple(value["keys"])})


def _taking(hold: Hold, key: str) -> str:
    """What approving a hold lets one of its records do: an approval is for as much as was seen."""
    if hold.kind == ORPHANS:
        return "remove"
    return f"{hold.kind}:{hold.members[key]}" if key in hold.members else hold.kind


def _joined(former: str, new: str) -> str:
    """What was approved before, of other kinds, and this."""
    kind = new.partition(":")[0]
    return " ".join([*(one for one in former.split() if one.partition(":")[0] != kind), new])
