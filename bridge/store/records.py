"""What Kenjo says: records with revisions, the last snapshot, and the lease of the service that polls."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from redis.exceptions import OutOfMemoryError

from bridge.codec import Codec, reading
from bridge.errors import LeaseLost
from bridge.model import ChangeKind, Key, Record, RecordChange, Stored, next_revision
from bridge.store.audit import KEEP, changed
from bridge.store.connection import Connection
from bridge.store.keys import Keys, moment, named, number, place, script
from bridge.tracing import origin

_COMMIT = script("commit")
_RENEW = script("renew")
_RELEASE = script("release")
_BATCH = 1000  # records in one script call: bounds the time for which Redis serves nobody else


@dataclass(frozen=True, slots=True)
class Grip:
    """Proof of one uninterrupted hold of the lease."""

    key: str
    token: str


class Lease:
    """The right to poll. Another service takes over when its holder has not renewed it for `ttl` seconds."""

    def __init__(self, redis: Connection, keys: Keys, ttl: float = 10.0) -> None:
        self._redis = redis
        self.key = keys.of("lease")
        self.token = secrets.token_hex(8)
        self.ttl = ttl

    async def acquire(self) -> bool:
        """Take or renew the lease. False while another service holds it."""
        milliseconds = int(self.ttl * 1000)
        if await self._redis.eval(_RENEW, 1, self.key, milliseconds, self.token) == [1]:
            return True
        # A new token each time: what was read from Kenjo under an earlier one must not be written any more.
        token = secrets.token_hex(8)
        if await self._redis.set(self.key, token, nx=True, px=milliseconds):
            self.token = token
            return True
        return False

    def grip(self) -> Grip:
        """The lease as it is held now; worthless once it was lost, even if it is taken again."""
        return Grip(self.key, self.token)

    async def remaining(self) -> float:
        """Seconds for which somebody holds it, if it is not renewed; negative when nobody does."""
        return await self._redis.pttl(self.key) / 1000

    async def release(self) -> None:
        """Give the lease back, so that another service need not wait for its end."""
        await self._redis.eval(_RELEASE, 1, self.key, self.token)


class Records:
    """The records of one account."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec) -> None:
        self._redis = redis
        self._keys = keys
        self._codec = codec

    async def known(self, like: Mapping[Key, Record] = MappingProxyType({})) -> dict[Key, Stored]:
        """All records, those that are gone included. One whose revision was lost or changed is not known.

        `like`: records that are in memory anyway; an equal one is that very object, and takes no room.
        """
        try:
            revisions, blobs = await self._both(transaction=True)
        except OutOfMemoryError:  # a full Redis takes no transaction, and nobody can write meanwhile
            revisions, blobs = await self._both(transaction=False)
        return await asyncio.to_thread(self._opened, revisions, blobs, like)

    async def _both(self, *, transaction: bool) -> Sequence[Any]:
        """Revisions and records, sealed."""
        async with self._redis.pipeline(transaction=transaction) as pipe:
            pipe.hgetall(self._keys.of("revisions"))
            pipe.hgetall(self._keys.of("records"))
            return await pipe.execute()

    def _opened(
        self, revisions: Mapping[bytes, bytes], blobs: dict[bytes, bytes], like: Mapping[Key, Record]
    ) -> dict[Key, Stored]:
        """Open records; each sealed one is let go."""
        known = {}
        for name in list(blobs):
            if stored := self._read(named(name), blobs.pop(name), revisions.get(name)):
                same = like.get(stored.record.key)
                if same and same.data == stored.record.data:
                    stored = dataclasses.replace(stored, record=same)
                known[stored.record.key] = stored
        return known

    async def known_since(self, former: Mapping[Key, Stored]) -> dict[Key, Stored]:
        """The same as `known`, when `former` was known before: only what has another revision is read."""
        if not former:
            return await self.known()
        revisions = await self._redis.hgetall(self._keys.of("revisions"))
        now = {named(name): number(revision) for name, revision in revisions.items()}
        same = {key: one for key, one in former.items() if now.get(key) == one.revision}
        names = [str(key) for key in now.keys() - same.keys()]
        if not names:
            return same
        blobs = await self._redis.hmget(self._keys.of("records"), names)
        found = {name.encode(): blob for name, blob in zip(names, blobs, strict=True) if blob is not None}
        return {**same, **await asyncio.to_thread(self._opened, revisions, found, {})}

    async def all_revisions(self) -> dict[Key, int]:
        """The revisions of all records that are there, which are not read themselves."""
        there = await self._redis.hkeys(self._keys.of("records"))
        revisions = await self._redis.hgetall(self._keys.of("revisions"))
        return {named(name): number(revisions[name]) for name in there if name in revisions}

    async def revisions(self, keys: Collection[Key]) -> dict[Key, int]:
        """The revisions of records, as far as they are known, also where the records are lost."""
        if not keys:
            return {}
        found = await self._redis.hmget(self._keys.of("revisions"), [str(key) for key in keys])
        return {key: number(blob) for key, blob in zip(keys, found, strict=True) if blob is not None}

    async def restore_revisions(self, revisions: Mapping[Key, int]) -> None:
        """Set the revisions of lost records, so that they go on from what targets have been given."""
        if revisions:
            names = {str(key): number for key, number in revisions.items()}
            await self._redis.hset(self._keys.of("revisions"), mapping=names)

    async def absent(self) -> dict[Key, float]:
        """Since when records are missed that Kenjo's lists lack: epoch seconds of the first snapshot."""
        found = await self._redis.hgetall(self._keys.of("absent"))
        return {named(name): moment(at) for name, at in found.items()}

    async def note_absent(self, absent: Mapping[Key, float]) -> None:
        """Remember who is missed, and nobody else."""
        where = self._keys.of("absent")
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(where)
            if absent:
                pipe.hset(where, mapping={str(key): at for key, at in absent.items()})
            await pipe.execute()

    async def leave_source_alone(self, seconds: float) -> None:
        """Let no process ask Kenjo for so long: it has asked for that."""
        await self._redis.set(self._keys.of("quiet"), "1", px=max(1, int(seconds * 1000)))

    async def source_is_left_alone(self) -> float:
        """Seconds for which Kenjo still wants to be left alone; 0 when it may be asked."""
        return max(0.0, await self._redis.pttl(self._keys.of("quiet")) / 1000)

    async def get(self, key: Key) -> Stored | None:
        """One record."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(self._keys.of("revisions"), str(key))
            pipe.hget(self._keys.of("records"), str(key))
            revision, blob = await pipe.execute()
        return self._read(key, blob, revision)

    def _read(self, key: Key, blob: bytes | None, revision: bytes | None) -> Stored | None:
        if blob is None:
            return None
        return open_record(self._codec, place(self._keys.of("records"), str(key)), blob, revision)

    async def commit(
        self, changes: Sequence[RecordChange], lease: Lease | Grip, now: float
    ) -> dict[Key, Stored]:
        """Write the changes seen `now` (epoch seconds), each with a higher revision. Raises LeaseLost.

        A crash between two batches is harmless: the next poll's diff finds what is missing.
        """
        written: dict[Key, Stored] = {}
        for start in range(0, max(len(changes), 1), _BATCH):  # without changes too the lease has to hold
            batch = changes[start : start + _BATCH]
            revisions = await self._following(batch, now)
            arguments: list[str | bytes | float] = []
            for change, revision in zip(batch, revisions, strict=True):
                name = str(change.record.key)
                gone = change.kind is ChangeKind.VANISHED
                value = {"data": change.record.data, "gone": gone, "at": now, "revision": revision}
                if poll := origin():
                    value["poll"] = poll
                sealed = self._codec.seal(value, place(self._keys.of("records"), name))
                arguments += [name, revision, sealed, changed(change, now)]
                written[change.record.key] = Stored(change.record, revision, gone, now)
            keys = (lease.key, *(self._keys.of(key) for key in ("revisions", "records", "audit")))
            if not await self._redis.eval(_COMMIT, len(keys), *keys, lease.token, KEEP, *arguments):
                raise LeaseLost("another service polls this account now")
        return written

    async def _following(self, changes: Sequence[RecordChange], now: float) -> list[int]:
        """The next revision of each record: only the holder of the lease writes any."""
        names = [str(change.record.key) for change in changes]
        if not names:
            return []
        former = await self._redis.hmget(self._keys.of("revisions"), names)
        return [next_revision(number(revision or b"0"), now) for revision in former]

    async def note_snapshot(self, facts: dict[str, Any]) -> None:
        """Remember when the last snapshot was accepted and what it held: counts and warnings, no values."""
        name = self._keys.of("snapshot")
        await self._redis.set(name, self._codec.seal(facts, place(name)))

    async def last_snapshot(self) -> dict[str, Any] | None:
        """What `note_snapshot` wrote last."""
        name = self._keys.of("snapshot")
        blob = await self._redis.get(name)
        return self._codec.open(blob, place(name)) if blob else None


def open_record(codec: Codec, where: str, blob: bytes, revision: bytes | None) -> Stored | None:
    """A record as `commit` wrote it at a place. Raises Unreadable.

    None when the revision that stands beside it was lost or changed: it is then read from Kenjo anew.
    """
    value = codec.open(blob, where)
    with reading(where):
        key = Key.parse(where.rpartition(" ")[2])
        record, poll = Record(key, value["data"]), value.get("poll", "")
        stored = Stored(record, int(value["revision"]), value["gone"], value["at"], poll)
    return stored if revision == str(stored.revision).encode() else None
