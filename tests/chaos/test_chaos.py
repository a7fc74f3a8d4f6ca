"""A short run of the chaos: real processes, a few kills, everybody compared."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from tests.chaos.__main__ import keep_or_remove, play
from tests.chaos.playing import Plan

KINDS = ("kill both", "cut redis's power", "directory fails")


async def test_nothing_is_lost_doubled_or_wrongly_removed() -> None:
    """Kills, a power cut of Redis and a failing directory == everybody as in Kenjo, nobody twice."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="chaos-"))  # short, for Redis's socket
    plan = Plan(rounds=len(KINDS), people=60, patience=90, kinds=KINDS, hurried=True)
    result = await play(folder, plan)
    await asyncio.to_thread(keep_or_remove, result, folder)
    assert result.problems == {what: [] for what in result.problems}
    assert result.restarts >= 3
    assert result.record["faults"]


@pytest.mark.long  # tests/bridge/store/test_sentinels.py has a failover in what is always run
async def test_a_redis_that_fails_over() -> None:
    """The primary dies, another time hangs and wakes up as one of two == the same, by the Sentinels' word."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="chaos-"))
    kinds = ("fail over", "cut the primary off")
    plan = Plan(rounds=len(kinds), people=60, patience=90, kinds=kinds, hurried=True, watched=True)
    result = await play(folder, plan)
    await asyncio.to_thread(keep_or_remove, result, folder)
    assert result.problems == {what: [] for what in result.problems}
