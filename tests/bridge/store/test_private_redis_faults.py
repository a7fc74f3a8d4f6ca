"""A private Redis that dies, hangs or does not start, and one whose bridge is killed."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.store import private_redis
from bridge.store.private_redis import RESTARTS, PrivateRedis
from tests.bridge.processes import (
    back,
    client,
    cut_off_end,
    gone,
    is_gone,
    line,
    other_bridge,
    prepare,
    server_pid,
)


async def test_killed_bridge_takes_its_redis_along(tmp_path: Path) -> None:
    """After SIGKILL of the bridge its redis-server ends within seconds, with everything written."""
    with other_bridge(tmp_path) as process:
        url = line(process)
        pid = await server_pid(url)
        async with client(url) as redis:
            await redis.set("a", "kept")
        process.kill()
        await gone(pid)
    async with PrivateRedis(tmp_path) as private, client(private.url) as redis:
        assert await redis.get("a") == "kept"


async def test_restart_after_a_kill_waits_for_the_orphan(tmp_path: Path) -> None:
    """A bridge that starts right after one was killed never shares the folder with the old redis-server."""
    with other_bridge(tmp_path) as process:
        pid = await server_pid(line(process))
        os.kill(pid, signal.SIGSTOP)  # as if it had much to write
        process.kill()
        with pytest.raises(ConfigurationError, match="another kenjo-bridge"):
            await PrivateRedis(tmp_path, patience=0.5).__aenter__()
        os.kill(pid, signal.SIGCONT)
        async with PrivateRedis(tmp_path):
            assert is_gone(pid)


async def test_reason_of_a_failed_start_is_given(tmp_path: Path) -> None:
    """When redis-server ends at once, the message carries the last line of its log; nothing stays behind."""
    prepare(tmp_path, 0o700, appendonly_aof=b"this is no append-only file")
    with pytest.raises(ConfigurationError, match=r"does not start: (?!\d+:).*append only file.*redis\.log"):
        await PrivateRedis(tmp_path).__aenter__()
    await asyncio.to_thread(_take_away, tmp_path)
    async with PrivateRedis(tmp_path, patience=0):
        pass


def _take_away(folder: Path) -> None:
    for file in folder.glob("**/*.aof*"):  # newer servers have moved it into a folder
        file.unlink()


async def test_reason_may_stand_on_standard_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a redis-server says about options that it does not know, it says elsewhere than in its log."""
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\necho 'Bad directive' >&2\nexit 1\n")
    prepare(server, 0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(ConfigurationError, match="does not start: Bad directive"):
        await PrivateRedis(tmp_path / "data").__aenter__()


async def test_half_a_command_at_the_end_is_no_obstacle(tmp_path: Path) -> None:
    """A file whose last command is cut off, as a power failure leaves it, loses that command only."""
    async with PrivateRedis(tmp_path) as private, client(private.url) as redis:
        await redis.set("a", "1")
        await redis.set("b", "2")
    cut_off_end(tmp_path)
    async with PrivateRedis(tmp_path) as private, client(private.url) as redis:
        assert await redis.mget("a", "b") == ["1", None]


async def test_dead_redis_is_started_again(tmp_path: Path) -> None:
    """When redis-server is killed it comes back at the same address, with its data."""
    async with PrivateRedis(tmp_path) as private:
        async with client(private.url) as redis:
            await redis.set("a", "kept")
            await asyncio.sleep(1.2)  # the append-only file is written every second
        pid = await server_pid(private.url)
        os.kill(pid, signal.SIGKILL)
        await gone(pid)
        await back(tmp_path)
        async with client(private.url) as redis:
            assert await redis.get("a") == "kept"


async def test_no_second_server_when_only_the_guard_dies(tmp_path: Path) -> None:
    """When the process between bridge and server is killed, the old server ends before a new one starts."""
    async with PrivateRedis(tmp_path) as private:
        pid = await server_pid(private.url)
        os.kill(pid, signal.SIGSTOP)  # it would end by itself, but not necessarily in time
        os.kill(private._process.pid, signal.SIGKILL)
        await back(tmp_path)
        assert is_gone(pid)
        assert await server_pid(private.url) != pid


async def test_redis_that_keeps_dying_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After RESTARTS restarts `died` says so; until then it waits."""
    monkeypatch.setattr(private_redis, "_PAUSE_SECONDS", 0.0)
    async with PrivateRedis(tmp_path) as private:
        died = asyncio.create_task(private.died())
        for _ in range(RESTARTS + 1):
            await back(tmp_path)
            assert not died.done()
            pid = await server_pid(private.url)
            os.kill(pid, signal.SIGKILL)
            await gone(pid)
        async with asyncio.timeout(10):
            assert f"ended {RESTARTS + 1} times" in await died


async def test_hung_redis_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redis-server that does not end when asked is killed after a bounded time."""
    monkeypatch.setattr(private_redis, "_STOP_SECONDS", 0.3)
    async with PrivateRedis(tmp_path) as private:
        pid = await server_pid(private.url)
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
    await gone(pid)
    assert time.monotonic() - began < 5
