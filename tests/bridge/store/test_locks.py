"""Who may deliver a record to a target, in a real Redis: locks, lost locks, doubt and another look."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bridge.errors import LockLost
from bridge.model import Entry, Outcome, State
from bridge.store import Ledger
from bridge.store.backend import Backend
from bridge.store.claims import Result
from bridge.store.deliveries import LOCK_TTL
from tests.bridge.deliveries import ANA, APPLIED, BEN, BLUE, claimed, commit, deliver, expire


@pytest.fixture
async def ledger(backend: Backend) -> Ledger:
    """The ledger of a target, with three records committed and nothing given."""
    await commit(backend, ANA, BEN, BLUE)
    return backend.ledger("directory")


async def test_claim_brings_everything(backend: Backend, ledger: Ledger) -> None:
    """A claim has the newest record with its revision, the entry and the link."""
    first = await claimed(ledger)
    assert (first.stored.revision, first.entry, first.link, first.doubt) == (1, None, None, "")
    await ledger.settle(Result(first, APPLIED, "r-1"))
    await commit(backend, ANA, title="new")
    claim = await claimed(ledger)
    assert (claim.stored.revision, claim.stored.record.data) == (2, {"title": "new"})
    assert (claim.entry, claim.link, claim.doubt) == (APPLIED, "r-1", "")


async def test_locked_record_is_not_claimed(ledger: Ledger) -> None:
    """A second claimer gets nothing, the same token gets its claim again, other records are free."""
    await claimed(ledger, by="a")
    assert await ledger.claim(ANA, "b") is None
    again = await claimed(ledger, by="a")
    assert not again.doubt
    await claimed(ledger, BEN, by="b")


async def test_one_of_many_claims(ledger: Ledger) -> None:
    """Of many workers that claim a record at once one gets it."""
    claims = await asyncio.gather(*(ledger.claim(ANA, str(n)) for n in range(20)))
    assert sum(claim is not None for claim in claims) == 1


async def test_targets_lock_for_themselves(backend: Backend, ledger: Ledger) -> None:
    """The same record can be delivered to two targets at once."""
    await claimed(ledger, by="a")
    other = backend.ledger("other")
    await other.settle(Result(await claimed(other, by="b"), APPLIED, "r-1"))
    assert (await ledger.entries(), await ledger.linked()) == ({}, set())


async def test_lock_ends_unless_it_is_renewed(backend: Backend, ledger: Ledger) -> None:
    """A lock lasts LOCK_TTL; renewing and claiming again give it the whole time."""
    claim = await claimed(ledger)
    for lengthen in (ledger.renew(claim), claimed(ledger)):
        await backend.redis.pexpire(claim.lock, 1000)
        await lengthen
        assert LOCK_TTL * 1000 - 5000 < await backend.redis.pttl(claim.lock) <= LOCK_TTL * 1000


async def test_settled_record_is_free(backend: Backend, ledger: Ledger) -> None:
    """Settling writes the entry, takes the record out of the pending ones and gives the lock back."""
    await ledger.add_pending({ANA: 5, BEN: 3})
    claim = await claimed(ledger)
    assert await ledger.unsettled() == {ANA}
    await ledger.settle(Result(claim, APPLIED, None))
    assert await ledger.entry(ANA) == APPLIED
    assert (await ledger.pending(), await ledger.unsettled()) == ({BEN: 3}, set())
    assert not await backend.redis.exists(claim.lock)
    assert not (await claimed(ledger, by="b")).doubt


async def test_released_claim_is_free_and_in_doubt(ledger: Ledger) -> None:
    """Who gives up without settling leaves the lock to the next one, who knows of the interruption."""
    await ledger.release(await claimed(ledger))
    assert (await claimed(ledger, by="b")).doubt


async def test_interruption_is_seen_until_a_delivery_settles(backend: Backend, ledger: Ledger) -> None:
    """However often a claim is lost, the next one knows, until one settles."""
    await expire(backend, await claimed(ledger, by="a"))
    for token in ("b", "c"):
        claim = await claimed(ledger, by=token)
        assert claim.doubt
        assert (await claimed(ledger, by=token)).doubt  # the same delivery's next round
        await expire(backend, claim)
    await ledger.settle(Result(await claimed(ledger, by="d"), APPLIED, "r-1"))
    assert not (await claimed(ledger, by="e")).doubt


@pytest.mark.parametrize("taken", [True, False])
async def test_lost_lock_forbids_everything(backend: Backend, ledger: Ledger, *, taken: bool) -> None:
    """After its lock ended a claim can neither renew, announce nor settle, even if nobody else has it."""
    claim = await claimed(ledger, by="a")
    await expire(backend, claim)
    successor = await claimed(ledger, by="b") if taken else None
    with pytest.raises(LockLost):
        await ledger.renew(claim)
    with pytest.raises(LockLost):
        await ledger.announce(claim, APPLIED)
    with pytest.raises(LockLost):
        await ledger.settle(Result(claim, APPLIED, "r-late"))
    await ledger.release(claim)
    assert (await ledger.entries(), await ledger.linked()) == ({}, set())
    if successor:
        await ledger.renew(successor)


async def test_doubt_is_seen_by_the_next_claim(ledger: Ledger) -> None:
    """What somebody doubts is pending, whatever the ledger says, until a delivery that knew of it settles."""
    await deliver(ledger, ANA, "r-1")
    await ledger.add_pending({BEN: 5})
    await ledger.doubt([ANA, BEN])
    await ledger.doubt([])
    assert await ledger.pending() == {ANA: 1, BEN: 5}
    assert await ledger.unsettled() == {ANA, BEN}
    claim = await claimed(ledger)
    assert (bool(claim.doubt), claim.entry, claim.link) == (True, APPLIED, "r-1")
    assert not (await ledger.settle(Result(claim, APPLIED, "r-1"))).again
    assert (await ledger.pending(), await ledger.unsettled()) == ({BEN: 5}, {BEN})
    assert not (await claimed(ledger)).doubt


async def test_each_doubt_is_one_of_its_own(ledger: Ledger) -> None:
    """A second doubt that comes while the first one is dealt with is not settled with it."""
    await ledger.doubt([ANA])
    claim = await claimed(ledger)
    await ledger.doubt([ANA])
    assert (await ledger.settle(Result(claim, APPLIED, "r-1"))).again
    assert not (await ledger.settle(Result(await claimed(ledger), APPLIED, "r-1"))).again


async def test_doubts_keep_what_may_have_been_given(ledger: Ledger) -> None:
    """Doubts after each other tell together what may have been given, until a delivery has settled."""
    await ledger.doubt([ANA], given=["person:c", "person:b"])
    await ledger.doubt([ANA])
    await ledger.doubt([ANA, BEN], given=["person:d"])
    claim = await claimed(ledger)
    assert claim.refs_in_doubt == {"person:b", "person:c", "person:d"}
    assert not (await ledger.settle(Result(claim, APPLIED, "r-1"))).again
    assert (await claimed(ledger)).refs_in_doubt == frozenset()


async def test_interrupted_claim_gives_nothing_away(backend: Backend, ledger: Ledger) -> None:
    """A delivery that ended before its word == in doubt, and nothing more than the entry was given."""
    await expire(backend, await claimed(ledger, by="a"))
    await ledger.doubt([ANA])
    claim = await claimed(ledger, by="b")
    assert (bool(claim.doubt), claim.refs_in_doubt) == (True, frozenset())


@pytest.mark.parametrize("state", [State.APPLIED, State.RETRYING])
@pytest.mark.parametrize("doubts", [1, 2])
async def test_doubt_that_comes_meanwhile_is_not_settled(
    backend: Backend, ledger: Ledger, state: State, doubts: int
) -> None:
    """A former holder's late write may have landed on top of a delivery that runs: that one looks again."""
    await expire(backend, await claimed(ledger, by="a"))
    successor = await claimed(ledger, by="b")
    for _ in range(doubts):
        await ledger.doubt([ANA])
    settled = await ledger.settle(Result(successor, replace(APPLIED, state=state), "r-1"))
    assert settled.again is (state is State.APPLIED)
    assert (await ledger.pending(), await ledger.unsettled()) == ({ANA: 1}, {ANA})
    second = await claimed(ledger, by="b")
    assert second.doubt
    assert not (await ledger.settle(Result(second, APPLIED, "r-1"))).again
    assert (await ledger.pending(), await ledger.unsettled()) == ({}, set())


