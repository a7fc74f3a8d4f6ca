"""Workers take what is due, many records in one step, and write many results in one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bridge.errors import LockLost, Unreadable
from bridge.model import Entry, Key, Kind, State
from bridge.store import Claim, Ledger
from bridge.store.backend import Backend
from bridge.store.claims import Result
from bridge.store.queue import READ_BACK, URGENT, Due
from tests.bridge.deliveries import ANA, APPLIED, BEN, BLUE, claimed, commit, expire
from tests.polling import asked

NOW = 1_700_000_000.0
MANY = [Key(Kind.PERSON, f"p{number:03}") for number in range(250)]


@pytest.fixture
def ledger(backend: Backend) -> Ledger:
    return backend.ledger("directory")


async def add(ledger: Ledger, backend: Backend, *keys: Key, rank: int = 1, at: float = 0.0) -> None:
    await ledger.add_pending(dict.fromkeys(keys, rank))
    await backend.queue.add(ledger.target, [Due(key, rank, at) for key in keys], NOW)


async def taken(ledger: Ledger, room: int = 100, now: float = NOW) -> list[Key]:
    return [claim.key for claim in (await ledger.due(room, now)).claims]


async def test_the_most_urgent_are_taken_first(backend: Backend, ledger: Ledger) -> None:
    """Leavers, then ranks in their order, then what is only read back; each with a lock of its own."""
    left, back = MANY[0], MANY[1]
    await commit(backend, ANA, BEN, BLUE, left, back)
    for key, rank in ((BLUE, 1000), (back, READ_BACK), (BEN, 2), (ANA, 1), (left, URGENT)):
        await add(ledger, backend, key, rank=rank)
    first = await ledger.due(3, NOW)
    assert ([claim.key for claim in first.claims], first.more) == ([left, ANA, BEN], True)
    second = await ledger.due(10, NOW)
    assert ([claim.key for claim in second.claims], second.more) == ([BLUE, back], False)
    assert len({claim.token for claim in (*first.claims, *second.claims)}) == 5
    assert await taken(ledger) == []


async def test_many_who_take_at_once_share(backend: Backend, ledger: Ledger) -> None:
    """Ten workers take 250 records in slices == each record once."""
    await commit(backend, *MANY)
    await add(ledger, backend, *MANY)
    rounds = [await asyncio.gather(*(taken(ledger, 13) for _ in range(10))) for _ in range(3)]
    found = [key for round_ in rounds for keys in round_ for key in keys]
    assert sorted(found) == MANY


async def test_what_is_locked_already_is_passed(backend: Backend, ledger: Ledger) -> None:
    """200 records are under way in a dead worker == the others are taken, and those when its locks end."""
    await commit(backend, *MANY)
    await add(ledger, backend, *MANY)
    dead = (await ledger.due(200, NOW)).claims
    assert await taken(ledger) == MANY[200:]
    for claim in dead:
        await expire(backend, claim)
    again = (await ledger.due(250, NOW)).claims
    assert [claim.key for claim in again] == MANY[:200]
    assert all(claim.doubt for claim in again)


async def test_what_is_later_is_taken_when_its_time_has_come(backend: Backend, ledger: Ledger) -> None:
    """Who looks too early hears when to look again; then the rank that is pending counts."""
    await commit(backend, ANA, BEN)
    await add(ledger, backend, ANA, rank=5)
    await ledger.drop_pending([])
    await backend.queue.withdraw(ledger.target, ANA)
    await add(ledger, backend, ANA, rank=5, at=NOW + 30)
    await add(ledger, backend, BEN, rank=3, at=NOW + 40)
    early = await ledger.due(10, NOW + 29)
    assert (early.claims, early.next_at) == ((), NOW + 30)
    late = await ledger.due(10, NOW + 40)
    assert ([claim.key for claim in late.claims], late.next_at) == ([BEN, ANA], None)


async def test_held_and_lost_records_are_not_due(backend: Backend, ledger: Ledger) -> None:
    """A held record and one that Redis has lost == neither taken nor looked at again and again."""
    await commit(backend, ANA, BEN)
    await add(ledger, backend, ANA, BEN, BLUE)
    await backend._connection.hset(backend.keys.at(ledger.target, "held"), mapping={str(ANA): "a hold"})
    assert await taken(ledger) == [BEN]
    assert await asked(backend) == [BEN]
    assert await ledger.unsettled() == {BEN}


@pytest.mark.parametrize("revision", [None, "7"])
async def test_lost_revisions_block_nobody(backend: Backend, ledger: Ledger, revision: str | None) -> None:
    """More records than are taken at once have lost their revisions, or others == who is behind is taken."""
    await commit(backend, *MANY[:5], BEN)
    await add(ledger, backend, *MANY[:5], rank=URGENT)
    await add(ledger, backend, BEN)
    redis: Any = backend.redis
    for key in MANY[:5]:
        await redis.hdel(backend.keys.of("revisions"), str(key))
        if revision:
            await redis.hset(backend.keys.of("revisions"), str(key), revision)
    found = [key for _ in range(3) for key in await taken(ledger, 4)]
    assert found == [BEN]
    assert await asked(backend, ledger.target) == [BEN]


async def test_nothing_is_due_while_the_target_is_paused(backend: Backend, ledger: Ledger) -> None:
    """Everything stays where it is, and is due when the target goes on."""
    await commit(backend, ANA)
    await add(ledger, backend, ANA)
    gate = backend.gate(ledger.target)
    await gate.pause("halted", "the token")
    assert await ledger.due(10, NOW) == replace(await ledger.due(10, NOW), claims=())
    await gate.resume()
    assert await taken(ledger) == [ANA]


async def test_only_some_are_taken(backend: Backend, ledger: Ledger) -> None:
    """Who is to take these only leaves all others due, however urgent they are."""
    await commit(backend, ANA, BEN)
    await add(ledger, backend, ANA, rank=URGENT)
    await add(ledger, backend, BEN)
    assert [claim.key for claim in (await ledger.due(10, NOW, {BEN, BLUE})).claims] == [BEN]
    assert (await ledger.due(10, NOW, {BLUE})).claims == ()
    assert await taken(ledger) == [ANA]


async def test_one_that_cannot_be_read_harms_no_neighbour(backend: Backend, ledger: Ledger) -> None:
    """A damaged entry among three == the others are taken, it is told, and its lock goes back."""
    await commit(backend, ANA, BEN, BLUE)
    await add(ledger, backend, ANA, BEN, BLUE)
    await backend._connection.hset(backend.keys.at(ledger.target, "ledger"), mapping={str(BEN): b"damaged"})
    batch = await ledger.due(10, NOW)
    assert [claim.key for claim in batch.claims] == [ANA, BLUE]
    assert isinstance(batch.unreadable, Unreadable)
    assert not await backend.redis.exists(backend.keys.lock(ledger.target, BEN))


async def results(ledger: Ledger, *claims: Claim, entry: Entry = APPLIED) -> list[object]:
    """Settle at once; what came of each."""
    settling = (ledger.settle(Result(claim, entry, f"r-{claim.key.id}")) for claim in claims)
    return list(await asyncio.gather(*settling, return_exceptions=True))


async def test_results_that_go_together_stand_for_themselves(backend: Backend, ledger: Ledger) -> None:
    """One lost its lock, for one something newer came == they hear it, and the others are written."""
    await commit(backend, *MANY)
    await add(ledger, backend, *MANY)
    claims = (await ledger.due(250, NOW)).claims
    await expire(backend, claims[7])
    await commit(backend, MANY[9])
    found = await results(ledger, *claims)
    assert [n for n, one in enumerate(found) if isinstance(one, LockLost)] == [7]
    assert [n for n, one in enumerate(found) if getattr(one, "again", False)] == [9]
    assert set(await ledger.entries()) == set(MANY) - {MANY[7]}
    assert set(await asked(backend)) == {MANY[7], MANY[9]}
    links = await ledger.links([str(key) for key in MANY])
    assert links == {str(key): f"r-{key.id}" for n, key in enumerate(MANY) if n != 7}


async def test_a_retry_is_due_at_its_time(backend: Backend, ledger: Ledger) -> None:
    """A delivery that is to be tried again == due then, unless something newer came meanwhile: at once."""
    await commit(backend, ANA, BEN)
    await add(ledger, backend, ANA, BEN)
    claims = (await ledger.due(2, NOW)).claims
    await commit(backend, BEN)
    retrying = replace(APPLIED, state=State.RETRYING, retry_at=NOW + 60.5)
    await results(ledger, *claims, entry=retrying)
    batch = await ledger.due(10, NOW)
    assert ([claim.key for claim in batch.claims], batch.next_at) == ([BEN], NOW + 60.5)


async def test_who_waited_for_a_link_is_due(backend: Backend, ledger: Ledger) -> None:
    """A manager's link appears == the report is due at once, the team a moment later, for all its members."""
    await commit(backend, ANA, BEN, BLUE)
    for key in (BEN, BLUE):
        waiting = replace(APPLIED, missing=(str(ANA),))
        await ledger.settle(Result(await claimed(ledger, key), waiting, f"r-{key.id}"))
    assert await asked(backend) == []
    entry = replace(APPLIED, at=NOW)
    settled = await ledger.settle(Result(await claimed(ledger, ANA), entry, "r-ana"))
    assert set(settled.released) == {BEN, BLUE}
    batch = await ledger.due(10, NOW + 0.5)
    assert ([claim.key for claim in batch.claims], batch.next_at) == ([BEN], NOW + 1.0)
    assert await taken(ledger, now=NOW + 1.0) == [BLUE]


