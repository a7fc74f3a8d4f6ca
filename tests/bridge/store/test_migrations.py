"""An older state is carried over once, a newer one is refused, and nobody of another version works beside."""

from __future__ import annotations

import asyncio
import os
from typing import cast

import pytest

from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.store import Keys
from bridge.store.backend import Backend, attach, open_backend
from bridge.store.connection import Connection
from bridge.store.migrations import Format, Migration
from tests.running import until


def opened(backend: Backend, known: int, *steps: int, log: list[int] | None = None) -> Format:
    """A version that knows a format; each step that it can take counts how often it was run."""

    def step(number: int) -> Migration:
        async def run(redis: Connection, keys: Keys) -> None:
            if log is not None:
                log.append(number)
            await redis.set(keys.of("mark"), str(number))

        return run

    redis = cast("Connection", backend.redis)
    return Format(redis, backend.keys, known, {number: step(number) for number in steps})


async def old(backend: Backend) -> None:
    """A state that was written before formats were counted."""
    await backend.redis.set(backend.keys.of("pepper"), "there")
    await backend.redis.delete(backend.keys.of("format"))


async def test_each_step_is_taken_once(backend: Backend) -> None:
    """From 1 to 3, opened again, and by three at once == each step once, in order."""
    await old(backend)
    log: list[int] = []
    await asyncio.gather(*(opened(backend, 3, 1, 2, log=log).bring_up() for _ in range(3)))
    await opened(backend, 3, 1, 2, log=log).bring_up()
    assert (log, await opened(backend, 3).found()) == ([1, 2], 3)


async def test_somebody_was_quicker(backend: Backend) -> None:
    """Another one takes the step between the look and the lease == it is not taken twice."""
    await old(backend)
    log: list[int] = []
    other = opened(backend, 2, 1, log=log)

    class Late(Format):
        async def older(self) -> int:
            await other.bring_up()
            return 0

    async def again(redis: Connection, keys: Keys) -> None:  # noqa: ARG001 - as a migration is called
        log.append(1)

    await Late(cast("Connection", backend.redis), backend.keys, 2, {1: again}).bring_up()
    assert log == [1]


async def test_a_step_that_was_cut_short(backend: Backend) -> None:
    """It fails in the middle == the format stays, nobody is locked out, and the next start takes it."""
    await old(backend)

    async def fails(redis: Connection, keys: Keys) -> None:
        await redis.set(keys.of("mark"), "half")
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        await Format(cast("Connection", backend.redis), backend.keys, 2, {1: fails}).bring_up()
    assert await opened(backend, 2).found() == 1
    log: list[int] = []
    await opened(backend, 2, 1, log=log).bring_up()
    assert (log, await opened(backend, 2).found()) == ([1], 2)


async def test_an_older_process_is_alive(backend: Backend) -> None:
    """Somebody of format 1 runs == a sentence and nothing done; when it has ended, it is migrated."""
    await old(backend)
    log: list[int] = []
    before, after = opened(backend, 1), opened(backend, 2, 1, log=log)
    async with before.used():

        async def known() -> bool:
            return await after.older() == 1

        await until(known, 5)
        with pytest.raises(
            ConfigurationError, match=r"an older kenjo-bridge still uses this Redis \(processes: 1\)"
        ):
            await after.bring_up()
        assert (log, await after.found()) == ([], 1)
    await after.bring_up()
    assert log == [1]


async def test_a_killed_process_does_not_count_for_ever(backend: Backend) -> None:
    """It was last heard of longer ago than ALIVE == it is no more."""
    seconds, _ = await backend.redis.time()
    await backend.redis.zadd(backend.keys.of("processes"), {"1:dead": seconds - 1})
    assert await opened(backend, 2).older() == 0


async def test_a_service_polls(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who is not heard of holds the lease == waited for, not walked over."""
    await old(backend)
    monkeypatch.setattr("bridge.store.migrations._PATIENCE", 0.3)
    log: list[int] = []
    lease = backend.lease()
    assert await lease.acquire()
    with pytest.raises(StoreUnavailable, match=r"another process migrates Redis, or polls"):
        await opened(backend, 2, 1, log=log).bring_up()
    await lease.release()
    assert log == []
    await opened(backend, 2, 1, log=log).bring_up()
    assert log == [1]


async def test_a_newer_state_is_refused(redis_url: str) -> None:
    """What a later version wrote == one sentence, at the start and by a process that runs already."""
    account = f"newer{os.getpid()}"
    async with open_backend(redis_url, account=account) as backend:
        await backend.ready()
        await backend.redis.set(backend.keys.of("format"), "7")
        with pytest.raises(StoreUnavailable, match="of a newer kenjo-bridge"):
            await backend.ready()
        with pytest.raises(ConfigurationError, match=r"format 7; this version knows \d+\)"):
            await attach(backend.redis, [], account=account)


async def test_a_fresh_state_is_of_this_version(redis_url: str) -> None:
    """Nothing there yet == nothing to migrate, and a later version knows what was written."""
    async with open_backend(redis_url, account=f"fresh{os.getpid()}") as backend:
        assert await backend.redis.get(backend.keys.of("format")) == b"1"
