"""Whose the objects at one target are: owners, links, and how an object passes from one record to another."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from bridge.codec import Codec
from bridge.errors import LockLost
from bridge.model import Entry, Key, Kind, Outcome, State
from bridge.store.claims import Claim, references_of
from bridge.store.connection import Connection
from bridge.store.entries import open_entry, open_text, seal_entry
from bridge.store.keys import Keys, named, place, script
from bridge.store.records import open_record
from bridge.store.sight import Sight
from bridge.store.together import Together

_HAND_OVER = script("hand_over")
_OWN = script("own")

_BATCH = 1000  # objects that are reserved in one call

_Wanted = tuple[str | bytes, ...]
"""What the script `own` is given of one object."""

_NO_CLAIM: _Wanted = ("", "", "")

HANDED_OVER = "its account was handed over to "
"""Begins the reason in the entry of a record whose object was given to another; that record's key follows."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """An object has passed to a record: its entry now, and the other records that have to be looked at."""

    entry: Entry
    affected: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class _Passing:
    """What was read before an object passes. `old`: whose link it is; `refs`: what was given with it."""

    entry_blob: bytes
    link_blob: bytes
    former: Entry
    refs: tuple[str, ...]
    old: Key | None = None
    sight: Sight = field(default_factory=Sight)
    old_entry: bytes = b""
    old_link: bytes = b""
    referring: tuple[Key, ...] = ()


