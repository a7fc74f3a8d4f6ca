"""Whoever can write to Redis and has no key: what they write is not believed, wherever they write it."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable

import pytest

from bridge.codec import Codec, make_key
from bridge.errors import Unreadable
from bridge.model import ChangeKind, Entry, Key, Kind, Outcome, Record, RecordChange, State
from bridge.store import Hold, Keys, Survey
from bridge.store.backend import Backend

ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")
HOLD = Hold("t-remove", "t", "remove", 9, "5", "would remove 9 people", 1.0, keys=(str(ANA),))
DONE = Entry(revision=1, state=State.APPLIED, outcome=Outcome.CREATED)

Do = Callable[[Backend, str], Awaitable[object]]


async def _commit(backend: Backend, _: str) -> None:
    lease = backend.lease()
    assert await lease.acquire()
    await backend.records.commit([RecordChange(ChangeKind.APPEARED, Record(ANA, {"id": "ana"}))], lease, 0.0)


async def _approve(backend: Backend, target: str) -> None:
    await backend.holds.approve(dataclasses.replace(HOLD, target=target), "somebody", 1.0)


WRITTEN: dict[str, tuple[Do, Do]] = {
    "records": (_commit, lambda b, _: b.records.known()),
    "record": (_commit, lambda b, _: b.records.get(ANA)),
    "snapshot": (lambda b, _: b.records.note_snapshot({"at": 1}), lambda b, _: b.records.last_snapshot()),
    "holds": (lambda b, _: b.holds.put(HOLD), lambda b, _: b.holds.all()),
    "hold": (lambda b, _: b.holds.put(HOLD), lambda b, _: b.holds.get(HOLD.id)),
    "approved": (_approve, lambda b, t: b.holds.approved(t)),
    "forgotten": (lambda b, _: b.forgotten.add(ANA, 1.0), lambda b, _: b.forgotten.all()),
    "entries": (lambda b, t: b.ledger(t).write(ANA, DONE), lambda b, t: b.ledger(t).entries()),
    "links": (lambda b, t: b.ledger(t).link(ANA, "7"), lambda b, t: b.ledger(t).links([str(ANA)])),
    "survey": (lambda b, t: b.gate(t).note_survey(Survey("c", 3)), lambda b, t: b.gate(t).survey()),
    "looked up": (
        lambda b, t: b.gate(t).note_looked_up("c", ANA, "create"),
        lambda b, t: b.gate(t).looked_up("c"),
    ),
    "pepper": (lambda b, _: b.season(), lambda b, _: b.season()),
}


def with_keys(backend: Backend, *keys: str, account: str | None = None) -> Backend:
    return Backend(backend.redis, Keys(account or backend.keys.account), Codec(keys))


async def copy(backend: Backend, start: str, instead: str) -> None:
    """Copy all keys that begin so to names that begin otherwise."""
    async for name in backend.redis.scan_iter(match=f"{start}*"):
        moved = name.decode().replace(start, instead)
        await backend.redis.restore(moved, 0, await backend.redis.dump(name))


@pytest.mark.parametrize("what", WRITTEN)
async def test_what_anybody_could_have_written_is_refused(backend: Backend, what: str) -> None:
    """A value that is not sealed, where a key is set == refused; `rekey` takes it over, and counts it."""
    write, read = WRITTEN[what]
    await write(with_keys(backend), "t")
    keyed = with_keys(backend, make_key())
    with pytest.raises(Unreadable, match="is not encrypted, although"):
        await read(keyed, "t")
    done = await keyed.rekey()
    assert done.plain == done.sealed > 0
    await read(keyed, "t")


@pytest.mark.parametrize("what", WRITTEN)
async def test_what_another_account_has_sealed_is_refused(backend: Backend, what: str) -> None:
    """Sealed with the same key for another account, and copied to the same place in this one == refused."""
    write, read = WRITTEN[what]
    key = make_key()
    theirs = with_keys(backend, key, account=f"{backend.keys.account}-theirs")
    await write(theirs, "t")
    await copy(backend, theirs.keys.prefix, backend.keys.prefix)
    await read(theirs, "t")
    with pytest.raises(Unreadable, match="was changed outside the bridge"):
        await read(with_keys(backend, key), "t")


@pytest.mark.parametrize("what", ["entries", "links", "approved", "survey", "looked up"])
async def test_what_was_sealed_for_another_target_is_refused(backend: Backend, what: str) -> None:
    """Copied from one target to another == refused."""
    write, read = WRITTEN[what]
    keyed = with_keys(backend, make_key())
    await write(keyed, "t")
    await copy(backend, keyed.keys.at("t", ""), keyed.keys.at("other", ""))
    await read(keyed, "t")
    with pytest.raises(Unreadable, match="was changed outside the bridge"):
        await read(keyed, "other")


async def test_who_was_forgotten_stays_so_when_the_schema_changes(backend: Backend) -> None:
    """A state that begins anew beside an earlier version's == the same people are forgotten, sealed now."""
    await backend._connection.hset(backend.keys.former("forgotten"), mapping={str(BEN): "12.5"})
    keyed = with_keys(backend, make_key())
    await keyed.season()
    assert await keyed.forgotten.all() == {BEN}


async def test_a_lost_revision_is_a_lost_record(backend: Backend) -> None:
    """Revisions are gone or were changed == the record is not known, and read anew it has a later one."""
    await _commit(backend, "t")
    (stored,) = (await backend.records.known()).values()
    for value in (None, "7"):
        name = backend.keys.of("revisions")
        if value:
            await backend._connection.hset(name, mapping={str(ANA): value})
        else:
            await backend.redis.delete(name)
        assert await backend.records.known() == {}
        assert await backend.records.get(ANA) is None
        assert await backend.ledger("t").claim(ANA, "token") is None
    lease = backend.lease()
    await backend.redis.delete(lease.key)
    assert await lease.acquire()
    written = await backend.records.commit([RecordChange(ChangeKind.APPEARED, stored.record)], lease, 1e9)
    assert written[ANA].revision == 1_000_000_000
    assert await backend.records.known() == written
