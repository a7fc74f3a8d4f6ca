"""What one target has been given: entries, links to its objects, pending work."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bridge.errors import LeaseLost
from bridge.exchange import Call
from bridge.model import Entry, Key
from bridge.store.calls import open_calls
from bridge.store.claims import UNSETTLED
from bridge.store.deliveries import LOCK_TTL, Deliveries
from bridge.store.entries import open_entry, open_text, seal_entry
from bridge.store.former import Former, day_of, field_of, open_former
from bridge.store.keys import named, script
from bridge.store.records import Grip

_MANY = 1000
"""Entries that are opened without letting anything else run meanwhile."""

_COUNT = script("count")
_DOUBT = script("doubt")
_RELEASE = script("release")


@dataclass(frozen=True, slots=True)
class Opened:
    """All entries of a ledger, and as what each of them stood there."""

    entries: Mapping[Key, Entry] = field(default_factory=dict)
    blobs: Mapping[bytes, bytes] = field(default_factory=dict)


class Ledger(Deliveries):
    """The ledger of one target: what deliveries use, and what the poller and operators read and mark."""

    async def entries(self, keys: Collection[Key] | None = None) -> dict[Key, Entry]:
        """All entries, or those of some records."""
        blobs = await self._blobs("ledger", keys)
        # To open tens of thousands takes a second, for which the lease would not be renewed.
        return await asyncio.to_thread(self._opened, blobs) if len(blobs) > _MANY else self._opened(blobs)

    async def entries_since(self, former: Opened) -> Opened:
        """All entries, when `former` was read before: only what stands there anew is opened."""
        blobs = await self._blobs("ledger", None)
        anew = {name: blob for name, blob in blobs.items() if former.blobs.get(name) != blob}
        if not anew and len(blobs) == len(former.blobs):
            return former
        over = {named(name) for name in former.blobs.keys() - blobs.keys()}
        same = {key: entry for key, entry in former.entries.items() if key not in over}
        return Opened({**same, **await asyncio.to_thread(self._opened, anew)}, blobs)

    def _opened(self, blobs: Mapping[bytes, bytes]) -> dict[Key, Entry]:
        return {
            named(name): open_entry(self._codec, self._where("ledger", name.decode()), blob)
            for name, blob in blobs.items()
        }

    async def _blobs(self, name: str, keys: Collection[Key] | None) -> dict[bytes, bytes]:
        """What stands in a hash by record, sealed."""
        where = self._key(name)
        if keys is None:
            return await self._redis.hgetall(where)
        names = [str(key) for key in keys]
        blobs = await self._redis.hmget(where, names) if names else []
        pairs = zip(names, blobs, strict=True)
        return {field.encode(): blob for field, blob in pairs if blob is not None}

    async def entry(self, key: Key) -> Entry | None:
        """One entry."""
        blob = await self._redis.hget(self._key("ledger"), str(key))
        return open_entry(self._codec, self._where("ledger", key), blob) if blob else None

    async def calls(self, key: Key) -> tuple[Call, ...]:
        """The last calls of the target for a record, oldest first. Raises Unreadable."""
        blob = await self._redis.hget(self._key("calls"), str(key))
        return open_calls(self._codec, self._where("calls", key), blob or b"")

    async def former(self, key: Key, at: float) -> Former | None:
        """What the target had before it was changed `at` (epoch seconds), as long as that is kept.

        Raises Unreadable.
        """
        blob = await self._redis.hget(self._key(day_of(at)), field_of(key, at))
        return open_former(self._codec, self._former_place(key, at), blob) if blob else None

    async def given(self, known: Collection[Key]) -> dict[Key, Entry]:
        """The records but the `known` ones for which the target was given something, and what is noted."""
        entries, links = self._key("ledger"), self._key("links")
        names = {*await self._redis.hkeys(entries), *await self._redis.hkeys(links)}
        unknown = {key: name for name in names if (key := named(name)) not in known}
        return {key: await self.entry(key) or Entry() for key in unknown}

    async def linked(self) -> set[str]:
        """The record keys that have an object at the target."""
        return {str(named(name)) for name in await self._redis.hkeys(self._key("links"))}

    async def unsettled(self) -> set[Key]:
        """Records whose last delivery began and never settled."""
        return {named(name) for name in await self._redis.hkeys(self._key("claims"))}

    async def add_pending(self, priorities: Mapping[Key, int]) -> None:
        """Mark records as pending; a lower priority number is more urgent. Settling takes them out again."""
        if priorities:
            await self._redis.zadd(self._key("pending"), {str(key): rank for key, rank in priorities.items()})

    async def drop_pending(self, keys: Iterable[Key]) -> None:
        """Nothing is to be done for these records any more."""
        if names := [str(key) for key in keys]:
            await self._redis.zrem(self._key("pending"), *names)

    async def referring(self, key: Key) -> list[Key]:
        """The records that were given a reference to this one. Reads all entries: for rare occasions."""
        return [other for other, entry in (await self.entries()).items() if str(key) in entry.refs]

    async def pending(self) -> dict[Key, int]:
        """The pending records with their ranks, most urgent first."""
        found = await self._redis.zrange(self._key("pending"), 0, -1, withscores=True)
        return {named(name): int(rank) for name, rank in found}

    async def count_pending(self) -> int:
        """How many records the target is behind with."""
        return int(await self._redis.zcard(self._key("pending")))

    async def write(self, key: Key, entry: Entry) -> None:
        """Replace an entry by an operator's word, outside any delivery."""
        sealed = seal_entry(self._codec, self._where("ledger", key), entry)
        await self._redis.hset(self._key("ledger"), mapping={str(key): sealed})

    async def rewrite(self, key: Key, former: Entry, entry: Entry) -> bool:
        """Replace an entry while nobody delivers the record; False when somebody does, or it has changed."""
        lock, token = self._keys.lock(self.target, key), secrets.token_hex(8)
        if not await self._redis.set(lock, token, nx=True, px=int(LOCK_TTL * 1000)):
            return False
        try:
            is_same = await self.entry(key) == former
            if is_same:
                await self.write(key, entry)
            return is_same
        finally:
            await self._redis.eval(_RELEASE, 1, lock, token)

    async def link(self, key: Key, remote_id: str) -> None:
        """Link a record by an operator's word."""
        sealed = self._codec.seal(remote_id, self._where("links", key))
        await self._redis.hset(self._key("links"), mapping={str(key): sealed})

    async def doubt(self, keys: Collection[Key], given: Iterable[str] = (), unsettled: str = "") -> None:
        """Let these records be read back at the target, whatever the ledger says.

        `given`: record keys to which the target may have been given references that no entry tells of;
        `unsettled`: the token of a delivery that may have sent something, and cannot settle.
        """
        if keys:
            sent = [f"{UNSETTLED}{unsettled}"] if unsettled else []
            mark = " ".join([f"doubt {secrets.token_hex(8)}", *sent, *sorted(given)])
            names = [self._key("claims"), self._key("pending")]
            await self._redis.eval(_DOUBT, 2, *names, mark, *(str(key) for key in keys))

    async def done(self, since: float) -> list[str]:
        """What was done since a time (epoch seconds), as `bridge.effects.Effect` names it, oldest first."""
        return [
            name.decode() for name in await self._redis.zrangebyscore(self._key("done"), f"({since}", "+inf")
        ]

    async def counted(self) -> dict[Key, str]:
        """What the last poll has counted, and lets take away."""
        found = await self._redis.hgetall(self._key("counted"))
        return {
            named(name): open_text(self._codec, self._where("counted", name.decode()), blob)
            for name, blob in found.items()
        }

    async def count(self, takings: Mapping[Key, str], lease: Grip, since: float) -> None:
        """Say what a poll has counted and allows to be taken away: that, and nothing that an earlier one did.

        What was done before `since` is forgotten. Raises LeaseLost.
        """
        pairs: list[str | bytes] = []
        for key, taking in takings.items():
            pairs += [str(key), self._codec.seal(taking, self._where("counted", key))]
        names = [lease.key, self._key("counted"), self._key("done")]
        if not await self._redis.eval(_COUNT, len(names), *names, lease.token, since, *pairs):
            raise LeaseLost("another service polls this account now")

    async def doubt_everything(self) -> None:
        """Let every account be read back."""
        await self.doubt([Key.parse(name) for name in await self.linked()])

    async def under_way(self) -> dict[Key, bytes]:
        """The records that somebody delivers just now, with the tokens of their locks."""
        locks = {key: self._keys.lock(self.target, key) for key in await self.unsettled()}
        return {key: token for key, lock in locks.items() if (token := await self._redis.get(lock))}
