"""`plan --on` of a day is what that day brings until its end, where the company is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.model import Key
from service.operations.days import moment_of
from service.operations.planning import plan
from tests.service.operated import Operator

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("Europe/Berlin", date(2026, 3, 1), "2026-03-01T22:59:59.999999"),
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T21:59:59.999999"),  # of 23 hours
        ("Pacific/Auckland", date(2026, 3, 2), "2026-03-02T10:59:59.999999"),
        ("America/New_York", date(2026, 3, 1), "2026-03-02T04:59:59.999999"),
    ],
)
def test_a_day_ends_where_the_company_is(zone: str, day: date, end: str) -> None:
    """A day in a zone == its last moment, also of a day that is shorter, and of today."""
    assert moment_of(BridgeSettings(timezone=zone), day, NOW) == datetime.fromisoformat(f"{end}+00:00")


def test_days_that_have_no_plan() -> None:
    """A day that has passed there, or the last one of all == a sentence; no day at all: now."""
    values = BridgeSettings(timezone="Pacific/Auckland")
    assert moment_of(values, None, NOW) == NOW
    for day in (date(2026, 3, 1), date.max):
        with pytest.raises(ConfigurationError, match=r"take today or|is the last day"):
            moment_of(values, day, NOW)


async def test_what_comes_late_in_a_day(operator: Operator) -> None:
    """A deletion in the evening, a first day in an office far in the west == both in the plan of that day."""
    here, closed = operator.here, operator.people()[0]
    office = min(here.sandbox.account.tables["offices"])
    here.config |= {"timezone": "Pacific/Auckland", "timezones": {office: "Pacific/Honolulu"}}
    operator.target["removal"] = {"inactive": "delete", "after_days": 5}
    here.sandbox.actions.leave(employee=closed)
    await operator.sync()
    async with operator.bridge() as bridge:
        zone, entry = (
            bridge.values.zone,
            await bridge.backend.ledger("directory").entry(Key.parse(f"person:{closed}")),
        )
    assert entry
    falls_due = datetime.fromtimestamp(entry.delete_at, zone)
    start = falls_due.date().isoformat()
    hired = here.sandbox.actions.hire(start=start, office=office, active=True)["account"]["_id"]
    for days in (-1, 0):
        day = falls_due.date() + timedelta(days=days)
        moment = moment_of(BridgeSettings(timezone=str(zone)), day, datetime.now(UTC))
        async with operator.bridge() as bridge:
            steps = (await plan(bridge, moment, day=day)).targets["directory"].steps
        done = {step.key.id: step.action for step in steps}
        late = (done.get(closed, ""), done.get(hired, ""))
        assert late == (("deleted", "created") if days == 0 else ("", "skipped"))
