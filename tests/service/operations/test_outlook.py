"""How much was done on each of the last days: counted as it is noted, whatever else is in the audit."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.config.settings import BridgeSettings
from bridge.metrics import Metrics
from bridge.model import DAY, HORIZON
from bridge.store.backend import Backend
from service.operations.assembly import Bridge
from service.operations.outlook import done_by_day
from tests.delivery import Delivery, delivery, person
from tests.service.operated import Operator, park


@pytest.fixture
async def run(backend: Backend) -> AsyncIterator[Delivery]:
    async with delivery(backend, rate=1000) as ready:
        yield ready


def bridge_of(run: Delivery, zone: str) -> Bridge:
    return Bridge(BridgeSettings.model_construct(timezone=zone), run.backend, {}, Metrics(), None)


def at(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "Pacific/Auckland", "America/St_Johns"])
async def test_a_day_begins_and_ends_where_the_company_is(run: Delivery, zone: str) -> None:
    """A create late in a day, updates after midnight, one before the days shown == as days count there."""
    run.clock.now = at("2030-03-01T23:59", zone) - HORIZON * DAY
    await run.deliver(person("old"))
    for moment, title in (
        ("2030-03-01T23:59", "Lead"),
        ("2030-03-02T00:00", "Head"),
        ("2030-03-02T00:01", "CEO"),
    ):
        run.clock.now = at(moment, zone)
        await run.deliver(person("ana", title=title))
    done = await done_by_day(bridge_of(run, zone), run.clock.now)
    assert list(done)[-1] == date(2030, 3, 2)
    assert len(done) == HORIZON
    assert {day: number for day, number in done.items() if number} == {
        date(2030, 3, 1): 1,
        date(2030, 3, 2): 2,
    }


async def test_no_number_of_events_hides_a_day(run: Delivery) -> None:
    """One create, and 6,000 other events since == it is still counted."""
    await run.deliver(person("ana"))
    for number in range(6000):
        await run.backend.audit.note("retried", run.clock.now, target="directory", record=f"person:{number}")
    done = await done_by_day(bridge_of(run, "UTC"), run.clock.now + DAY)
    assert list(done.values())[-2:] == [1, 0]


async def test_what_changed_nothing_is_not_counted(operator: Operator) -> None:
    """Everybody is created, read back with nothing to do, and two fail == those who were created."""
    await operator.sync()
    async with operator.bridge() as bridge:
        before = sum((await done_by_day(bridge, time.time())).values())
    assert before >= len(operator.people())
    await operator.sync(verify=True)
    await park(operator, *operator.people()[:2])
    async with operator.bridge() as bridge:
        assert sum((await done_by_day(bridge, time.time())).values()) == before


async def test_a_damaged_count_is_in_nobodys_way(run: Delivery) -> None:
    """What stands there is no hash, or no number == deliveries go on, and the other days are told."""
    redis: Any = run.backend.redis
    name = run.backend.keys.of(f"given:{int(run.clock.now // DAY)}")
    await redis.set(name, "x")
    await run.deliver(person("ana"))
    assert (await run.user("ana"))["active"]
    await redis.delete(name)
    quarter = int(run.clock.now % DAY // 900)
    await redis.hset(name, mapping={str(quarter): "x", "y": "1"})
    await run.deliver(person("ana", title="Lead"))
    assert (await run.user("ana"))["title"] == "Lead"
    run.clock.now += DAY
    await run.deliver(person("ana", title="Head"))
    assert list((await done_by_day(bridge_of(run, "UTC"), run.clock.now)).values())[-2:] == [0, 1]


async def test_old_days_are_forgotten(run: Delivery) -> None:
    """A count lasts for the days that are shown, and not for ever."""
    await run.deliver(person("ana"))
    redis: Any = run.backend.redis
    (name,) = [key async for key in redis.scan_iter(match=run.backend.keys.of("given:*"))]
    left = await redis.ttl(name)
    assert HORIZON * DAY < left < (HORIZON + 5) * DAY
