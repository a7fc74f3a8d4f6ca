"""The lifecycle of a person, day by day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.lifecycle import lifecycle, today_in
from bridge.model import Lifecycle

DAY = timedelta(days=1)
START, END = date(2024, 2, 29), date(2025, 2, 28)

days = st.dates(date(1970, 1, 1), date(2200, 1, 1))
leads = st.integers(0, 400)


@pytest.mark.parametrize(
    ("is_active", "today", "expected"),
    [
        (True, START - DAY, Lifecycle.UPCOMING),
        (False, START - DAY, Lifecycle.UPCOMING),
        (True, START, Lifecycle.ACTIVE),
        (False, START, Lifecycle.INACTIVE),
        (True, END, Lifecycle.ACTIVE),
        (False, END, Lifecycle.INACTIVE),
        (True, END + DAY, Lifecycle.LEFT),
        (False, END + DAY, Lifecycle.LEFT),
    ],
)
def test_first_and_last_day_belong_to_the_contract(is_active: bool, today: date, expected: Lifecycle) -> None:
    """Upcoming before the first day, left after the last one, in between what Kenjo's isActive says."""
    assert lifecycle(is_active=is_active, start=START, end=END, today=today) is expected


@pytest.mark.parametrize(
    ("today", "is_active", "expected"),
    [
        (date(2025, 12, 31), True, Lifecycle.ACTIVE),  # still under the old contract
        (date(2025, 12, 31), False, Lifecycle.UPCOMING),
        (date(2026, 1, 1), True, Lifecycle.LEFT),  # between the contracts
        (date(2026, 2, 21), True, Lifecycle.LEFT),
        (date(2026, 2, 22), True, Lifecycle.ACTIVE),  # seven days before the new contract
        (date(2026, 2, 22), False, Lifecycle.INACTIVE),
        (date(2027, 1, 1), True, Lifecycle.ACTIVE),
    ],
)
def test_end_before_start_is_the_contract_before(today: date, is_active: bool, expected: Lifecycle) -> None:
    """A re-hired person works until the old end and again from the new start less the lead."""
    state = lifecycle(
        is_active=is_active, start=date(2026, 3, 1), end=date(2025, 12, 31), today=today, lead_days=7
    )
    assert state is expected


def test_lead_days_cross_a_leap_day() -> None:
    """One day before 1 March is 29 February in a leap year."""
    start = date(2028, 3, 1)
    states = [
        lifecycle(is_active=True, start=start, end=None, today=date(2028, 2, day), lead_days=1)
        for day in (28, 29)
    ]
    assert states == [Lifecycle.UPCOMING, Lifecycle.ACTIVE]


@pytest.mark.parametrize("is_active", [True, False])
def test_first_and_last_year_are_no_limit(is_active: bool) -> None:
    """A lead before the year 1 and an end in the year 9999 still give what isActive says."""
    state = lifecycle(is_active=is_active, start=date.min, end=date.max, today=date.min, lead_days=30)
    assert state is (Lifecycle.ACTIVE if is_active else Lifecycle.INACTIVE)


@given(st.booleans(), days)
def test_without_dates_only_is_active_counts(is_active: bool, today: date) -> None:
    """No start and no end == active or inactive on every day."""
    state = lifecycle(is_active=is_active, start=None, end=None, today=today)
    assert state is (Lifecycle.ACTIVE if is_active else Lifecycle.INACTIVE)


@given(st.booleans(), days, st.integers(0, 5000), leads)
def test_a_contract_passes_through_its_states_once(
    is_active: bool, start: date, length: int, lead: int
) -> None:
    """Day by day around both ends: upcoming, then active (or inactive), then left; never back."""
    end = start + length * DAY
    first = start - lead * DAY
    working = Lifecycle.ACTIVE if is_active else Lifecycle.INACTIVE
    seen = [
        lifecycle(is_active=is_active, start=start, end=end, today=today, lead_days=lead)
        for today in (first - DAY, first, end, end + DAY)
    ]
    assert seen == [Lifecycle.UPCOMING, working, working, Lifecycle.LEFT]


@given(days, st.none() | days, st.none() | days, leads)
def test_inactive_in_kenjo_is_never_active(
    today: date, start: date | None, end: date | None, lead: int
) -> None:
    """Inactive in Kenjo != active, whatever the dates are."""
    state = lifecycle(is_active=False, start=start, end=end, today=today, lead_days=lead)
    assert state is not Lifecycle.ACTIVE


@given(days, st.none() | days, st.none() | days, leads)
def test_lead_only_brings_the_first_day_forward(
    today: date, start: date | None, end: date | None, lead: int
) -> None:
    """Who is active without a lead is active with one."""
    without = lifecycle(is_active=True, start=start, end=end, today=today)
    with_lead = lifecycle(is_active=True, start=start, end=end, today=today, lead_days=lead)
    assert with_lead is without or with_lead is Lifecycle.ACTIVE


def test_day_begins_at_midnight_of_the_zone() -> None:
    """One moment is three days at once, from Pago Pago to Kiritimati."""
    now = datetime(2026, 1, 1, 10, 59, tzinfo=UTC)
    zones = ("Pacific/Auckland", "Europe/Berlin", "Pacific/Pago_Pago", "Pacific/Kiritimati")
    assert [today_in(ZoneInfo(zone), now).isoformat() for zone in zones] == [
        "2026-01-01",
        "2026-01-01",
        "2025-12-31",
        "2026-01-02",
    ]


def test_day_follows_summer_time() -> None:
    """22:30 UTC is the next day in Berlin in summer, and still the same day in winter."""
    berlin = ZoneInfo("Europe/Berlin")
    summer, winter = datetime(2026, 7, 1, 22, 30, tzinfo=UTC), datetime(2026, 1, 1, 22, 30, tzinfo=UTC)
    assert (today_in(berlin, summer), today_in(berlin, winter)) == (date(2026, 7, 2), date(2026, 1, 1))


def test_time_without_a_zone_is_refused() -> None:
    """A naive time names no moment, so it has no day."""
    with pytest.raises(ValueError, match="no zone"):
        today_in(ZoneInfo("Europe/Berlin"), datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test
