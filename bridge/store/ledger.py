"""What one target has been given: entries, links to its objects, pending work, and their locks."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from bridge.errors import LeaseLost, LockLost, Unreadable
from bridge.model import Entry, Key, State
from bridge.store.audit import KEEP, QUIET, pushed
from bridge.store.claims import Claim, Settled
from bridge.store.entries import open_entry, open_text, seal_entry
from bridge.store.forgotten import CLOSE
from bridge.store.holds import FOUND
from bridge.store.keys import named, place, script
from bridge.store.owners import Owners
from bridge.store.records import Grip, open_record

_CLAIM = script("claim")
_COUNT = script("count")
_RENEW = script("renew")
_RELEASE = script("release")
_SETTLE = script("settle")
_DOUBT = script("doubt")
_ANNOUNCE = script("announce")

LOCK_TTL = 10.0
"""Seconds after which the lock of a dead worker is free again; a live one renews it."""


class Ledger(Owners):
    """The ledger of one target."""

    # What the poller reads and marks

    async def entries(self, keys: Collection[Key] | None = None) -> dict[Key, Entry]:
        """All entries, or those of some records."""
        blobs = await self._blobs("ledger", keys)
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

    async def given(self, known: Collection[Key]) -> dict[Key, int]:
        """The records but the `known` ones for which the target was given something: the newest revision."""
        entries, links = self._key("ledger"), self._key("links")
        names = {*await self._redis.hkeys(entries), *await self._redis.hkeys(links)}
        unknown = {key: name for name in names if (key := named(name)) not in known}
        found = {key: await self.entry(key) for key in unknown}
        return {key: entry.revision if entry else 0 for key, entry in found.items()}

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

    async def link(self, key: Key, remote_id: str) -> None:
        """Link a record by an operator's word."""
        sealed = self._codec.seal(remote_id, self._where("links", key))
        await self._redis.hset(self._key("links"), mapping={str(key): sealed})

    async def doubt(self, keys: Collection[Key], given: Iterable[str] = ()) -> None:
        """Let these records be read back at the target, whatever the ledger says.

        `given`: record keys to which the target may have been given references that no entry tells of.
        """
        if keys:
            mark = " ".join([f"doubt {secrets.token_hex(8)}", *sorted(given)])
            names = [self._key("claims"), self._key("pending")]
            await self._redis.eval(_DOUBT, 2, *names, mark, *(str(key) for key in keys))

    async def done(self, since: float) -> list[str]:
        """What was done since a time (epoch seconds), as `bridge.effects.Effect` names it, oldest first."""
        return [
            name.decode() for name in await self._redis.zrangebyscore(self._key("done"), f"({since}", "+inf")
        ]

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

    # What a delivery reads and writes

    async def claim(self, key: Key, token: str) -> Claim | None:
        """Lock a record, or keep its lock, and load its newest revision.

        None when it is locked by somebody else, held, unknown, or the target is paused. Raises Unreadable.
        """
        lock = self._keys.lock(self.target, key)
        names = [lock, self._keys.of("revisions"), self._keys.of("records")]
        names += [self._key(name) for name in ("ledger", "links", "claims", "state", "throttle", "held")]
        names += [self._keys.of("leaving"), self._key("counted"), self._key("approved")]
        got = await self._redis.eval(_CLAIM, len(names), *names, token, int(LOCK_TTL * 1000), str(key))
        if got[0] != b"ok":
            return None
        try:
            claim = self._claimed(key, lock, token, got[1:])
        except Unreadable:
            await self._redis.eval(_RELEASE, 1, lock, token)
            raise
        if claim is None:  # the next poll brings the record back
            await self._redis.eval(_RELEASE, 1, lock, token)
        return claim

    def _claimed(self, key: Key, lock: str, token: str, got: Sequence[Any]) -> Claim | None:
        """What a claim has loaded; None when there is no such record. Raises Unreadable."""
        doubt, revision, record, entry, link, marks, counted, approved = got
        stored = open_record(self._codec, place(self._keys.of("records"), str(key)), record, revision)
        if stored is None:
            return None
        leaving, where = {}, self._keys.of("leaving")
        for name, how in zip(marks[::2], marks[1::2], strict=True):
            leaving[name.decode()] = self._codec.open(how, place(where, name.decode()))
        closing = leaving.get(str(key)) == CLOSE
        if closing:
            stored = dataclasses.replace(stored, gone=True)  # so that the account goes the way of all leavers
        return Claim(
            lock=lock,
            token=token,
            stored=stored,
            entry=open_entry(self._codec, self._where("ledger", key), entry) if entry else None,
            link=open_text(self._codec, self._where("links", key), link) if link else None,
            doubt=doubt.decode(),
            leaving=frozenset(leaving),
            closing=closing,
            counted=open_text(self._codec, self._where("counted", key), counted) if counted else "",
            approved=open_text(self._codec, self._where("approved", key), approved) if approved else "",
        )

    async def under_way(self) -> dict[Key, bytes]:
        """The records that somebody delivers just now, with the tokens of their locks."""
        locks = {key: self._keys.lock(self.target, key) for key in await self.unsettled()}
        return {key: token for key, lock in locks.items() if (token := await self._redis.get(lock))}

    async def renew(self, claim: Claim) -> None:
        """Check that the lock is still ours and lengthen it. Raises LockLost."""
        if not await self._redis.eval(_RENEW, 1, claim.lock, claim.token, int(LOCK_TTL * 1000)):
            raise LockLost("the lock passed to another worker")

    async def release(self, claim: Claim) -> None:
        """Give up without settling; the next claim will know that this one was interrupted."""
        await self._redis.eval(_RELEASE, 1, claim.lock, claim.token)

    async def announce(
        self, claim: Claim, entry: Entry, done: Collection[str] = (), now: float = 0.0
    ) -> None:
        """Write an entry before a request, so that it is known whatever comes of it. Raises LockLost.

        `done`: what limits count from now on, as the target may have done it.
        """
        key = claim.stored.record.key
        sealed = seal_entry(self._codec, self._where("ledger", key), entry)
        names = [claim.lock, self._key("ledger"), self._key("done")]
        arguments: list[str | bytes | float] = [claim.token, str(key), sealed, now, *done]
        if not await self._redis.eval(_ANNOUNCE, len(names), *names, *arguments):
            raise LockLost("the lock passed to another worker")

    async def settle(
        self,
        claim: Claim,
        entry: Entry,
        link: str | None,
        *,
        hold: bool = False,
        freed: bool = False,
        done: Collection[str] = (),
        let_go: Collection[str] = (),
    ) -> Settled:
        """Write the entry and the link (None: the record has no object there). Raises LockLost.

        `hold`: from here on let no delivery of the record start, until a poll has counted what it would do;
        `freed`: it has given up at the target what other records may need. `done` is what limits will count
        with what comes, `let_go` what they count no more.
        """
        key = claim.stored.record.key
        names = [claim.lock, self._keys.of("revisions")]
        names += [self._key(name) for name in ("ledger", "links", "claims", "pending", "faults")]
        names += [self._keys.of("audit"), *(self._key(name) for name in ("held", "done", "approved"))]
        sealed_link: str | bytes = ""
        if link != claim.link:
            sealed_link = "-" if link is None else self._codec.seal(link, self._where("links", key))
        answer = await self._redis.eval(
            _SETTLE,
            len(names),
            *names,
            claim.token,
            str(key),
            seal_entry(self._codec, self._where("ledger", key), entry),
            claim.stored.revision,
            "0" if entry.state is State.RETRYING else "1",
            "0" if entry.unreachable or entry.outcome in QUIET else "1",
            pushed(self.target, key, entry),
            KEEP,
            sealed_link,
            self._key("waiting:"),
            claim.doubt,
            FOUND if hold else "",
            self._key("awaiting:"),
            entry.awaits,
            "1" if freed else "0",
            entry.at,
            len(done),
            *done,
            len(let_go),
            *let_go,
            *entry.missing,
        )
        if answer[0] == b"lost":
            raise LockLost("the lock passed to another worker")
        released = tuple(named(name) for name in answer[1:])
        return Settled(again=answer[0] == b"again", released=released)

    def digest(self, attributes: Any) -> str:
        """The fingerprint of what a target is given."""
        return self._codec.digest(attributes)

    async def links(self, keys: Collection[str]) -> dict[str, str]:
        """The remote ids of those records that have one, by record key."""
        if not keys:
            return {}
        names = list(keys)
        blobs = await self._redis.hmget(self._key("links"), names)
        return {
            name: open_text(self._codec, self._where("links", name), blob)
            for name, blob in zip(names, blobs, strict=True)
            if blob is not None
        }