async def test_newer_revision_asks_for_another_round(backend: Backend, ledger: Ledger) -> None:
    """A revision that came meanwhile keeps the lock and the record pending; the next round sees it."""
    await ledger.add_pending({ANA: 1})
    claim = await claimed(ledger, by="a")
    await commit(backend, ANA, title="new")
    assert (await ledger.settle(Result(claim, APPLIED, "r-1"))).again
    assert await ledger.claim(ANA, "b") is None
    assert await ledger.pending() == {ANA: 1}
    second = await claimed(ledger, by="a")
    assert (second.stored.revision, second.entry, second.link) == (2, APPLIED, "r-1")
    assert not second.doubt
    assert not (await ledger.settle(Result(second, replace(APPLIED, revision=2), "r-1"))).again


async def test_retrying_record_waits_without_its_lock(backend: Backend, ledger: Ledger) -> None:
    """A record that is to be tried again stays pending and is free, also when a newer revision has come."""
    await ledger.add_pending({ANA: 1})
    claim = await claimed(ledger)
    await commit(backend, ANA)
    retrying = Entry(revision=1, state=State.RETRYING, outcome=Outcome.FAILED, attempts=1, retry_at=9.5)
    assert not (await ledger.settle(Result(claim, retrying, None))).again
    assert (await ledger.pending(), await ledger.unsettled()) == ({ANA: 1}, set())
    assert (await claimed(ledger, by="b")).entry == retrying


