"""The survey before the first delivery, cut short: by faults, by a crash, by somebody's decision."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bridge.store.backend import Backend
from bridge.store.gate import HELD
from tests.delivery import Delivery, delivery
from tests.polling import ids, people
from tests.workers.gating import state, through, timed
from workers.delivery.first_contact import FirstContact, hold_id
from workers.testing.proxy import answer

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
async def run(backend: Backend) -> AsyncIterator[Delivery]:
    """Four people, and four accounts that match none of them."""
    async with delivery(backend, concurrency=2) as ready:
        for number in range(4):
            await ready.create({"schemas": [USER], "userName": f"kontakt{number}"})
        await ready.know(*people(ids(4)))
        yield ready


def contact(run: Delivery) -> FirstContact:
    """A worker's first contact."""
    return FirstContact(run.deliverer, run.backend)


async def test_held_until_somebody_approves(run: Delivery) -> None:
    """Nothing matches == held; approved == passed, for every worker, and not surveyed again."""
    first, second = contact(run), contact(run)
    assert [await one.passed() for one in (first, second)] == [False, False]
    assert await state(run) == HELD
    await run.backend.holds.withdraw(hold_id("directory"))
    await run.deliverer.gate.resume()
    run.proxy.seen.clear()
    assert [await one.passed() for one in (first, second)] == [True, True]
    assert run.proxy.seen == []


async def test_an_approval_cut_short_is_finished(run: Delivery) -> None:
    """The hold is gone, whoever approved was killed before letting the target go == it goes."""
    assert not await contact(run).passed()
    await run.backend.holds.withdraw(hold_id("directory"))
    assert await contact(run).passed()
    assert await state(run) == "running"


async def test_a_worker_killed_before_the_hold_is_written(run: Delivery) -> None:
    """Paused, and no hold that could be approved == the next worker surveys again, and writes the hold."""
    await run.deliverer.gate.pause(HELD, "killed right after this")
    assert not await contact(run).passed()
    assert [hold.id for hold in await run.backend.holds.all()] == [hold_id("directory")]


async def test_a_fault_costs_no_answer_twice(run: Delivery) -> None:
    """500 after about two of four people were looked up == not passed; then another asks for the rest."""
    run.proxy.fail(*[through] * 7)  # three for the size, then two for each person
    run.proxy.fail_always(answer(500))
    assert not await contact(run).passed()
    assert await state(run) == "running"
    run.proxy.fail_always(None)
    run.proxy.seen.clear()
    assert not await contact(run).passed()
    assert await state(run) == HELD
    assert len(run.proxy.seen) <= 3 + 2 * 3


async def test_of_many_people_a_sample_is_looked_up(run: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample of three of four == three looked up, and the hold says so."""
    monkeypatch.setattr("workers.delivery.survey.SAMPLE", 3)
    assert not await contact(run).passed()
    assert len(run.proxy.seen) == 3 + 1 + 3 * 2  # the size, the schemas, the look-ups
    (hold,) = await run.backend.holds.all()
    assert hold.reason.startswith("would create 3 of 3 people looked up, of 4, at a target with 4 accounts")


async def test_nobody_asks_on_after_a_request_to_wait(run: Delivery) -> None:
    """429 with Retry-After to all == as many requests as were under way, and everybody waits."""
    times = timed(run, answer(429, Retry_After="9"))
    assert not await contact(run).passed()
    assert len(times) <= 2
    assert await state(run) == "throttled"