class Owners:
    """The part of a ledger that says whose the objects are. A remote id is unique within its kind only."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec, target: str) -> None:
        self._redis = redis
        self._keys = keys
        self._codec = codec
        self.target = target
        self._owning = Together(self._own)

    def _key(self, name: str) -> str:
        return self._keys.at(self.target, name)

    def _where(self, name: str, key: Key | str) -> str:
        return place(self._key(name), str(key))

    async def own(self, remote_id: str, key: Key, claim: Claim | None = None) -> Key:
        """Reserve a remote object for a record. Returns its owner: another record if it was taken.

        `claim`: whose delivery makes it the record's; its link is noted, too. Raises LockLost.
        """
        lock = (claim.lock, claim.token, self._seal_link(key, remote_id)) if claim else _NO_CLAIM
        owner = await self._owning.ask((self._field(key.kind, remote_id), str(key), *lock))
        if not owner:
            raise LockLost("the lock passed to another worker")
        return named(owner)

    def _seal_link(self, key: Key, remote_id: str) -> bytes:
        return self._codec.seal(remote_id, self._where("links", key))

    async def _own(self, wanted: Sequence[_Wanted]) -> Sequence[bytes]:
        names = self._key("owners"), self._key("links")
        pairs = list(chain.from_iterable(wanted))
        owners: list[bytes] | bytes = await self._redis.eval(_OWN, len(names), *names, "", *pairs)
        if isinstance(owners, list):
            return owners
        await self.mend(thoroughly=True)
        found: list[bytes] = await self._redis.eval(_OWN, len(names), *names, "mended", *pairs)
        return found

    async def mend(self, *, thoroughly: bool = False) -> None:
        """Note again whose the objects are that links tell of, where Redis has lost that.

        Without `thoroughly` only where it must have lost some, as there are fewer owners than links: else two
        records could come to share an object.
        """
        owners, links = self._key("owners"), self._key("links")
        if not thoroughly and await self._redis.hlen(owners) >= await self._redis.hlen(links):
            return
        found: list[_Wanted] = []
        for name, blob in (await self._redis.hgetall(links)).items():
            key = named(name)
            remote_id = open_text(self._codec, self._where("links", key), blob)
            found.append((self._field(key.kind, remote_id), str(key), *_NO_CLAIM))
        for start in range(0, len(found), _BATCH):
            part = chain.from_iterable(found[start : start + _BATCH])
            await self._redis.eval(_OWN, 2, owners, links, "mended", *part)

    async def owner(self, kind: Kind, remote_id: str) -> Key | None:
        """Whose a remote object is, if it is anybody's."""
        owner = await self._redis.hget(self._key("owners"), self._field(kind, remote_id))
        return named(owner) if owner else None

    async def disown(self, kind: Kind, remote_id: str) -> None:
        """Forget whose a remote object was: it is gone from the target."""
        await self._redis.hdel(self._key("owners"), self._field(kind, remote_id))

    async def sight(self, key: Key) -> Sight:
        """Where a record stands now. It may be delivered at this moment."""
        name = str(key)
        async with self._redis.pipeline(transaction=True) as pipe:
            for hash_ in ("revisions", "records"):
                pipe.hget(self._keys.of(hash_), name)
            for hash_ in ("ledger", "links"):
                pipe.hget(self._key(hash_), name)
            pipe.hexists(self._key("claims"), name)
            revision, record, entry, link, begun = await pipe.execute()
        return Sight(
            open_record(self._codec, place(self._keys.of("records"), name), record, revision)
            if record
            else None,
            open_entry(self._codec, self._where("ledger", name), entry) if entry else None,
            open_text(self._codec, self._where("links", name), link) if link else None,
            bool(begun),
        )

    async def unlinked(self, kind: Kind) -> list[Sight]:
        """The records of a kind that have no object here. Reads the names of all: for rare occasions."""
        linked = {name.decode() for name in await self._redis.hkeys(self._key("links"))}
        names = {name.decode() for name in await self._redis.hkeys(self._keys.of("records"))}
        return [
            await self.sight(Key.parse(name))
            for name in sorted(names - linked)
            if name.startswith(f"{kind}:")
        ]

    async def hand_over(
        self, remote_id: str, new: Key, owner: Key | None, now: float, *, config: str, token: str = ""
    ) -> HandedOver | None:
        """Make an object a record's that is another's (`owner`) or nobody's, with all that goes with it.

        Link, ownership and what was given as references move in one step, under the locks of both records;
        nothing that was to be done to it for the old one is done any more. `config`: the configuration under
        which the old record is done with; `token`: of the new record's lock, if it is being delivered.

        None when somebody delivers one of the two, or has changed what was read, or given the new record
        another object (without `token`): look, and try again. Raises LockLost.
        """
        passing = await self._passing(remote_id, new, owner)
        if not token and passing.link_blob:
            link = open_text(self._codec, self._where("links", new), passing.link_blob)
            if link != remote_id:  # given while somebody decided: it would be left without a link
                return None
        entry = dataclasses.replace(
            passing.former,
            state=State.RETRYING,
            attempts=0,
            retry_at=now,
            candidates=(),
            awaits="",
            awaited="",
            refs=passing.refs,
        )
        names = ("ledger", "links", "owners", "pending", "claims", "held", "approved")
        answer = await self._redis.eval(
            _HAND_OVER,
            2 + len(names),
            self._keys.lock(self.target, new),
            self._keys.lock(self.target, owner or new),
            *(self._key(name) for name in names),
            token,
            str(new),
            self._field(new.kind, remote_id),
            str(owner or ""),
            seal_entry(self._codec, self._where("ledger", new), entry),
            passing.entry_blob,
            self._codec.seal(remote_id, self._where("links", new)),
            *self._left_to(new, passing, config, now),
            f"doubt {secrets.token_hex(8)} {new}",
            self._key("waiting:"),
            passing.link_blob,
            *(str(key) for key in passing.referring),
        )
        if answer[0] == b"lost":
            raise LockLost("the lock passed to another worker")
        if answer[0] != b"ok":
            return None
        waited = [named(name) for name in answer[1:]]
        return HandedOver(entry, tuple(dict.fromkeys([*waited, *passing.referring])))

    async def _passing(self, remote_id: str, new: Key, owner: Key | None) -> _Passing:
        """What has to be true still when the object passes. Each value is read before what it seals."""
        blob, link = await self._sealed(new)
        former = open_entry(self._codec, self._where("ledger", new), blob) if blob else Entry()
        if owner in (None, new):
            return _Passing(blob, link, former, former.refs)
        old_entry, old_link = await self._sealed(owner)
        sight = await self.sight(owner)
        if sight.link not in (None, remote_id):
            # It has another object now: only the note of this one is left.
            return _Passing(blob, link, former, former.refs)
        given = {*(sight.entry.refs if sight.entry else ()), *await self._in_doubt(owner)}
        refs = tuple(sorted({*former.refs, *given}))
        if sight.link is None:  # a delivery was cut short that had given it all this, or Redis lost the link
            return _Passing(blob, link, former, refs, referring=await self._referring(owner))
        return _Passing(
            blob, link, former, refs, owner, sight, old_entry, old_link, await self._referring(owner)
        )

    def _left_to(self, new: Key, passing: _Passing, config: str, now: float) -> list[str | bytes]:
        """The old record, its entry from now on, and its entry and link as they were read."""
        if passing.old is None:
            return [""] * 4
        handed_over = given_away(passing.sight, new, config, now)
        left = seal_entry(self._codec, self._where("ledger", passing.old), handed_over)
        return [str(passing.old), left, passing.old_entry, passing.old_link]

    async def _sealed(self, key: Key) -> tuple[bytes, bytes]:
        """The entry and the link of a record as they stand in Redis; empty for none."""
        entry = await self._redis.hget(self._key("ledger"), str(key))
        return entry or b"", await self._redis.hget(self._key("links"), str(key)) or b""

    async def _in_doubt(self, key: Key) -> frozenset[str]:
        """What a delivery that lost its lock may have given the target for a record."""
        mark = await self._redis.hget(self._key("claims"), str(key))
        return references_of(mark.decode() if mark else "")

    async def _referring(self, key: Key) -> tuple[Key, ...]:
        blobs = await self._redis.hgetall(self._key("ledger"))
        return tuple(
            named(name)
            for name, blob in blobs.items()
            if str(key) in open_entry(self._codec, self._where("ledger", name.decode()), blob).refs
        )

    def _field(self, kind: Kind, remote_id: str) -> str:
        """An object's name in `owners`. Servers number users and groups each from 1."""
        return self._codec.digest([kind, remote_id])


def given_away(sight: Sight, new: Key, config: str, now: float) -> Entry:
    """What the ledger says of a record whose object was given away: it is done with, as it is."""
    return Entry(
        revision=sight.stored.revision if sight.stored else 0,
        config=config,
        state=State.SKIPPED,
        outcome=Outcome.SKIPPED,
        reason=f"{HANDED_OVER}{new}",
        at=now,
    )
