"""The gate of a target: what stops all its deliveries, in every worker, and what lets them go on."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bridge.config.settings import BridgeSettings, RetrySettings
from bridge.errors import TryLater
from bridge.metrics import Metrics
from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from service.operations.assembly import Bridge
from service.operations.greet import greet
from tests.delivery import TARGET, Delivery, delivery, person
from tests.polling import Watch, ids, people
from tests.workers.gating import (
    ask,
    count_is,
    counted,
    is_state,
    other,
    state,
    tasks,
    until,
    waits_in_queue,
    working,
)
from workers.connect import Connected
from workers.delivery import gate_watch as watching
from workers.delivery.gate_watch import watch
from workers.testing.proxy import answer, at, dropped, truncated

ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")


quick = pytest.mark.usefixtures("quick_watch")


@pytest.fixture
def quick_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks and probes in hundredths of a second."""
    monkeypatch.setattr(watching, "CHECK_INTERVAL", 0.01)
    monkeypatch.setattr(watching, "FIRST_GAP", 0.1)


async def test_three_unanswered_requests_pause_a_target(run: Delivery) -> None:
    """The third delivery in a row without an answer == unreachable, said once, no further request."""
    await run.know(*people(ids(5)))
    run.proxy.fail_always(dropped)
    states, seen = [], []
    with capture_logs() as logs:
        for id_ in ids(5):
            await run.deliverer.deliver(Key(Kind.PERSON, id_))
            states.append(await state(run))
            seen.append(len(run.proxy.seen))
    assert states == ["running", "running", "unreachable", "unreachable", "unreachable"]
    assert seen[1] < seen[2] == seen[4]
    assert [log["event"] for log in logs].count("target paused") == 1


async def test_one_request_of_many_records_is_one_fault(run: Delivery) -> None:
    """Its one error is told for each of twenty records == not paused before the third such request."""
    states = []
    for _ in range(3):
        error = TryLater("no answer", unreachable=True)
        await asyncio.gather(*(run.deliverer.tell_gate(error) for _ in range(20)))
        states.append(await state(run))
    assert states == ["running", "running", "unreachable"]


async def test_any_answer_starts_the_count_anew(run: Delivery) -> None:
    """Two without an answer, one with 500, two without == not paused."""
    await run.know(*people(ids(5)))
    for id_, fault in zip(ids(5), (dropped, dropped, answer(500), dropped, dropped), strict=True):
        run.proxy.fail(fault)
        await run.deliverer.deliver(Key(Kind.PERSON, id_))
    assert await state(run) == "running"


async def test_only_an_answer_starts_the_count_anew(run: Delivery) -> None:
    """Between three without an answer are people about whom the target is not asked == unreachable."""
    await run.know(*people(ids(3)))
    run.proxy.fail_always(dropped)
    for id_ in ids(3):
        await run.deliver(person(f"without-{id_}", email=""))
        await run.deliverer.deliver(Key(Kind.PERSON, id_))
    assert await state(run) == "unreachable"


@quick
async def test_a_down_target_is_left_alone_and_another_goes_on(backend: Backend, run: Delivery) -> None:
    """12 people, one of two targets is down == it is paused within seconds and the other has them all.

    No attempt is used up; when it is back, everything arrives without a poll.
    """
    settings: dict[str, Any] = {"rate": 1000, "concurrency": 2}
    async with (
        delivery(backend, retry=RetrySettings(attempts=2), **settings) as down,
        aiohttp.ClientSession() as s,
    ):
        well = other(run, "well", s)
        watches = Watch(backend, down.deliverer.route, run.clock)
        await watches.poll(*people(ids(12)))
        keys = await watches.take()
        for name in (TARGET, "well"):
            await backend.ledger(name).add_pending(dict.fromkeys(keys, 1))
            await ask(backend, name, keys)
        down.proxy.fail_always(dropped)
        async with working([down.deliverer, well], backend):
            await until(lambda: is_state(backend, TARGET, "unreachable"), 20)
            await until(lambda: count_is(run, 12), 20)
            entries = await down.deliverer.ledger.entries()
            assert {(entry.state, entry.attempts) for entry in entries.values()} <= {(State.RETRYING, 0)}
            assert len(down.proxy.seen) < 20
            assert await down.users() == []
            down.proxy.fail_always(None)
            await until(lambda: count_is(down, 12), 20)
        assert await backend.gate(TARGET).paused() == {}


async def unreachable(run: Delivery) -> None:
    """Ana and Ben are pending, the target does not answer and is paused."""
    await run.know(person("ana"), person("ben"))
    await run.deliverer.ledger.add_pending({ANA: 1, BEN: 1})
    run.proxy.fail_always(dropped)
    for _ in range(3):
        await run.deliverer.deliver(ANA)
    assert await state(run) == "unreachable"
    run.proxy.seen.clear()


@quick
async def test_what_was_pending_goes_on_when_it_answers_again(run: Delivery) -> None:
    """Unreachable, then back == probed, resumed, and all that is pending is asked for without a poll."""
    await unreachable(run)
    watches = Watch(run.backend, run.deliverer.route, run.clock, run.deliverer)
    await watches.take()
    async with tasks(watch(run.deliverer)):
        await until(lambda: probed(run, 2), 20)
        assert await state(run) == "unreachable"
        assert await watches.take() == []
        run.proxy.fail_always(None)
        await until(lambda: is_state(run.backend, TARGET, "running"), 20)
        await until(lambda: waits_in_queue(run, 2), 20)
    assert set(await watches.work()) == {ANA, BEN}
    assert len(await run.users()) == 2


