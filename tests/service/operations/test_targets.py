"""A target that is closed is opened by `check` and by a person, who may also close it for a while."""

from __future__ import annotations

import asyncio

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
    assert [event["what"] for event in (await fresh("audit", "--json")).json_lines] == ["resumed"]


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


async def test_a_person_lets_a_target_rest(fresh: Operator) -> None:
    """`targets pause` == a sync sends nothing, nothing fails, and `status` says why; `resume` delivers it."""
    done = await fresh("targets", "pause", "directory", "--reason", "their upgrade")
    assert (done.code, "targets resume directory" in done.out) == (0, True)
    done = await fresh("sync", "--json")
    row = done.json["targets"]["directory"]
    assert (done.code, row["state"], row["failed"], row["pending"] > 20) == (0, "maintenance", 0, True)
    assert not fresh.here.proxy.writes
    assert "their upgrade (by " in (await fresh("status")).out.replace("\n", " ")
    assert (await fresh("check")).code == 0
    assert await state(fresh) == "maintenance"
    await fresh("targets", "resume", "directory")
    done = await fresh("sync", "--json")
    assert (done.code, done.json["targets"]["directory"]["pending"]) == (0, 0)
    said = [event["what"] for event in (await fresh("audit", "--count", "500", "--json")).json_lines]
    assert {"paused", "resumed"} <= set(said)


async def test_a_rest_ends_by_itself(fresh: Operator) -> None:
    """Until a moment == Redis ends it then; it takes the place of another pause, but not of a decision."""
    async with fresh.backend() as backend:
        gate = backend.gate("directory")
        await gate.pause(UNREACHABLE, "planted")
        await gate.rest("for a moment", 0.05)
        assert (await gate.paused())["state"] == "maintenance"
        await asyncio.sleep(0.1)
        assert await gate.paused() == {}
    done = await fresh("targets", "pause", "directory", "--until", "2099-01-31T18:30")
    assert (done.code, "at 2099-01-31 18:30:00 CET" in done.out) == (0, True)
    async with fresh.backend() as backend:
        assert await backend.redis.pttl(backend.keys.at("directory", "state")) > 70 * 365 * 86400 * 1000
        await backend.gate("directory").reopen()
        await backend.gate("directory").pause(HELD, "planted")
    done = await fresh("targets", "pause", "directory")
    assert (done.code, await state(fresh)) == (3, HELD)


@pytest.mark.parametrize("until", ["tomorrow", "25:00", "2020-01-31T18:30", "2030-02-31T18:30", ""])
async def test_a_time_that_is_none(fresh: Operator, until: str) -> None:
    """Not a time, or one that is over == one sentence, and the target goes on."""
    done = await fresh("targets", "pause", "directory", f"--until={until or 'x'}")
    assert (done.code, len(done.err.strip().splitlines())) == (3, 1)
    assert await state(fresh) == "running"
