"""A target that is closed is opened by `check` and by a person."""

from __future__ import annotations

import pytest

from bridge.store.gate import HALTED, HELD, UNREACHABLE
from tests.service.operated import Operator

YEARS = 12 * 365 * 86400.0


async def state(operator: Operator) -> str:
    async with operator.backend() as backend:
        return (await backend.gate("directory").paused()).get("state", "running")


@pytest.mark.parametrize("how", ["throttled", HALTED, UNREACHABLE])
async def test_a_person_lets_a_target_go_on(fresh: Operator, how: str) -> None:
    """Asked to wait for years, halted or unreachable == it goes on at a word; a second does nothing."""
    async with fresh.backend() as backend:
        gate = backend.gate("directory")
        await (gate.throttle(YEARS) if how == "throttled" else gate.pause(how, "planted"))
    assert await state(fresh) == how
    done = await fresh("targets", "resume", "directory")
    assert (done.code, "it goes on" in done.out) == (0, True)
    assert await state(fresh) == "running"
    assert "not paused" in (await fresh("targets", "resume", "directory")).out
    assert [event["what"] for event in (await fresh("audit", "--json")).json] == ["resumed"]


async def test_a_decision_is_not_passed_by(fresh: Operator) -> None:
    """First contact waits for a decision == the command that shows it; an unknown target == the known."""
    async with fresh.backend() as backend:
        await backend.gate("directory").pause(HELD, "planted")
    done = await fresh("targets", "resume", "directory")
    assert (done.code, await state(fresh)) == (3, HELD)
    assert "kenjo-bridge holds show directory-first-contact" in done.err
    assert "there is: directory" in (await fresh("targets", "resume", "nowhere")).err


async def test_check_asks_a_target_that_wanted_time(fresh: Operator) -> None:
    """A target closed for years, which answers now == `check` is content, and it is open; a sync waits."""
    async with fresh.backend() as backend:
        await backend.gate("directory").throttle(YEARS)
    await fresh.sync(patience=0.5)
    assert await state(fresh) == "throttled"
    assert (await fresh("check")).code == 0
    assert await state(fresh) == "running"
