"""Everything that runs: a made-up Kenjo, a Redis, a directory, two services and two workers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.chaos.processes import Process, python
from tests.chaos.watched import Watched
from tests.conftest import redis_binary

SERVICES = ("service-1", "service-2")
WORKERS = ("worker-1", "worker-2")
TIMEZONE = "UTC"  # of the bridge, and of those who compare
_TOKEN = "chaos"
_SAMPLE = 0.1  # seconds between looks at how long the append-only file is


@dataclass
class Stage:
    """The processes by name, and sessions to the two servers."""

    folder: Path
    processes: dict[str, Process]
    kenjo: aiohttp.ClientSession
    directory: aiohttp.ClientSession
    lengths: list[tuple[float, int]] = field(default_factory=list)
    watched: Watched | None = None

    async def act(self, name: str, **options: Any) -> dict[str, Any] | None:
        """Do something in Kenjo; the person as they are afterwards, or None when Kenjo refuses."""
        async with self.kenjo.post(f"/_sandbox/actions/{name}", json=options) as answer:
            person: dict[str, Any] = await answer.json()
            return person if answer.ok else None

    async def lists(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """Kenjo's lists as everybody reads them."""
        async with self.kenjo.post("/api/v1/auth/login", json={"apiKey": "sandbox-key"}) as answer:
            headers = {"Authorization": (await answer.json())["token"]}
        found = {}
        for name in names:
            async with self.kenjo.get(f"/api/v1/{name}", headers=headers) as answer:
                body = await answer.json()
                found[name] = body["data"] if isinstance(body, dict) else body
        return found

    async def counts(self) -> dict[str, int]:
        """Requests and writes that the directory has seen."""
        async with self.directory.get("/_control/counts") as answer:
            found: dict[str, int] = await answer.json(content_type=None)
            return found

    async def record(self) -> dict[str, Any]:
        """Everything that the directory has, and has seen."""
        async with self.directory.get("/_control/record") as answer:
            found: dict[str, Any] = await answer.json(content_type=None)
            return found

    async def plant(self, type_: str, resource: dict[str, Any]) -> dict[str, Any]:
        """Create an object at the directory past the bridge."""
        async with self.directory.post(f"/v2/{type_}", json=resource) as answer:
            made: dict[str, Any] = await answer.json(content_type=None)
            return made

    async def spoil_directory(self, **faults: Any) -> None:
        """Let the directory fail (`tests.directory.misbehaving`); nothing given ends it."""
        async with self.directory.put("/_control/faults", json=faults) as answer:
            answer.raise_for_status()

    async def spoil_kenjo(self, *faults: dict[str, Any]) -> None:
        """Let Kenjo fail (`sandbox.faults`) in these ways only; none given ends it."""
        async with self.kenjo.delete("/_sandbox/faults") as answer:
            answer.raise_for_status()
        for fault in faults:
            async with self.kenjo.post("/_sandbox/faults", json=fault) as answer:
                answer.raise_for_status()

    async def cut_power(self, seconds: float, rng: random.Random) -> None:
        """Kill Redis and take away what it had not synced yet: up to the last second that it wrote."""
        moment = time.monotonic() - rng.uniform(0, 1)
        async with self.processes["redis"].down():
            before = [length for at, length in self.lengths if at <= moment]
            await asyncio.to_thread(_shorten, self.folder, before[-1] if before else 0)
            await asyncio.sleep(seconds)

    async def sample(self) -> None:
        """Remember how long the append-only file was, for ever."""
        while True:
            length = await asyncio.to_thread(_length, self.folder)
            self.lengths = [*self.lengths[-50:], (time.monotonic(), length)]
            await asyncio.sleep(_SAMPLE)


def _append_only_file(folder: Path) -> Path | None:
    # One file in Redis 6, a folder of files in Redis 7; nothing is rewritten here, so the last one grows.
    found = sorted(folder.glob("**/appendonly.aof*.incr.aof")) or sorted(folder.glob("appendonly.aof"))
    return found[-1] if found else None


def _length(folder: Path) -> int:
    path = _append_only_file(folder)
    return path.stat().st_size if path else 0


def _shorten(folder: Path, length: int) -> None:
    if path := _append_only_file(folder):
        with path.open("r+b") as file:
            file.truncate(min(length, path.stat().st_size))


@asynccontextmanager
async def staged(
    folder: Path, people: int, seed: int, *, watch: bool = False, limited: bool = True
) -> AsyncIterator[Stage]:
    """Start Kenjo, the directory and Redis, everything but the bridge; at the end nothing runs any more.

    `watch`: Redis has replicas, and Sentinels watch it; not `limited`: so few people change team so often
    that the limit on members would hold them.
    """
    watched = Watched.prepare(folder) if watch else None
    commands = {
        "kenjo": python("sandbox", "--port", "0", "--people", str(people), "--seed", str(seed),
                        "--token-lifetime", "30"),
        "directory": python("tests.directory.server", "--seed", str(seed)),
        "redis": [redis_binary(), "--port", "0", "--unixsocket", str(folder / "r.sock"), "--dir", str(folder),
                  "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
                  "--auto-aof-rewrite-percentage", "0"],
        **{name: python("service.cli.main", "serve", "--config", str(folder / "bridge.yaml"))
           for name in SERVICES},
        **{name: python("service.cli.main", "work", "--config", str(folder / "bridge.yaml"))
           for name in WORKERS},
        **(watched.commands if watched else {}),
    }  # fmt: skip
    processes = {name: Process(name, command, folder) for name, command in commands.items()}
    async with AsyncExitStack() as stack:
        for process in processes.values():
            stack.push_async_callback(process.end)
        for name in dict.fromkeys(("kenjo", "directory", "redis", *(watched.commands if watched else ()))):
            processes[name].start()
        kenjo = await processes["kenjo"].said(r"Kenjo sandbox: (http://[^/\s]+)")
        directory = await processes["directory"].said(r"Directory: (http://\S+)")
        await processes["redis"].said(r"([Rr]eady to accept connections)")
        redis = watched.settings if watched else {"url": f"unix://{folder}/r.sock"}
        if watched:
            await watched.wait_until_whole(30)
        (folder / "bridge.yaml").write_text(
            json.dumps(_configuration(redis, kenjo, directory, limited=limited))
        )
        to_kenjo = await stack.enter_async_context(aiohttp.ClientSession(kenjo))
        to_directory = await stack.enter_async_context(aiohttp.ClientSession(directory))
        stage = Stage(folder, processes, to_kenjo, to_directory, watched=watched)
        sampling = asyncio.create_task(stage.sample())
        stack.push_async_callback(_cancelled, sampling)
        yield stage


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _configuration(redis: dict[str, Any], kenjo: str, directory: str, *, limited: bool) -> dict[str, Any]:
    """Small time-outs and waits; a rate at which a burst of changes takes a second or two to deliver."""
    target: dict[str, Any] = {"kind": "scim", "base_url": f"{directory}/v2", "token": _TOKEN}
    target |= {"rate": 30, "timeout": 2} | ({} if limited else {"limits": {"members": None}})
    return {
        "kenjo": {
            "base_url": f"{kenjo}/api/v1",
            "api_key": "sandbox-key",
            "poll_interval": 1,
            "timeout": 5,
        },
        "redis": redis,
        "timezone": TIMEZONE,
        "targets": {"directory": target},
        "retry": {"longest": 4},
        "web": {"port": 0},
        "log": {"format": "json"},
        "shutdown_grace": 10,
    }
