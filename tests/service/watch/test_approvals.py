"""What a hold keeps back, what an approval lets go, and when either ends."""

from __future__ import annotations

import asyncio

from aiohttp import web
from structlog.testing import capture_logs

from bridge.config.target_settings import Limits
from bridge.mapping.route import Route
from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person
from tests.polling import Watch, approve, ids, inactive, interrupted, people, start, with_leavers
from workers.targets import load
from workers.testing.proxy import Proxy


async def test_a_stray_job_for_a_held_record_does_nothing(run: Delivery, watch: Watch) -> None:
    """A job of an earlier poll for somebody whose removal is held == no request, nothing in the ledger."""
    await watch.poll(*with_leavers(3))
    before = await run.entry("p000")
    run.proxy.seen.clear()
    await run.deliverer.deliver(Key(Kind.PERSON, "p000"))
    assert run.proxy.seen == []
    assert await run.entry("p000") == before


async def test_held_before_a_delivery_can_see_it(run: Delivery, watch: Watch) -> None:
    """A delivery is on its way when the removal of its record is committed == it does not deactivate."""
    await watch.poll(person("p000", title="Lead"), *people(ids(9, 1)))
    await watch.take()
    arrived, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        arrived.set()
        await goes_on.wait()
        return await proxy.forward(request)

    run.proxy.fail(slow)
    under_way = asyncio.create_task(run.deliverer.deliver(Key(Kind.PERSON, "p000")))
    await arrived.wait()

    async def finish() -> None:
        goes_on.set()
        await under_way
        await run.deliverer.deliver(Key(Kind.PERSON, "p001"))

    poll = Watch(interrupted(run.backend, finish), run.deliverer.route, run.clock)
    await watch.poller.stand_down()
    await poll.poll(*with_leavers(3))
    assert (await run.user("p000"))["title"] == "Lead"
    assert await inactive(run) == []


async def test_an_approval_is_for_the_named_records(run: Delivery, watch: Watch) -> None:
    """3 leavers are approved, 3 more leave before it is done == 3 deactivated, the others held anew."""
    await watch.poll(*with_leavers(3))
    await approve(watch)
    watch.clock.now += 60
    await watch.round(*with_leavers(6))
    assert await inactive(run) == ids(3)
    hold = await watch.hold()
    assert hold.keys == ("person:p003", "person:p004", "person:p005")
    assert (hold.state, hold.since) == ("open", watch.clock.now)
    assert len(await watch.events("held")) == 2


async def test_an_approval_of_changes_is_not_one_of_removals(backend: Backend) -> None:
    """Changes of 4 people are approved, before they are delivered the 4 leave == their removal is held."""
    limits = {"remove": {"count": 2, "percent": 20}, "update": {"count": 2, "percent": 20}}
    async with delivery(backend, limits=limits, rate=1000) as run:
        watch = await start(run, 10)
        await watch.poll(*people(ids(4), title="Lead"), *people(ids(6, 4)))
        await approve(watch)
        await watch.round(*with_leavers(4))
        assert await inactive(run) == []
        assert (await watch.hold()).kind == "remove"


async def test_an_approval_lasts_until_it_is_done(run: Delivery, watch: Watch) -> None:
    """Approved, and more polls come before the workers are through == not held again."""
    await watch.poll(*with_leavers(4))
    await approve(watch)
    for _ in range(3):
        await watch.poll()
        assert await watch.backend.holds.all() == []
    await watch.work()
    assert await inactive(run) == ids(4)


async def test_an_approval_ends_when_it_is_done(run: Delivery, watch: Watch) -> None:
    """Approved and done, the four return and leave once more == held anew."""
    await watch.poll(*with_leavers(4))
    await approve(watch)
    for records in (with_leavers(4), with_leavers(0)):
        await watch.round(*records)
    assert await inactive(run) == []
    await watch.round(*with_leavers(4))
    assert await inactive(run) == []
    assert (await watch.hold()).count == 4


async def test_an_approval_during_a_poll_counts(run: Delivery, watch: Watch) -> None:
    """Approved while a poll is under way == the approval holds for the next poll too."""
    await watch.poll(*with_leavers(3))
    await watch.poller.stand_down()
    during = Watch(interrupted(run.backend, lambda: approve(watch)), run.deliverer.route, run.clock)
    await during.poll(*with_leavers(3))
    await during.poller.stand_down()
    await watch.round()
    assert await watch.backend.holds.all() == []
    assert await inactive(run) == ids(3)


async def test_a_hold_whose_cause_has_gone_is_withdrawn(run: Delivery, watch: Watch) -> None:
    """4 leave, 3 of them return == no hold any more, the one is deactivated, the three keep everything."""
    await watch.poll(*with_leavers(4))
    await watch.round(*with_leavers(1))
    assert await watch.backend.holds.all() == []
    assert await watch.backend.holds.count("directory") == 0
    assert await inactive(run) == ["p000"]
    assert [event["hold"] for event in await watch.events("withdrawn")] == ["directory-remove"]
    assert (await run.entry("p003")).state is State.APPLIED


async def test_a_higher_limit_lets_go(run: Delivery, watch: Watch) -> None:
    """Held, and the limit is taken away in the configuration == delivered without another word."""
    await watch.poll(*with_leavers(3))
    await watch.poller.stand_down()
    settings = run.deliverer.route.settings.model_copy(update={"limits": Limits()})
    route = Route("directory", settings, load("scim").mapping)
    await Watch(run.backend, route, run.clock).poll(*with_leavers(3))
    await watch.work()
    assert await inactive(run) == ids(3)


async def test_a_restart_keeps_holds(run: Delivery, watch: Watch) -> None:
    """A new service, with an approval and a rejection before it == both as they were, said once."""
    await watch.poll(*with_leavers(4))
    first = await watch.hold()
    await watch.backend.holds.reject(first, "Petra", watch.clock.now)
    await watch.poller.stand_down()
    run.clock.now += 3600
    after = Watch(run.backend, run.deliverer.route, run.clock, run.deliverer)
    with capture_logs() as logs:
        await after.poll(*with_leavers(5))
        await after.work()
    hold = await after.hold()
    assert (hold.since, hold.state, hold.by, hold.count) == (first.since, "rejected", "Petra", 5)
    assert [log for log in logs if log["event"] == "held"] == []
    assert await inactive(run) == []
    await approve(after)
    await after.poller.stand_down()
    last = Watch(run.backend, run.deliverer.route, run.clock, run.deliverer)
    await last.poll(*with_leavers(5))
    await last.work()
    assert await inactive(run) == ids(5)
