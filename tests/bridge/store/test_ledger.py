"""What a target has been given, in a real Redis: entries, links, who waits for them, and owners."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bridge.codec import Codec, make_key
from bridge.model import Entry, Kind, Outcome, State
from bridge.store import Ledger
from bridge.store.backend import Backend
from bridge.store.claims import Result
from bridge.store.ledger import Opened
from tests.bridge.deliveries import ANA, APPLIED, BEN, BLUE, claimed, commit, deliver
from tests.inside import readable


@pytest.fixture
async def ledger(backend: Backend) -> Ledger:
    """The ledger of a target, with three records committed and nothing given."""
    await commit(backend, ANA, BEN, BLUE)
    return backend.ledger("directory")


async def test_who_waits_for_a_link_is_released_once(ledger: Ledger) -> None:
    """The delivery that creates a link releases all that wait for it, as pending; later ones release none."""
    waits = replace(APPLIED, missing=(str(ANA),))
    assert await deliver(ledger, BEN, "r-ben", waits) == set()
    assert await deliver(ledger, BLUE, "r-blue", waits) == set()
    assert await ledger.pending() == {}
    assert await deliver(ledger, ANA, "r-ana") == {BEN, BLUE}
    assert (await ledger.pending()).keys() == {BEN, BLUE}
    assert await deliver(ledger, ANA, "r-ana") == set()
    assert await deliver(ledger, ANA, "r-other") == set()


async def test_released_record_keeps_its_urgency(ledger: Ledger) -> None:
    """A record that is pending already is released without losing its place."""
    await deliver(ledger, BLUE, None, replace(APPLIED, missing=(str(ANA),)))
    await ledger.add_pending({BLUE: 0, BEN: 1})
    await deliver(ledger, ANA, "r-ana")
    assert await ledger.pending() == {BLUE: 0, BEN: 1}


async def test_without_a_link_nobody_is_released(ledger: Ledger) -> None:
    """A delivery that gives no object leaves those waiting who wait for one."""
    waits = replace(APPLIED, missing=(str(ANA),))
    await deliver(ledger, BEN, "r-ben", waits)
    assert await deliver(ledger, ANA, None) == set()
    assert await deliver(ledger, ANA, "r-ana") == {BEN}


async def test_link_that_appears_meanwhile_asks_for_another_round(ledger: Ledger) -> None:
    """A link created between claim and settle is not waited for: the delivery looks again."""
    claim = await claimed(ledger, BEN, by="b")
    await deliver(ledger, ANA, "r-ana")
    settled = await ledger.settle(Result(claim, replace(APPLIED, missing=(str(ANA), str(BLUE))), "r-ben"))
    assert settled.again
    assert await ledger.links([str(ANA)]) == {str(ANA): "r-ana"}
    assert await deliver(ledger, BLUE, "r-blue") == {BEN}


@pytest.mark.parametrize("round_", range(5))
async def test_no_order_loses_who_waits(ledger: Ledger, round_: int) -> None:
    """Whichever of the two settles first, the one that lacks the link is released or looks again."""
    waiting, creating = await claimed(ledger, BEN, by="b"), await claimed(ledger, by="a")
    settle = [
        ledger.settle(Result(waiting, replace(APPLIED, missing=(str(ANA),)), "r-ben")),
        ledger.settle(Result(creating, APPLIED, "r-ana")),
    ]
    settled = await asyncio.gather(*(reversed(settle) if round_ % 2 else settle))
    by_key = dict(zip((ANA, BEN) if round_ % 2 else (BEN, ANA), settled, strict=True))
    assert by_key[BEN].again is (BEN not in by_key[ANA].released)


async def test_links_are_kept_changed_and_forgotten(ledger: Ledger) -> None:
    """The link is what the last settled delivery said; None forgets it."""
    for link in ("r-1", "r-1", "r-2", None, None, "-", "r-3"):
        await deliver(ledger, ANA, link)
        assert (await claimed(ledger)).link == link
        assert await ledger.linked() == ({str(ANA)} if link else set())
        assert await ledger.links([str(ANA), str(BEN)]) == ({str(ANA): link} if link else {})
    assert await ledger.links([]) == {}


async def test_object_belongs_to_one_record(ledger: Ledger) -> None:
    """Whoever reserves an object first owns it, until it is disowned."""
    owners = await asyncio.gather(*(ledger.own("r-1", key) for key in (ANA, BEN)))
    assert len(set(owners)) == 1
    assert await ledger.own("r-1", owners[0]) == owners[0]
    assert await ledger.own("r-2", BEN) == BEN
    await ledger.disown(Kind.PERSON, "r-1")
    assert await ledger.own("r-1", ANA) == ANA
    assert await ledger.own("r-2", ANA) == BEN


async def test_a_remote_id_is_unique_within_its_kind_only(ledger: Ledger) -> None:
    """User 1 and group 1 at one server == each has its own owner, and losing one leaves the other."""
    assert await ledger.own("1", ANA) == ANA
    assert await ledger.own("1", BLUE) == BLUE
    assert await ledger.owner(Kind.PERSON, "1") == ANA
    await ledger.disown(Kind.PERSON, "1")
    assert await ledger.owner(Kind.TEAM, "1") == BLUE


FULL = Entry(
    revision=7,
    config="c",
    state=State.FAILED,
    outcome=Outcome.ADOPTED,
    digest="d",
    refs=("person:x",),
    missing=("person:y", "team:z"),
    reason="r",
    candidates=("1", "2"),
    attempts=3,
    retry_at=1.5,
    failed_since=2.5,
    at=3.5,
    unreachable=True,
    delete_at=4.5,
)


@pytest.mark.parametrize("entry", [Entry(), FULL, *(replace(FULL, state=state) for state in State)])
async def test_entries_come_back_as_they_were(ledger: Ledger, entry: Entry) -> None:
    """Every part of an entry is kept, whether it is as in a new entry or not."""
    await deliver(ledger, ANA, None, entry)
    assert await ledger.entries() == {ANA: entry}
    assert await ledger.entry(ANA) == entry
    assert await ledger.entry(BEN) is None


async def test_announced_entry_is_known_whatever_comes(ledger: Ledger) -> None:
    """An entry can be written before a request: the next claim has it even if this one never settles."""
    claim = await claimed(ledger)
    await ledger.announce(claim, FULL)
    assert (await ledger.entries(), await ledger.unsettled()) == ({ANA: FULL}, {ANA})
    await ledger.release(claim)
    assert (await claimed(ledger, by="b")).entry == FULL


async def test_operator_may_write(ledger: Ledger) -> None:
    """Entry and link can be replaced outside a delivery, and read like those of one."""
    await ledger.write(ANA, FULL)
    await ledger.link(ANA, "r-9")
    claim = await claimed(ledger)
    assert (claim.entry, claim.link, claim.doubt) == (FULL, "r-9", "")


async def test_pending_records_are_in_order_of_urgency(ledger: Ledger) -> None:
    """The lowest number is first, a record counts once, and its last number holds."""
    await ledger.add_pending({ANA: 2, BEN: 1000, BLUE: 3})
    await ledger.add_pending({BEN: 0})
    await ledger.add_pending({})
    assert list((await ledger.pending()).items()) == [(BEN, 0), (ANA, 2), (BLUE, 3)]
    assert await ledger.count_pending() == 3


async def test_ledger_is_sealed_in_redis(backend: Backend) -> None:
    """With a key neither remote ids nor what a target said can be read in Redis."""
    sealing = Backend(backend.redis, backend.keys, Codec([make_key()]))
    await commit(sealing, ANA)
    sealed = sealing.ledger("sealed")
    await sealed.own("planted-id", ANA)
    await deliver(sealed, ANA, "planted-id", replace(FULL, reason="planted-words"))
    assert (await sealed.links([str(ANA)]))[str(ANA)] == "planted-id"
    text = await readable(backend.redis, f"*{backend.keys.account}:*")
    assert text.count(str(ANA)) > 1
    assert "planted" not in text


async def test_what_is_read_again_is_what_stands_there(ledger: Ledger) -> None:
    """entries_since == entries after a change, an addition and a loss; without any == what was there."""
    await deliver(ledger, ANA, "r-ana")
    await deliver(ledger, BEN, "r-ben")
    before = await ledger.entries_since(Opened())
    assert await ledger.entries_since(before) is before
    await ledger.write(ANA, replace(APPLIED, reason="changed"))
    await deliver(ledger, BLUE, "r-blue")
    await ledger._redis.hdel(ledger._key("ledger"), str(BEN))
    after = await ledger.entries_since(before)
    assert after.entries == await ledger.entries()
    assert after.entries.keys() == {ANA, BLUE}


async def test_only_what_is_new_is_opened(ledger: Ledger) -> None:
    """An entry that stands as it stood is not read again: nothing that large may be opened for each look."""
    await deliver(ledger, ANA, "r-ana")
    before = await ledger.entries_since(Opened())
    await deliver(ledger, BEN, "r-ben")
    after = await ledger.entries_since(before)
    assert after.entries[ANA] is before.entries[ANA]