async def test_emptied_redis_leaves_nothing_to_do(backend: Backend) -> None:
    """A job for a record that Redis does not have leaves neither a lock nor a doubt behind."""
    ledger = backend.ledger("directory")
    assert await ledger.claim(ANA, "a") is None
    assert [name async for name in backend.redis.scan_iter(match=f"{backend.keys.prefix}*")] == []


async def test_record_that_redis_lost_meanwhile_is_let_go(backend: Backend, ledger: Ledger) -> None:
    """The holder's next round finds nothing when Redis was emptied, and gives its lock back."""
    claim = await claimed(ledger)
    await backend.redis.delete(backend.keys.of("records"), backend.keys.of("revisions"))
    assert await ledger.claim(ANA, "a") is None
    assert not await backend.redis.exists(claim.lock)


async def test_target_never_goes_backwards(backend: Backend, ledger: Ledger) -> None:
    """While a record changes and five workers deliver it, the target sees its revisions in order."""
    written: list[int] = []

    async def worker(token: str) -> None:
        while claim := await ledger.claim(ANA, token):
            await asyncio.sleep(0)
            written.append(claim.stored.revision)
            entry = replace(APPLIED, revision=claim.stored.revision)
            if not (await ledger.settle(Result(claim, entry, "r-1"))).again:
                return

    for number in range(30):
        await commit(backend, ANA, n=number)
        await asyncio.gather(*(worker(f"{number}-{n}") for n in range(5)), commit(backend, ANA, n=-number))
    await worker("last")
    assert written == sorted(written)
    assert written[-1] == 61


async def test_what_was_found_waits_for_the_next_poll(ledger: Ledger) -> None:
    """Settled with a hold == linked, pending, and locked for everybody until it is released."""
    claim = await claimed(ledger)
    await ledger.settle(Result(claim, APPLIED, "r-1", hold=True))
    assert (await ledger.linked(), await ledger.pending()) == ({str(ANA)}, {ANA: 1})
    assert await ledger.claim(ANA, "b") is None


async def test_who_owns_is_linked_at_once(backend: Backend, ledger: Ledger) -> None:
    """A delivery makes an object the record's and dies before it settles == the next one has its link."""
    claim = await claimed(ledger, by="a")
    assert await ledger.own("r-1", ANA, claim) == ANA
    await expire(backend, claim)
    assert (await claimed(ledger, by="b")).link == "r-1"
    other = await claimed(ledger, BEN, by="c")
    assert await ledger.own("r-1", BEN, other) == ANA
    assert await ledger.links([str(BEN)]) == {}


async def test_who_has_lost_the_lock_owns_nothing(backend: Backend, ledger: Ledger) -> None:
    """Its lock has passed to another worker meanwhile == told so, and the object is nobody's."""
    claim = await claimed(ledger, by="a")
    await expire(backend, claim)
    await claimed(ledger, by="b")
    with pytest.raises(LockLost):
        await ledger.own("r-1", ANA, claim)
    assert await ledger.owner(ANA.kind, "r-1") is None
    assert await ledger.linked() == set()


async def test_an_object_that_is_given_up_again_leaves_no_link(ledger: Ledger) -> None:
    """It was made the record's, and is gone at the end of the delivery == no link is left of it."""
    claim = await claimed(ledger)
    await ledger.own("r-1", ANA, claim)
    await ledger.settle(Result(claim, APPLIED, None))
    assert await ledger.linked() == set()
