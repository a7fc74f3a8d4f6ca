"""People are told when somebody's first day has come and their account is not open."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any

import pytest

from bridge.config.settings import BridgeSettings
from bridge.model import Entry, Key, Kind, Lifecycle, Record, State, Stored
from service.operations.board import Board, Sight
from service.operations.conditions import conditions
from service.operations.notices import Teller
from service.operations.standing import Stand, Standing
from tests.service.operated import Operator
from workers.testing.proxy import echo

NOW, ANA = 1_700_000_000.0, Key(Kind.PERSON, "a")
LEADS = type("Leads", (), {"leads": True})()


@asynccontextmanager
async def told(operator: Operator) -> AsyncIterator[Callable[..., Any]]:
    """A function that looks at a moment, by default now, and returns what was told: its lines."""

    async def send(_subject: str, text: str) -> list[bool]:
        sent.append(text)
        return [True]

    sent: list[str] = []
    async with operator.bridge() as bridge:
        teller = Teller(bridge, Board(bridge), send, LEADS)

        async def look(at: float = 0.0) -> list[str]:
            sent.clear()
            await teller.look(at or time.time())
            return [line.removeprefix("- ") for text in sent for line in text.splitlines()]

        yield look


async def look_once(operator: Operator) -> list[str]:
    """What a process that starts now tells."""
    async with told(operator) as look:
        found: list[str] = await look()
    return found


def hire(operator: Operator, days: int = 0) -> str:
    """Somebody starts in so many days; their id."""
    start = operator.here.sandbox.account.today + timedelta(days=days)
    person = operator.here.sandbox.actions.hire(start=start.isoformat(), active=True)
    return str(person["account"]["_id"])


MISSED = "directory: 1 more started work without an open account, 1 in all"
OVER = "directory: nobody who started work waits for an open account any more"


async def test_an_account_that_fails(operator: Operator) -> None:
    """Two start and are refused, one is mended, then the other == told once each, grouped, without a name."""
    ids = [hire(operator), hire(operator, days=-14)]
    operator.here.proxy.fail_always(echo(400))
    await operator.sync()
    operator.here.proxy.fail_always(None)
    lines = await look_once(operator)
    assert lines == [
        "directory: 2 more failing, 2 in all",
        "directory: 2 more started work without an open account, 2 in all",
    ]
    assert await look_once(operator) == []
    await operator("failures", "retry", f"person:{ids[0]}")
    await operator.sync()
    assert await look_once(operator) == [
        "directory: 1 fewer without an open account since they started work, 1 in all"
    ]
    await operator("failures", "retry", f"person:{ids[1]}")
    await operator.sync()
    assert await look_once(operator) == ["directory: nobody fails any more", OVER]
    assert await look_once(operator) == []


async def test_names_where_the_settings_say_so(operator: Operator) -> None:
    """`names: true` == who it is; else the test above has them nowhere."""
    operator.here.config["notices"] = {"names": True}
    name = operator.here.sandbox.account.employees[hire(operator)]["personal"]["displayName"]
    operator.here.proxy.fail_always(echo(400))
    await operator.sync()
    assert await look_once(operator) == [
        f"directory: 1 more failing ({name}), 1 in all",
        f"directory: 1 more started work without an open account ({name}), 1 in all",
    ]


async def test_an_account_that_is_held(operator: Operator) -> None:
    """The limit of creates is reached == the hold, and that somebody waits for it; over once it is done."""
    operator.target["limits"] = {"create": {"count": 0, "percent": 0}}
    hire(operator)
    await operator.sync()
    (hold, missed) = await look_once(operator)
    assert ("held back" in hold, missed) == (True, MISSED)
    operator.target["limits"] = {}
    await operator.sync()
    assert await look_once(operator) == [OVER]


async def test_an_account_that_waits(operator: Operator) -> None:
    """The target rests == nothing while it may be on its way, then told; over when the account is there."""
    hire(operator)
    await operator("targets", "pause", "directory")
    await operator.sync()
    async with told(operator) as look:
        assert MISSED not in await look()
        assert MISSED in await look(time.time() + 301)
    await operator("targets", "resume", "directory")
    await operator.sync()
    assert OVER in await look_once(operator)


async def test_an_account_that_is_open(operator: Operator) -> None:
    """Somebody who started, and has their account, changes and is refused == failing, and no first day."""
    started = hire(operator)
    await operator.sync()
    operator.here.sandbox.actions.rename(employee=started, last_name="Planted")
    operator.here.proxy.fail_always(echo(400))
    await operator.sync()
    assert await look_once(operator) == ["directory: 1 more failing, 1 in all"]


async def test_whom_a_target_is_not_to_have(operator: Operator) -> None:
    """Out of scope, not active at Kenjo, left again, starting tomorrow == nothing."""
    operator.target["scope"] = 'person.work.jobTitle != "Cook"'
    actions, today = operator.here.sandbox.actions, operator.here.sandbox.account.today.isoformat()
    actions.hire(start=today, active=True, job_title="Cook")
    actions.hire(start=today)
    actions.leave(employee=hire(operator))
    hire(operator, days=1)
    operator.here.proxy.fail_always(echo(400))
    await operator.sync()
    assert not [line for line in await look_once(operator) if "started" in line]


async def test_a_row_that_cannot_be_used(operator: Operator) -> None:
    """Whoever starts has a broken cell beside a readable first day == missed, until it is put right."""
    work = operator.here.sandbox.account.employees[hire(operator)]["work"]
    former, work["contractEnd"] = work.get("contractEnd"), "31.12.2099"
    await operator.sync()
    assert MISSED in await look_once(operator)
    work["contractEnd"] = former
    await operator.sync()
    assert OVER in await look_once(operator)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "America/New_York"])
async def test_kenjo_is_not_read_over_midnight(operator: Operator, zone: str) -> None:
    """Quiet nights, and no poll since the eve == told in the morning where the company is, and not before."""
    operator.here.config |= {"timezone": zone, "notices": {"quiet": "00:00-06:00"}}
    async with operator.bridge() as bridge:
        company = bridge.values.zone
    today = datetime.now(UTC).astimezone(company).date()
    start = today + timedelta(days=2)
    operator.here.sandbox.actions.hire(start=start.isoformat(), active=True)
    await operator.sync()

    def at(hour: int, minute: int, day: Any = start) -> float:
        return datetime.combine(day, clock_time(hour, minute), company).timestamp()

    async with told(operator) as look:
        (line,) = await look(at(23, 59, start - timedelta(days=1)))
        assert line.startswith("Kenjo has not been read")
        assert await look(at(0, 10)) == []
        (line,) = await look(at(6, 0))
        assert line.startswith("Kenjo was not read since the first day of 1 more, 1 in all")
        assert await look(at(6, 1)) == []
    await operator.sync()
    assert await look_once(operator) in ([], ["Kenjo is read again"])  # quiet, if it is night there now


async def test_of_the_forgotten_nothing_is_noted(operator: Operator) -> None:
    """Somebody who has just started is forgotten == not among those who started."""
    started = hire(operator)
    await operator.sync()

    async def noted() -> bool:
        async with operator.backend() as backend:
            return f"person:{started}" in (await backend.records.last_snapshot() or {})["started"]

    assert await noted()
    assert (await operator("forget", started, "--yes")).code == 0
    await operator.sync()
    assert not await noted()


def lasting(standing: Standing, *, is_open: bool | None = None, state: str = "active") -> bool:
    """Whether a missed first day that was told, and is long past, is told of still."""
    stored = Stored(Record(ANA, {"lifecycle": Lifecycle(state)}), 1)
    entry = Entry(state=State.FAILED, open=is_open)
    sight = Sight(
        NOW,
        {"at": NOW, "started": []},
        {ANA: stored},
        {"directory": {ANA: entry}},
        {"directory": {ANA: Stand(standing)}},
    )
    return "first-day directory person:a" in conditions(
        sight, (), (), {"first-day directory person:a", "first-day gone person:a"}, BridgeSettings(), NOW
    )


def test_it_lasts_until_it_is_over() -> None:
    """Weeks later == over with an open account, a leaver, or where no account is to be; and else not."""
    assert all(lasting(one) for one in (Standing.FAILING, Standing.HELD, Standing.WAITING))
    assert not any(lasting(one) for one in (Standing.IN_STEP, Standing.LEFT_OUT))
    assert not lasting(Standing.FAILING, is_open=True)
    assert not lasting(Standing.FAILING, state="left")
