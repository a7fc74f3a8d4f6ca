"""Processes of the bridge that run until they are stopped, and a Redis that they share."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.conftest import listens, redis_binary
from tests.world import Started, World


@asynccontextmanager
async def own_redis() -> AsyncIterator[str]:
    """A Redis that several processes share."""
    with tempfile.TemporaryDirectory(prefix="kb-") as folder:
        socket = Path(folder) / "r.sock"
        process = await asyncio.create_subprocess_exec(
            redis_binary(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await until(lambda: asyncio.to_thread(listens, socket), 5)
            yield f"unix://{socket}"
        finally:
            process.kill()  # nothing is to be kept, and nothing may hang
            await process.wait()


class Running:
    """A started process; `log` is what it wrote until it said where it listens."""

    def __init__(self, process: Started, address: str, log: str) -> None:
        self.process = process
        self.address = address
        self.log = log


@asynccontextmanager
async def running(here: World, *arguments: str) -> AsyncIterator[Running]:
    """A process of the bridge that has started; killed if it is still there at the end."""
    process = await here.start(*arguments)
    assert process.stderr
    log, drain = "", None
    try:
        while True:
            line = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
            log += line
            assert line, f"it ended: {log}"
            if "address" in line:
                break
        drain = asyncio.create_task(
            _drain(process, started := Running(process, json.loads(line)["address"], log))
        )
        yield started
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if drain:
            await drain


async def _drain(process: Started, running: Running) -> None:
    assert process.stderr
    while line := await process.stderr.readline():
        running.log += line.decode()


async def until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait for something to hold."""
    end = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        await asyncio.sleep(0.1)


async def readiness(session: aiohttp.ClientSession) -> tuple[int, str]:
    """Status and words of a process's /readyz."""
    async with session.get("/readyz") as answer:
        return answer.status, await answer.text()


async def has_name(here: World, person: str, last_name: str) -> bool:
    """Whether somebody has this name at the directory."""
    names = {user["externalId"]: user.get("name", {}).get("familyName") for user in await here.users()}
    return names.get(person) == last_name
