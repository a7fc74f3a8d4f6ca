"""Deliveries to a target, step by step, for tests of the ledger."""

from __future__ import annotations

from typing import Any

from bridge.model import ChangeKind, Entry, Key, Kind, Outcome, Record, RecordChange, State
from bridge.store import Claim, Ledger
from bridge.store.backend import Backend
from bridge.store.claims import Result

ANA, BEN, BLUE = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben"), Key(Kind.TEAM, "blue")
APPLIED = Entry(revision=1, state=State.APPLIED, outcome=Outcome.CREATED)


async def commit(backend: Backend, *keys: Key, **data: Any) -> None:
    """What a poll does that finds these records changed."""
    lease = backend.lease()
    assert await lease.acquire()
    changes = [RecordChange(ChangeKind.CHANGED, Record(key, data)) for key in keys]
    await backend.records.commit(changes, lease, 0.0)
    await lease.release()


async def claimed(ledger: Ledger, key: Key = ANA, *, by: str = "a") -> Claim:
    """A claim that succeeds."""
    claim = await ledger.claim(key, by)
    assert claim is not None
    return claim


async def deliver(ledger: Ledger, key: Key, link: str | None, entry: Entry = APPLIED) -> set[Key]:
    """One delivery that nothing disturbs; returns who was released."""
    settled = await ledger.settle(Result(await claimed(ledger, key), entry, link))
    assert not settled.again
    return set(settled.released)


async def expire(backend: Backend, claim: Claim) -> None:
    """What Redis does when the lock's time is over."""
    assert await backend.redis.delete(claim.lock) == 1
