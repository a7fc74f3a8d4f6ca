"""`timezones` and `lead_days` from bridge.yaml to the directory, by the command itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.world import World, expected, world

EARLY, LATE = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # 25 hours apart: never the same day


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as ready:
        yield ready


async def synced(here: World, id_: str) -> bool:
    """Whether a person has an account after a sync."""
    done = await here.run("sync")
    assert done.code == 0, done.err
    return id_ in {user["externalId"] for user in await here.users()}


async def test_an_office_has_days_of_its_own(here: World) -> None:
    """The first day has come by the default zone: without an account by the office's own zone, else with."""
    id_ = next(iter(expected(here.sandbox)))
    work = here.sandbox.account.employees[id_]["work"]
    work["startDate"] = datetime.now(UTC).astimezone(ZoneInfo(EARLY)).date().isoformat()
    office = here.sandbox.account.tables["offices"][work["officeId"]]["name"]
    here.config |= {"timezone": EARLY, "timezones": {office: LATE}}
    assert not await synced(here, id_)
    here.config |= {"timezones": {}}
    assert await synced(here, id_)


async def test_lead_days_bring_the_account_forward(here: World) -> None:
    """A first day in 30 days: no account with a lead of 20 days, one with a lead of 40."""
    id_ = next(iter(expected(here.sandbox)))
    start = datetime.now(UTC).date() + timedelta(days=30)
    here.sandbox.account.employees[id_]["work"]["startDate"] = start.isoformat()
    here.config |= {"lead_days": 20}
    assert not await synced(here, id_)
    here.config |= {"lead_days": 40}
    assert await synced(here, id_)


async def test_check_names_an_office_that_kenjo_has_not(here: World) -> None:
    """A misspelt office in `timezones` == a problem that names the nearest one."""
    office = next(iter(here.sandbox.account.tables["offices"].values()))["name"]
    here.config |= {"timezones": {office: LATE, office[:-1] + "x": LATE}}
    done = await here.run("check")
    assert done.code == 3
    assert f"timezones names the office '{office[:-1]}x', which Kenjo does not have" in done.out
    assert f"did you mean {office}?" in done.out
