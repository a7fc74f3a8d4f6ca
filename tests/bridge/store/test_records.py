"""What Kenjo says, in a real Redis: records, revisions and the lease of the service that polls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bridge.codec import Codec, make_key
from bridge.diff import diff
from bridge.errors import ConfigurationError, LeaseLost
from bridge.model import ChangeKind, Key, Kind, Record, RecordChange, Snapshot, Stored
from bridge.store import Keys, Lease, Records
from bridge.store.backend import Backend
from bridge.store.queue import Due
from tests.inside import contents, readable

ANA, BEN, BLUE = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben"), Key(Kind.TEAM, "blue")
PLANTED = "planted.value@example.com"


def change(key: Key = ANA, kind: ChangeKind = ChangeKind.CHANGED, **data: Any) -> RecordChange:
    return RecordChange(kind, Record(key, data))


@pytest.fixture
async def lease(backend: Backend) -> Lease:
    """A lease that is held."""
    held = backend.lease()
    assert await held.acquire()
    return held


def lease_of(backend: Backend, ttl: float) -> Lease:
    return Lease(backend._connection, backend.keys, ttl)


async def poll(backend: Backend, lease: Lease, *records: Record) -> dict[Key, int]:
    """What a poll with this snapshot writes: revisions by key."""
    snapshot = Snapshot({record.key: record for record in records})
    changes = diff(await backend.records.known(), snapshot)
    written = await backend.records.commit(changes, lease, 0.0)
    return {key: stored.revision for key, stored in written.items()}


async def test_committed_records_are_known(backend: Backend, lease: Lease) -> None:
    """What is committed can be read back, alone and with all others, as `commit` returned it."""
    data: dict[str, Any] = {"id": "ana", "work": {"title": "Ü", "none": None, "n": 1.5}, "tags": ["a"]}
    changes = [change(**data), change(BLUE, ChangeKind.APPEARED, members=["ana"])]
    written = await backend.records.commit(changes, lease, 0.5)
    assert written[ANA] == Stored(Record(ANA, data), 1, gone=False, at=0.5)
    assert await backend.records.known() == written
    assert await backend.records.get(ANA) == written[ANA]


async def test_each_commit_raises_the_revision(backend: Backend, lease: Lease) -> None:
    """A changed record gets the next revision and keeps the newest values; others keep theirs."""
    await backend.records.commit([change(n=0), change(BEN)], lease, 0.0)
    for expected in (2, 3, 4):
        written = await backend.records.commit([change(n=expected)], lease, 0.0)
        assert written[ANA].revision == expected
    known = await backend.records.known()
    assert (known[ANA].revision, known[ANA].record.data) == (4, {"n": 4})
    assert known[BEN].revision == 1


async def test_revisions_begin_with_the_time(backend: Backend, lease: Lease) -> None:
    """A first revision is the second in which it was seen; a clock that was set back lets it grow on."""
    assert (await backend.records.commit([change(n=1)], lease, 1000.5))[ANA].revision == 1000
    assert (await backend.records.commit([change(n=2)], lease, 1000.7))[ANA].revision == 1001
    assert (await backend.records.commit([change(n=3)], lease, 10.0))[ANA].revision == 1002


async def test_there_and_back_gets_new_revisions(backend: Backend, lease: Lease) -> None:
    """A, B, A are three revisions, and an unchanged snapshot none."""
    a, b = Record(ANA, {"title": "A"}), Record(ANA, {"title": "B"})
    assert [await poll(backend, lease, record) for record in (a, a, b, a, a)] == [
        {ANA: 1},
        {},
        {ANA: 2},
        {ANA: 3},
        {},
    ]


async def test_gone_records_stay_known_and_may_return(backend: Backend, lease: Lease) -> None:
    """A record that vanished is kept as gone with its last values; when it returns it has a new revision."""
    ana = Record(ANA, {"title": "A"})
    assert [await poll(backend, lease, *records) for records in ([ana], [], [], [ana])] == [
        {ANA: 1},
        {ANA: 2},
        {},
        {ANA: 3},
    ]
    written = await backend.records.commit([RecordChange(ChangeKind.VANISHED, ana)], lease, 0.0)
    assert written == await backend.records.known() == {ANA: Stored(ana, 4, gone=True)}


async def test_more_than_one_batch_is_written_in_order(backend: Backend, lease: Lease) -> None:
    """A commit of thousands writes each record once, with its own values."""
    changes = [change(Key(Kind.PERSON, str(n)), n=n) for n in range(2500)]
    written = await backend.records.commit(changes, lease, 0.0)
    assert len(written) == 2500
    assert await backend.records.known() == written
    assert all(stored.record.data == {"n": int(key.id)} for key, stored in written.items())


@pytest.mark.parametrize("loss", ["never held", "expired", "taken", "released"])
async def test_commit_without_the_lease_writes_nothing(backend: Backend, loss: str) -> None:
    """Who does not hold the lease, or holds it no more, cannot write."""
    mine, other = backend.lease(), backend.lease()
    if loss != "never held":
        assert await mine.acquire()
        await mine.release()
    if loss == "taken":
        assert await other.acquire()
    if loss == "expired":
        short = lease_of(backend, 0.02)
        assert await short.acquire()
        await asyncio.sleep(0.05)
        mine = short
    with pytest.raises(LeaseLost):
        await backend.records.commit([change()], mine, 0.0)
    assert await backend.records.known() == {}


async def test_revisions_continue_after_a_takeover(backend: Backend, lease: Lease) -> None:
    """The next service goes on counting where the last one stopped."""
    await backend.records.commit([change()], lease, 0.0)
    await lease.release()
    other = backend.lease()
    assert await other.acquire()
    assert (await backend.records.commit([change()], other, 0.0))[ANA].revision == 2


async def test_one_of_many_holds_the_lease(backend: Backend) -> None:
    """Of many services that ask at once one gets the lease, and the same one keeps it."""
    leases = [backend.lease() for _ in range(20)]
    first = await asyncio.gather(*(lease.acquire() for lease in leases))
    again = await asyncio.gather(*(lease.acquire() for lease in reversed(leases)))
    assert sum(first) == 1
    assert list(reversed(again)) == first


async def test_lease_ends_unless_it_is_renewed(backend: Backend) -> None:
    """Another service takes over when the holder has not renewed for its time, and not before."""
    mine, other = backend.lease(), backend.lease()
    assert await mine.acquire()
    await backend.redis.pexpire(mine.key, 20)
    assert await mine.acquire()
    await asyncio.sleep(0.05)
    assert not await other.acquire()
    await backend.redis.pexpire(mine.key, 20)
    await asyncio.sleep(0.05)
    assert await other.acquire()
    assert not await mine.acquire()


async def test_hold_gives_the_whole_time_again(backend: Backend) -> None:
    """A renewed lease lasts as long as a new one."""
    lease = lease_of(backend, 60.0)
    await lease.acquire()
    await backend.redis.pexpire(lease.key, 1000)
    assert 0 < await lease.remaining() <= 1
    assert await lease.acquire()
    assert 30 < await lease.remaining() <= 60
    await lease.release()
    assert await lease.remaining() < 0


async def test_released_lease_is_free_at_once(backend: Backend, lease: Lease) -> None:
    """Nobody has to wait for the end of a lease that was given back."""
    await lease.release()
    assert await backend.lease().acquire()


async def test_only_the_holder_releases(backend: Backend, lease: Lease) -> None:
    """Giving back a lease that one does not hold changes nothing, however often."""
    other = backend.lease()
    await other.release()
    assert not await other.acquire()
    await lease.release()
    assert await other.acquire()
    await lease.release()
    assert not await lease.acquire()


async def test_unknown_record_is_none(backend: Backend) -> None:
    """A record that was never committed is not there."""
    assert await backend.records.get(ANA) is None
    assert await backend.records.known() == {}


async def test_snapshot_facts_are_remembered(backend: Backend) -> None:
    """The facts of the last snapshot replace those of the one before."""
    assert await backend.records.last_snapshot() is None
    for facts in ({"at": 1.5, "people": 3}, {"at": 2.5, "warnings": ["w"]}):
        await backend.records.note_snapshot(facts)
        assert await backend.records.last_snapshot() == facts


async def test_accounts_share_a_redis_without_meeting(backend: Backend, lease: Lease) -> None:
    """Another account in the same Redis has records and a lease of its own."""
    other = Backend(backend.redis, Keys(f"{backend.keys.account}-other"), backend.codec)
    await backend.records.commit([change()], lease, 0.0)
    assert await other.records.known() == {}
    assert await other.lease().acquire()


async def test_values_are_sealed_in_redis(backend: Backend, lease: Lease) -> None:
    """With a key no value of a record stands in Redis, and only that key reads it back."""
    sealed = Records(backend._connection, backend.keys, Codec([make_key()]))
    written = await sealed.commit([change(email=PLANTED)], lease, 0.0)
    assert await sealed.known() == written
    text = await readable(backend.redis, f"*{backend.keys.account}:*")
    assert str(ANA) in text
    assert PLANTED not in text
    with pytest.raises(ConfigurationError, match="old_keys"):
        await backend.records.known()


async def test_record_moved_to_another_key_is_refused(backend: Backend, lease: Lease) -> None:
    """A sealed record copied over another one in Redis does not pass for it."""
    sealed = Records(backend._connection, backend.keys, Codec([make_key()]))
    await sealed.commit([change(ANA), change(BEN)], lease, 0.0)
    name = backend.keys.of("records")
    blob = await backend._connection.hget(name, str(ANA))
    assert blob
    await backend._connection.hset(name, mapping={str(BEN): blob})
    with pytest.raises(ConfigurationError, match="person:ben was changed"):
        await sealed.get(BEN)


async def test_every_key_begins_with_the_account(backend: Backend, lease: Lease) -> None:
    """Whatever the store writes is under the prefix of the account, or is a job of arq that names it."""
    before = (await contents(backend.redis)).keys()
    await backend.records.commit([change()], lease, 0.0)
    await backend.records.note_snapshot({})
    await backend.forgotten.add(BEN, 1.0)
    await backend.queue.add("t", [Due(ANA, 1)], 0.0)
    ledger = backend.ledger("t")
    await ledger.add_pending({ANA: 1})
    assert await ledger.claim(ANA, "a")
    await backend.gate("t").pause("halted", "the token")
    written = {key.decode() for key in await contents(backend.redis)} - {key.decode() for key in before}
    assert len(written) > 8
    ours = {key for key in written if key.startswith(f"kenjo-bridge:2:{backend.keys.account}:")}
    assert all(key.startswith("arq:") and backend.keys.prefix in key for key in written - ours)
