"""A task that talks to Redis ends when it is cancelled, whenever that happens."""

from __future__ import annotations

import asyncio

import pytest

from bridge.store.backend import Backend


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancellation_is_never_lost(backend: Backend, steps: int) -> None:
    """Cancelled after any number of the loop's steps == the task is cancelled, and not just its request."""

    async def work() -> None:
        for _ in range(20):
            await backend.redis.get("nothing")

    await backend.redis.ping()
    task = asyncio.create_task(work())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
