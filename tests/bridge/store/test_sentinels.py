"""Sentinels say which Redis is the primary: real ones, which choose another when the first one is silent."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bridge.config.redis_settings import RedisSettings
from bridge.errors import StoreUnavailable
from bridge.store.backend import open_backend
from tests.bridge.store.test_redis_kinds import takes_connections
from tests.chaos.processes import Process
from tests.chaos.watched import SENTINELS, Watched
from tests.running import until

PASSWORD = "for-tests-only"


@dataclass(frozen=True)
class Running:
    """A primary, two replicas and three Sentinels that run."""

    watched: Watched
    processes: dict[str, Process]

    @property
    def settings(self) -> RedisSettings:
        """What the bridge is told of them."""
        return RedisSettings(**self.watched.settings)


@asynccontextmanager
async def running(*lines_of_sentinels: str) -> AsyncIterator[Running]:
    """All of them, whole; ended at the end of the context."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="kb-"))
    watched = Watched.prepare(folder, lines_of_sentinels)
    processes = {name: Process(name, command, folder) for name, command in watched.commands.items()}
    async with AsyncExitStack() as stack:
        for process in processes.values():
            stack.push_async_callback(process.end)
            process.start()
        if not lines_of_sentinels:
            await watched.wait_until_whole(30)
        yield Running(watched, processes)


async def test_what_is_written_after_a_failover_is_kept() -> None:
    """The primary hangs and wakes up as if it were one still == no word that was taken since is lost."""
    async with running() as there, open_backend(there.settings) as backend:
        redis: Any = backend.redis
        (former,) = await there.watched.primaries()
        await redis.rpush("said", "before")
        there.processes[former].send(signal.SIGSTOP)
        frozen = time.monotonic()
        taken, woken, number = [], False, 0
        while time.monotonic() - frozen < 14:
            number += 1
            try:
                await asyncio.wait_for(redis.rpush("said", number), 1)
                taken.append(number)
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(0.1)
            if not woken and len(taken) >= 20:
                there.processes[former].send(signal.SIGCONT)
                woken = True
            await asyncio.sleep(0.02)
        assert woken, "no other primary was chosen"
        await there.watched.wait_until_whole(20)
        (now,) = await there.watched.primaries()
        assert now != former
        async with Redis(port=there.watched.ports[now]) as primary:
            kept = [int(word) for word in (await primary.lrange("said", 1, -1))]  # type: ignore[misc]
        assert set(taken) <= set(kept)


async def test_a_minority_of_sentinels_is_not_believed() -> None:
    """Two of three are away == nothing is read or written, in a sentence; back again == it goes on."""
    async with running() as there, open_backend(there.settings) as backend:
        await backend.ready()
        async with there.processes[SENTINELS[0]].down(), there.processes[SENTINELS[1]].down():

            async def refused() -> bool:
                try:
                    await backend.ready()
                except StoreUnavailable as error:
                    return "more than half of redis.sentinels have to name the same primary" in str(error)
                return False

            await until(refused, 10)

        async def ready() -> bool:
            try:
                await backend.ready()
            except StoreUnavailable:
                return False
            return True

        await until(ready, 20)


async def test_one_of_them_may_be_away() -> None:
    """One of three is away == the other two are enough."""
    async with (
        running() as there,
        there.processes[SENTINELS[0]].down(),
        open_backend(there.settings) as backend,
    ):
        await backend.ready()


async def test_sentinels_with_a_password() -> None:
    """They want one == told which setting, and with it they are heard."""
    async with running(f"requirepass {PASSWORD}", f"sentinel sentinel-pass {PASSWORD}") as there:
        for one in there.settings.sentinels:
            await until(partial(takes_connections, int(one.rpartition(":")[2])), 20)
        with pytest.raises(StoreUnavailable, match=r"set redis\.sentinel_user and redis\.sentinel_password"):
            await until(lambda: _opens(there.settings), 20)
        told = RedisSettings(**there.watched.settings, sentinel_password=PASSWORD)
        await until(lambda: _opens(told, patient=True), 20)


async def _opens(settings: RedisSettings, *, patient: bool = False) -> bool:
    try:
        async with open_backend(settings) as backend:
            await backend.ready()
    except (StoreUnavailable, RedisError):  # such as too few replicas, which are only starting
        if patient:
            return False
        raise
    return True
