"""What keeps a delivery from starting, in a real Redis: a paused or throttled target, a held record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.store import Ledger
from bridge.store.backend import Backend
from bridge.store.claims import Result
from tests.bridge.deliveries import ANA, APPLIED, BEN, BLUE, claimed, commit


@pytest.fixture
async def ledger(backend: Backend) -> Ledger:
    """The ledger of a target, with three records committed and nothing given."""
    await commit(backend, ANA, BEN, BLUE)
    return backend.ledger("directory")


async def test_paused_target_is_not_claimed(backend: Backend, ledger: Ledger) -> None:
    """Nothing is claimed while a target is paused; the first reason stands; other targets go on."""
    gate = backend.gate("directory")
    assert await gate.paused() == {}
    assert [await gate.pause("halted", reason) for reason in ("first", "second")] == [True, False]
    state = await gate.paused()
    assert (state["state"], state["reason"], float(state["since"]) > 0) == ("halted", "first", True)
    assert await ledger.claim(ANA, "a") is None
    assert await ledger.unsettled() == set()
    await claimed(backend.ledger("other"))
    assert [await gate.resume(), await gate.resume()] == [True, False]
    await claimed(ledger)


async def test_throttled_target_is_not_claimed(backend: Backend, ledger: Ledger) -> None:
    """Nothing is claimed while a target has asked to wait; a shorter wish does not shorten the time."""
    gate = backend.gate("directory")
    for seconds in (100.0, 0.001):
        await gate.throttle(seconds)
    assert await ledger.claim(ANA, "a") is None
    assert await backend.redis.pttl(backend.keys.at("directory", "throttle")) > 50_000
    assert (await gate.paused())["state"] == "throttled"
    await claimed(backend.ledger("other"))


async def test_held_record_is_not_claimed(backend: Backend, ledger: Ledger) -> None:
    """A record that waits for a person is not delivered, not even by who has its lock; others are."""
    await claimed(ledger, by="a")
    await backend.holds.hold_back("directory", [str(ANA)], "hold")
    assert await ledger.claim(ANA, "a") is None
    await claimed(ledger, BEN)
    await claimed(backend.ledger("other"))
    await backend.holds.release("directory", [str(ANA)])
    await claimed(ledger, by="a")


async def test_answer_ends_the_count_of_faults(backend: Backend, ledger: Ledger) -> None:
    """A delivery that the target answered forgets the requests without an answer; another does not."""
    gate = backend.gate("directory")
    for entry, paused in ((APPLIED, False), (replace(APPLIED, unreachable=True), True)):
        assert not await gate.count_fault("no answer")
        assert not await gate.count_fault("no answer")
        await ledger.settle(Result(await claimed(ledger), entry, None))
        assert await gate.count_fault("no answer") is paused
        await gate.resume()
