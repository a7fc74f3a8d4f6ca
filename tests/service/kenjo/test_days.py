"""First and last days through the builder, and what they do to an account at a real SCIM server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model import Key, Kind, Outcome
from bridge.store.backend import Backend
from service.kenjo.fields import ACCOUNTS, WORKS
from tests.delivery import Delivery, delivery
from tests.service.account import ANA, BERLIN, EMAIL, TITLE, account, person, row, snap

MINUTE = timedelta(minutes=1)
ZONES = ("Europe/Berlin", "Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Kolkata")


def state(now: datetime, **works: Any) -> str:
    """Ana's lifecycle at a moment; `zone` is her office's own."""
    zone, lead = works.pop("zone", None), works.pop("lead_days", 0)
    lists = account()
    row(lists, WORKS, ANA).update(officeId=BERLIN, **works)
    zones = {"Berlin": ZoneInfo(zone)} if zone else {}
    found: str = person(snap(lists, TITLE, now=now, office_zones=zones, lead_days=lead), ANA)["lifecycle"]
    return found


def midnight(zone: str, day: date) -> datetime:
    """The first moment of a day in a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@given(
    st.sampled_from(ZONES),
    st.dates(date(2020, 1, 1), date(2032, 12, 31)),
    st.integers(0, 60),
)
def test_the_first_day_begins_at_the_offices_midnight(zone: str, start: date, lead: int) -> None:
    """A minute before midnight of the first day less the lead == upcoming, at midnight == active."""
    begin = midnight(zone, start - timedelta(days=lead))
    dates = {"startDate": start.isoformat(), "zone": zone, "lead_days": lead}
    assert [state(begin - MINUTE, **dates), state(begin, **dates)] == ["upcoming", "active"]


@given(st.sampled_from(ZONES), st.dates(date(2020, 1, 1), date(2032, 12, 31)), st.integers(0, 60))
def test_who_started(zone: str, start: date, lead: int) -> None:
    """From midnight of the first day itself, whatever the lead, for two weeks and a day == whoever works."""

    def started(now: datetime, **account_cells: Any) -> bool:
        lists = account()
        row(lists, WORKS, ANA).update(officeId=BERLIN, startDate=start.isoformat())
        row(lists, ACCOUNTS, ANA).update(account_cells)
        zones = {"Berlin": ZoneInfo(zone)}
        found = snap(lists, EMAIL, now=now, office_zones=zones, lead_days=lead).started
        return Key(Kind.PERSON, ANA) in found

    begin, end = midnight(zone, start), midnight(zone, start + timedelta(days=15))
    assert [started(at) for at in (begin - MINUTE, begin, end - MINUTE, end)] == [False, True, True, False]
    assert started(begin, email=["unreadable"])
    assert not started(begin, isActive=False)


@given(st.sampled_from(ZONES), st.dates(date(2020, 1, 1), date(2032, 12, 31)))
def test_the_last_day_ends_at_the_offices_midnight(zone: str, end: date) -> None:
    """A minute before midnight after the last day == active, at midnight == left; a lead changes nothing."""
    over = midnight(zone, end + timedelta(days=1))
    dates = {"contractEnd": end.isoformat(), "zone": zone, "lead_days": 30}
    assert [state(over - MINUTE, **dates), state(over, **dates)] == ["active", "left"]


@pytest.mark.parametrize(
    ("zone", "before", "begin"),
    [
        ("Europe/Berlin", "2026-03-28T22:59Z", "2026-03-28T23:00Z"),  # the day that lacks an hour
        ("Europe/Berlin", "2026-10-24T21:59Z", "2026-10-24T22:00Z"),  # the day that has one more
        ("America/New_York", "2026-03-29T03:59Z", "2026-03-29T04:00Z"),  # already in summer time there
    ],
)
def test_days_on_which_clocks_change(zone: str, before: str, begin: str) -> None:
    """A first day on which clocks change begins at its own midnight."""
    start = "2026-10-25" if "10-24" in before else "2026-03-29"
    moments = [datetime.fromisoformat(moment) for moment in (before, begin)]
    assert [state(at, startDate=start, zone=zone) for at in moments] == ["upcoming", "active"]


def test_two_offices_have_two_midnights() -> None:
    """The same contract end: in Auckland over at noon UTC, in New York for another 17 hours not."""
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    ends = {"contractEnd": "2026-01-31"}
    assert state(noon, zone="Pacific/Auckland", **ends) == "left"
    assert state(noon + timedelta(hours=16), zone="America/New_York", **ends) == "active"
    assert state(noon + timedelta(hours=17), zone="America/New_York", **ends) == "left"


