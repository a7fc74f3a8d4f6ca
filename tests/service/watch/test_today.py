"""A target whose expressions use `today` is looked at each day, on real Redis and a real SCIM server."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bridge.mapping.environment import Environment
from bridge.mapping.route import Route
from bridge.model import Record, State
from bridge.store.backend import Backend
from service.watch.pending import assess
from tests.delivery import TARGET, Delivery, delivery, person
from workers.targets import load

BERLIN = ZoneInfo("Europe/Berlin")
SCOPE = 'person.work.jobTitle != "Intern" || today >= "2026-03-02"'
BANNER = 'today >= "2026-03-02" ? "Spring" : "Winter"'


def at(run: Delivery, moment: str) -> None:
    run.clock.now = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def use(run: Delivery, **settings: str | dict[str, str]) -> Route:
    """Give the deliverer a route with these settings and its own clock, as a process has."""
    settings_ = type(run.deliverer.route.settings).model_validate(
        {**run.deliverer.route.settings.model_dump(), **settings}
    )
    environment = Environment(zone=BERLIN, clock=lambda: datetime.fromtimestamp(run.clock.now, UTC))
    route = Route(TARGET, settings_, load("scim").mapping, environment=environment)
    object.__setattr__(run.deliverer, "route", route)
    return route


async def pending(run: Delivery, route: Route) -> set[str]:
    known = await run.backend.records.known()
    return {key.id for key in (await assess(known, route, run.backend, run.clock.now)).pending}


async def day(run: Delivery, route: Route) -> None:
    """Deliver what the poll finds behind."""
    known = await run.backend.records.known()
    for key in (await assess(known, route, run.backend, run.clock.now)).pending:
        await run.deliverer.deliver(key)


async def begin(run: Delivery, *records: Record) -> None:
    at(run, "2026-03-01T12:00")
    await run.know(*records)


async def test_the_day_brings_people_into_scope(backend: Backend) -> None:
    """Nothing changes in Kenjo; at Berlin's midnight an intern comes into scope == an account that day."""
    async with delivery(backend) as run:
        route = use(run, scope=SCOPE)
        await begin(run, person("ana"), person("ben", title="Intern"))
        await day(run, route)
        assert [user["externalId"] for user in await run.users()] == ["ana"]
        at(run, "2026-03-01T22:59")
        assert await pending(run, route) == set()
        at(run, "2026-03-01T23:00")
        assert await pending(run, route) == {"ana", "ben"}
        await day(run, route)
        assert {user["externalId"] for user in await run.users()} == {"ana", "ben"}
        assert await pending(run, route) == set()


async def test_the_day_changes_a_mapped_value(backend: Backend) -> None:
    """A mapping with `today` == the new value on its day; a day without a difference sends nothing."""
    async with delivery(backend) as run:
        route = use(run, map={"title": BANNER})
        await begin(run, person("ana"))
        await day(run, route)
        at(run, "2026-03-02T12:00")
        await day(run, route)
        assert (await run.user("ana"))["title"] == "Spring"
        run.proxy.seen.clear()
        at(run, "2026-03-03T12:00")
        assert await pending(run, route) == {"ana"}
        await day(run, route)
        assert run.proxy.seen == []
        assert await pending(run, route) == set()
        assert (await run.entry("ana")).state is State.APPLIED


async def test_a_worker_whose_clock_is_behind(backend: Backend) -> None:
    """The poller's day has begun, the worker's has not == asked for again until it has, then right."""
    async with delivery(backend) as run:
        theirs = use(run, map={"title": BANNER})
        await begin(run, person("ana"))
        await day(run, theirs)
        ahead = Environment(zone=BERLIN, clock=lambda: datetime(2026, 3, 1, 23, 0, 1, tzinfo=UTC))
        poller = Route(TARGET, theirs.settings, load("scim").mapping, environment=ahead)
        at(run, "2026-03-01T22:59")
        await day(run, poller)
        assert (await run.user("ana"))["title"] == "Winter"
        assert await pending(run, poller) == {"ana"}
        at(run, "2026-03-01T23:00")
        await day(run, poller)
        assert (await run.user("ana"))["title"] == "Spring"
        assert await pending(run, poller) == set()
