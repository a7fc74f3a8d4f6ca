"""What deliveries read and write of a target's ledger: many together, in as few calls as can be."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any

from bridge.codec import Codec
from bridge.errors import LockLost, Unreadable
from bridge.model import Entry, Key, State
from bridge.store.audit import KEEP, UNREMARKABLE, pushed
from bridge.store.calls import seal_calls
from bridge.store.claims import Batch, Claim, Result, Settled
from bridge.store.connection import Connection
from bridge.store.entries import open_entry, open_text, seal_entry
from bridge.store.forgotten import CLOSE
from bridge.store.former import day_of, field_of, seal_former
from bridge.store.given import KEPT, quarter
from bridge.store.holds import FOUND
from bridge.store.keys import Keys, named, place, script
from bridge.store.records import open_record
from bridge.store.together import Together
from bridge.store.values import Values

_CLAIM = script("claim")
_RENEW = script("renew")
_RELEASE = script("release")
_SETTLE = script("settle")
_ANNOUNCE = script("announce")

LOCK_TTL = 10.0
"""Seconds after which the lock of a dead worker is free again; a live one renews it."""

TEAM_WAITS = 1.0
"""Seconds: a team whose members arrive one by one is written once, not once for each."""

_PASSED = 1000
"""Locked records that one look at those that are due passes at most."""

_CLAIMED = 10
"""Values that a claim has of each record."""

Arguments = list[str | bytes | float]


class Deliveries(Values):
    """The part of a ledger that deliveries use. Of what many ask for at once, one call is made."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec, target: str) -> None:
        super().__init__(redis, keys, codec, target)
        self._settling = Together(self._settle)
        self._renewing = Together(self._renew)
        self._announcing = Together(self._announce)
        self._linking = Together(self._links)

    # Claims

    async def due(self, room: int, now: float, only: Collection[Key] | None = None) -> Batch:
        """Lock up to `room` records that are due, the most urgent first, and load their newest revisions.

        `only`: no others. Nothing is due while the target is paused. `now` in epoch seconds.
        """
        names: list[str] = []
        if only is not None:
            waiting = await self._redis.zrange(self._key("due"), 0, -1, withscores=True)
            chosen = {str(key) for key in only}
            names = [name.decode() for name, _ in waiting if name.decode() in chosen][:room]
            if not names:
                return Batch()
        return await self._claim([secrets.token_hex(8) for _ in range(room)], now, names)

    async def claim(self, key: Key, token: str) -> Claim | None:
        """Lock a record, due or not, or keep its lock, and load its newest revision.

        None when it is locked by somebody else, held, unknown, or the target is paused. Raises Unreadable.
        """
        batch = await self._claim([token], 0.0, [str(key)])
        if batch.unreadable:
            raise batch.unreadable
        return batch.claims[0] if batch.claims else None

    async def _claim(self, tokens: Sequence[str], now: float, names: Sequence[str]) -> Batch:
        keys = [self._key(name) for name in ("due", "later", "pending")]
        keys += [self._keys.of("revisions"), self._keys.of("records")]
        keys += [self._key(name) for name in ("ledger", "links", "claims", "state", "throttle", "held")]
        keys += [self._keys.of("leaving"), *(self._key(name) for name in ("counted", "approved", "calls"))]
        locks, milliseconds = self._keys.locks(self.target), int(LOCK_TTL * 1000)
        arguments: Arguments = [locks, milliseconds, now, _PASSED, len(tokens), *tokens, *names]
        got = await self._redis.eval(_CLAIM, len(keys), *keys, *arguments)
        if got[0] != b"ok":
            return Batch()
        _, next_at, more, marks, *values = got
        claims, unreadable = [], None
        for start in range(0, len(values), _CLAIMED):
            one = values[start : start + _CLAIMED]
            try:
                if claim := self._claimed(one, marks):
                    claims.append(claim)
                    continue
                await self._redis.zrem(self._key("due"), one[0])  # has another revision: see claim.lua
            except Unreadable as error:
                unreadable = error
            await self._redis.eval(_RELEASE, 1, self._keys.locks(self.target).encode() + one[0], one[1])
        return Batch(tuple(claims), bool(more), float(next_at) if next_at else None, unreadable)

    def _claimed(self, values: Sequence[Any], marks: Sequence[Any]) -> Claim | None:
        """What a claim has loaded; None when there is no such record. Raises Unreadable."""
        name, token, doubt, revision, record, entry, link, counted, approved, calls = values
        key = named(name)
        stored = open_record(self._codec, place(self._keys.of("records"), str(key)), record, revision)
        if stored is None:
            return None
        leaving, where = {}, self._keys.of("leaving")
        for other, how in zip(marks[::2], marks[1::2], strict=True):
            who = str(named(other))
            leaving[who] = self._codec.open(how, place(where, who))
        closing = leaving.get(str(key)) == CLOSE
        if closing:
            stored = dataclasses.replace(stored, gone=True)  # so that the account goes the way of all leavers
        return Claim(
            lock=self._keys.lock(self.target, key),
            token=token.decode(),
            stored=stored,
            entry=open_entry(self._codec, self._where("ledger", key), entry) if entry else None,
            link=open_text(self._codec, self._where("links", key), link) if link else None,
            doubt=doubt.decode(),
            leaving=frozenset(leaving),
            closing=closing,
            counted=open_text(self._codec, self._where("counted", key), counted) if counted else "",
            approved=open_text(self._codec, self._where("approved", key), approved) if approved else "",
            calls=calls,
        )

    async def renew(self, claim: Claim) -> None:
        """Check that the lock is still ours and lengthen it. Raises LockLost."""
        if not await self._renewing.ask(claim):
            raise LockLost("the lock passed to another worker")

    async def _renew(self, claims: Sequence[Claim]) -> Sequence[int]:
        locks, tokens = [claim.lock for claim in claims], [claim.token for claim in claims]
        answers: list[int] = await self._redis.eval(_RENEW, len(locks), *locks, int(LOCK_TTL * 1000), *tokens)
        return answers

    async def release(self, claim: Claim) -> None:
        """Give up without settling; the next claim will know that this one was interrupted."""
        await self._redis.eval(_RELEASE, 1, claim.lock, claim.token)

    # What is written

    async def announce(
        self, claim: Claim, entry: Entry, done: Collection[str] = (), now: float = 0.0
    ) -> bool:
        """Write an entry before a request, so that it is known whatever comes of it. Raises LockLost.

        `done`: what limits count from now on, as the target may have done it. False, and nothing is written,
        when the newest poll has not counted that: it held it, or found its cause gone.
        """
        sealed = seal_entry(self._codec, self._where("ledger", claim.key), entry)
        answer = await self._announcing.ask([str(claim.key), claim.token, sealed, now, *_listed(done)])
        if not answer:
            raise LockLost("the lock passed to another worker")
        return answer > 0

    async def _announce(self, entries: Sequence[Arguments]) -> Sequence[int]:
        names = [self._key("ledger"), self._key("done"), self._key("counted")]
        arguments = [self._keys.locks(self.target), *chain.from_iterable(entries)]
        answers: list[int] = await self._redis.eval(_ANNOUNCE, len(names), *names, *arguments)
        return answers

    async def settle(self, result: Result) -> Settled:
        """Write what came of a delivery. Raises LockLost."""
        # Sealed here: a value that cannot be is this record's, and no matter of those that go with it.
        answer = await self._settling.ask(self._arguments(result))
        if answer[0] == b"lost":
            raise LockLost("the lock passed to another worker")
        return Settled(again=answer[0] == b"again", released=tuple(named(name) for name in answer[1:]))

    async def _settle(self, results: Sequence[Arguments]) -> Sequence[list[bytes]]:
        names = [self._keys.of("revisions")]
        names += [
            self._key(name) for name in ("ledger", "links", "claims", "pending", "due", "later", "faults")
        ]
        names.append(self._keys.of("audit"))
        names += [self._key(name) for name in ("held", "done", "approved", "calls")]
        prefixes = [self._keys.locks(self.target), self._key("waiting:"), self._key("awaiting:")]
        prefixes += [self._keys.of("given:"), self._key("former:")]
        common: Arguments = [*prefixes, KEEP, TEAM_WAITS, KEPT]
        answers: list[list[bytes]] = await self._redis.eval(
            _SETTLE, len(names), *names, *common, *chain.from_iterable(results)
        )
        return answers

    def _arguments(self, result: Result) -> Arguments:
        """One delivery as the script wants it: its FIELDS, and its LISTS."""
        claim, entry = result.claim, result.entry
        sealed_link: str | bytes = ""
        if result.link is None:
            sealed_link = "-"  # one may have been noted meanwhile (`own`)
        elif result.link != claim.link:
            sealed_link = self._seal_link(claim.key, result.link)
        fields: Arguments = [
            str(claim.key),
            claim.token,
            seal_entry(self._codec, self._where("ledger", claim.key), entry),
            claim.stored.revision,
            entry.retry_at if entry.state is State.RETRYING else "",
            "0" if entry.unreachable or entry.outcome in UNREMARKABLE else "1",
            pushed(self.target, claim.key, entry),
            quarter(entry),
            sealed_link,
            claim.doubt,
            FOUND if result.hold else "",
            entry.awaits,
            "1" if result.freed else "0",
            entry.at,
            seal_calls(self._codec, self._where("calls", claim.key), claim.calls, result.calls),
            seal_former(self._codec, self._former_place(claim.key, entry.at), result.former),
            result.former.days if result.former else 0,
        ]
        return [*fields, *_listed(result.counts), *_listed(result.approved), *_listed(entry.missing)]

    def _former_place(self, key: Key, at: float) -> str:
        return place(self._key(day_of(at)), field_of(key, at))

    # What is looked up

    def digest(self, attributes: Any) -> str:
        """The fingerprint of what a target is given."""
        return self._codec.digest(attributes)

    async def links(self, keys: Collection[str]) -> dict[str, str]:
        """The remote ids of those records that have one, by record key. Raises Unreadable."""
        if not keys:
            return {}
        found = await self._linking.ask(tuple(keys))
        return {
            name: open_text(self._codec, self._where("links", name), blob) for name, blob in found.items()
        }

    async def _links(self, asked: Sequence[Iterable[str]]) -> list[dict[str, bytes]]:
        names = list(dict.fromkeys(chain.from_iterable(asked)))
        blobs = dict(zip(names, await self._redis.hmget(self._key("links"), names), strict=True))
        return [{name: blob for name in one if (blob := blobs[name]) is not None} for one in asked]


def _listed(values: Collection[str]) -> Arguments:
    """A list as the script reads it: its length first."""
    return [len(values), *values]