def test_leap_day() -> None:
    """A contract until 29 February ends that night; one day of lead before 1 March is 29 February."""
    at = {day: midnight("Europe/Berlin", day) for day in (date(2028, 2, 28), date(2028, 2, 29))}
    after = midnight("Europe/Berlin", date(2028, 3, 1))
    assert [state(moment, contractEnd="2028-02-29") for moment in (*at.values(), after)] == [
        "active",
        "active",
        "left",
    ]
    states = [state(moment, startDate="2028-03-01", lead_days=1) for moment in at.values()]
    assert states == ["upcoming", "active"]


FIELDS = (
    *(("person", "work", name) for name in ("jobTitle", "department", "company", "employeeNumber")),
    *(("person", "work", name) for name in ("workPhone", "workMobile", "reportsToId")),
    *(("person", "account", name) for name in ("email", "language")),
    *(("person", "personal", name) for name in ("firstName", "lastName", "displayName")),
)


async def day(run: Delivery, today: str, **works: Any) -> None:
    """Build that day's record of Ana and deliver it, as a poll and a worker do."""
    lists = account()
    row(lists, WORKS, ANA).update(works)
    now = datetime.fromisoformat(f"{today}T12:00Z")
    run.clock.now = now.timestamp()
    await run.deliver(snap(lists, *FIELDS, now=now).records[Key(Kind.PERSON, ANA)])


async def accounts(run: Delivery) -> list[tuple[str, bool]]:
    """Id and `active` of every account."""
    return [(user["id"], user["active"]) for user in await run.users()]


async def test_the_day_itself_opens_and_closes_the_account(backend: Backend) -> None:
    """Nothing changes in Kenjo: no account, on the first day one, after the last day inactive."""
    async with delivery(backend) as run:
        contract = {"startDate": "2026-05-04", "contractEnd": "2026-06-30"}
        await day(run, "2026-05-03", **contract)
        assert await accounts(run) == []
        await day(run, "2026-05-04", **contract)
        ((id_, active),) = await accounts(run)
        assert active
        await day(run, "2026-06-30", **contract)
        assert await accounts(run) == [(id_, True)]
        await day(run, "2026-07-01", **contract)
        assert await accounts(run) == [(id_, False)]


async def test_a_moved_end_undoes_what_was_scheduled(backend: Backend) -> None:
    """The end was reached and is moved into the future, then taken away == active again, nothing deleted."""
    async with delivery(backend, removal={"left": "delete", "after_days": 3}) as run:
        await day(run, "2026-06-01")
        ((id_, _),) = await accounts(run)
        await day(run, "2026-07-01", contractEnd="2026-06-30")
        assert await accounts(run) == [(id_, False)]
        assert (await run.entry(ANA)).delete_at > 0
        await day(run, "2026-07-02", contractEnd="2026-12-31")
        assert await accounts(run) == [(id_, True)]
        assert (await run.entry(ANA)).delete_at == 0
        await day(run, "2026-07-20", contractEnd=None)
        assert await accounts(run) == [(id_, True)]


async def test_a_moved_start_keeps_the_account_away(backend: Backend) -> None:
    """The first day is put off before it comes == no account on the former day, one on the new day."""
    async with delivery(backend) as run:
        await day(run, "2026-05-03", startDate="2026-05-04")
        await day(run, "2026-05-04", startDate="2026-06-01")
        assert await accounts(run) == []
        await day(run, "2026-06-01", startDate="2026-06-01")
        assert [active for _, active in await accounts(run)] == [True]


async def test_a_rehired_person_gets_the_same_account_back(backend: Backend) -> None:
    """Left, re-hired with a later start: inactive until that day, then the same account, active."""
    async with delivery(backend) as run:
        await day(run, "2026-01-15", startDate="2024-01-01")
        ((id_, _),) = await accounts(run)
        await day(run, "2026-02-01", startDate="2024-01-01", contractEnd="2026-01-31")
        await day(run, "2026-02-15", startDate="2026-03-01", contractEnd="2026-01-31")
        assert await accounts(run) == [(id_, False)]
        await day(run, "2026-03-01", startDate="2026-03-01", contractEnd="2026-01-31")
        assert await accounts(run) == [(id_, True)]
        assert (await run.entry(ANA)).outcome is Outcome.UPDATED