async def probed(run: Delivery, times: int) -> bool:
    return len(run.proxy.seen) >= times


@quick
async def test_probes_become_rare(run: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unreachable for long == one request after each gap, each twice as long, up to the longest."""
    monkeypatch.setattr(watching, "LONGEST_GAP", 0.3)
    await unreachable(run)
    deliverer, gaps = counted(run)
    run.proxy.fail_always(truncated)  # unlike `dropped`, aiohttp does not try that again by itself
    async with tasks(watch(deliverer)):
        await until(lambda: _is(len(gaps) >= 5), 20)
    assert gaps[:5] == pytest.approx([0.1, 0.2, 0.3, 0.3, 0.3])
    assert len(gaps) - 1 <= len(run.proxy.seen) <= len(gaps)


@quick
async def test_gaps_are_short_again_after_an_answer(run: Delivery) -> None:
    """Back, and later away again == probed after the first gap."""
    await unreachable(run)
    deliverer, gaps = counted(run)
    async with tasks(watch(deliverer)):
        await until(lambda: _is(len(gaps) == 2), 20)
        run.proxy.fail_always(None)
        await until(lambda: is_state(run.backend, TARGET, "running"), 20)
        before = len(gaps)
        await asyncio.sleep(0.1)  # several looks
        await unreachable(run)
        await until(lambda: _is(len(gaps) > before), 20)
    assert gaps[before] == pytest.approx(0.1)


@quick
async def test_one_worker_probes_for_all(run: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five workers look many times within the first gap == one of them has asked, once."""
    monkeypatch.setattr(watching, "FIRST_GAP", 60.0)
    await unreachable(run)
    deliverer, gaps = counted(run)
    run.proxy.fail_always(truncated)
    async with tasks(*(watch(deliverer) for _ in range(5))):
        await asyncio.sleep(0.5)
    assert (gaps, len(run.proxy.seen)) == ([60.0], 1)


async def _is(value: bool) -> bool:
    return value


@quick
async def test_refused_credentials_halt_until_the_check_passes(run: Delivery) -> None:
    """401 == halted, whatever time passes; a check that passes lets all that is pending go on."""
    await run.know(person("ana"), person("ben"))
    await run.deliverer.ledger.add_pending({ANA: 1, BEN: 1})
    run.proxy.fail_always(answer(401))
    await run.deliverer.deliver(ANA)
    run.proxy.seen.clear()
    bridge, targets = connected(run)
    watches = Watch(run.backend, run.deliverer.route, run.clock, run.deliverer)
    async with tasks(watch(run.deliverer)):
        await asyncio.sleep(0.3)  # unlike one that does not answer, it is not probed
        await run.deliverer.deliver(BEN)
        assert (await state(run), run.proxy.seen) == ("halted", [])
        greeting = (await greet(bridge, targets))[TARGET]
        assert "401" in greeting.problems[0]
        assert await state(run) == "halted"
        run.proxy.fail_always(None)
        assert (await greet(bridge, targets))[TARGET].problems == ()
        assert await state(run) == "running"
        await until(lambda: waits_in_queue(run, 2), 20)
    assert run.proxy.writes == []
    await watches.work()
    assert len(await run.users()) == 2


def connected(run: Delivery) -> tuple[Bridge, dict[str, Connected]]:
    route = run.deliverer.route
    bridge = Bridge(BridgeSettings(), run.backend, {TARGET: route}, Metrics(), None)
    return bridge, {TARGET: Connected(route, run.deliverer.target, run.deliverer.turn)}


async def test_a_halt_uses_up_nothing(run: Delivery) -> None:
    """401 in the middle of a delivery == nothing in the ledger, still pending, its lock is free."""
    await run.know(person("ana"))
    await run.deliverer.ledger.add_pending({ANA: 1})
    run.proxy.fail(answer(401))
    await run.deliverer.deliver(ANA)
    assert await run.deliverer.ledger.entry(ANA) is None
    assert list(await run.deliverer.ledger.pending()) == [ANA]
    assert not await run.backend.redis.exists(run.backend.keys.lock(TARGET, ANA))


async def test_forbidden_to_write_parks_that_record_only(run: Delivery) -> None:
    """403 on Ana's create == Ana is parked with the target's words, Ben is created, nothing is paused."""
    await run.know(person("ana"), person("ben"))
    run.proxy.fail(at("POST", answer(403, '{"detail": "Domain is not verified"}')))
    await run.deliverer.deliver(ANA)
    await run.deliverer.deliver(BEN)
    entry = await run.entry("ana")
    assert (entry.state, await state(run)) == (State.FAILED, "running")
    assert "Domain is not verified" in entry.reason
    assert [user["externalId"] for user in await run.users()] == ["ben"]


async def test_forbidden_to_search_creates_nobody(run: Delivery) -> None:
    """403 on every look-up == parked, as the account may be there; teams and others may still be allowed."""
    await run.know(person("ana"))
    run.proxy.fail_always(answer(403))
    await run.deliverer.deliver(ANA)
    entry = await run.entry("ana")
    assert (entry.state, await state(run), await run.users()) == (State.FAILED, "running", [])
    assert "cannot be searched" in entry.reason