async def test_many_renewals_and_announcements_go_together(backend: Backend, ledger: Ledger) -> None:
    """One of 250 has lost its lock == it alone hears so; what the others announce is written."""
    await commit(backend, *MANY)
    await add(ledger, backend, *MANY)
    claims = (await ledger.due(250, NOW)).claims
    await expire(backend, claims[3])
    for call in (ledger.renew, lambda claim: ledger.announce(claim, APPLIED)):
        found = await asyncio.gather(*(call(claim) for claim in claims), return_exceptions=True)
        assert [n for n, one in enumerate(found) if isinstance(one, LockLost)] == [3]
        assert isinstance(found[3], LockLost)
    assert set(await ledger.entries()) == set(MANY) - {MANY[3]}


async def test_an_object_is_reserved_once(backend: Backend, ledger: Ledger) -> None:
    """Many who want the same object at once == one has it; lost owners are found again by the links."""
    owners = await asyncio.gather(*(ledger.own("r-1", key) for key in MANY))
    assert len(set(owners)) == 1
    await commit(backend, ANA)
    await ledger.settle(Result(await claimed(ledger, ANA), APPLIED, "r-ana"))
    await backend.redis.delete(backend.keys.at(ledger.target, "owners"))
    assert await ledger.own("r-ana", BEN) == ANA
