"""Several companies in one deployment, each with a Kenjo and a directory of its own, on one real Redis."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.launcher import Launched
from tests.running import has_name, own_redis, until
from tests.world import ROOT, Ended, World, expected, world

_numbers = itertools.count(1)


@dataclass
class Companies:
    """A folder of configurations. `log`: what the running process and those of the companies wrote."""

    folder: Path
    redis: str
    worlds: dict[str, World]
    log: str = ""
    address: str = ""
    process: Launched | None = None

    def write(self, name: str, **changed: Any) -> None:
        """Write a company's file; `changed` are groups that replace those of its own world."""
        one = self.worlds[name].config
        own = {"kenjo": one["kenjo"], "targets": one["targets"], **changed}
        whole = self.folder / f".{name}"
        whole.write_text(json.dumps(own))
        whole.replace(self.folder / f"{name}.yaml")

    def common(self, **changed: Any) -> None:
        """Write what all share."""
        own = {
            "redis": {"url": self.redis},
            "web": {"port": 0},
            "log": {"format": "json"},
            "shutdown_grace": 5,
        }
        (self.folder / "bridge.yaml").write_text(json.dumps({**own, **changed}))

    async def start(self, *arguments: str) -> Launched:
        """Start the command with this folder."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("KENJO_BRIDGE")}
        environment = {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        return await Launched.start((*arguments, "--config", str(self.folder)), self.folder, environment)

    async def run(self, *arguments: str) -> Ended:
        """Run the command to its end."""
        process = await self.start(*arguments)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return Ended(process.returncode or 0, out.decode(), err.decode())

    @asynccontextmanager
    async def running(self, command: str = "run") -> AsyncIterator[aiohttp.ClientSession]:
        """All companies while the context lasts; yields a session at the one address."""
        process = self.process = await self.start(command)
        reading = asyncio.create_task(self._read(process))
        try:
            await until(lambda: _truth(self.address), 30)
            async with aiohttp.ClientSession(self.address) as session:
                yield session
        finally:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 40)
            finally:
                process.kill()
                await reading

    async def _read(self, process: Launched) -> None:
        while line := (await process.stderr.readline()).decode():
            self.log += line
            event = json.loads(line) if line.startswith("{") else {}
            if not self.address and str(event.get("address", "")).startswith("http"):
                self.address = event["address"]

    def events(self, company: str | None = None, **wanted: str) -> list[dict[str, Any]]:
        """What was logged, of one company if one is named."""
        found = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        mine = [one for one in found if company is None or one.get("company") == company]
        return [one for one in mine if all(one.get(name) == text for name, text in wanted.items())]

    async def said(self, holds: Callable[[], Any], seconds: float = 20) -> None:
        """Wait until the log has something."""
        try:
            await until(lambda: _truth(holds()), seconds)
        except AssertionError:
            raise AssertionError(f"not said: {self.log}") from None

    async def arrives(self, name: str, seconds: float = 20) -> float:
        """Wait until a new name of somebody at a company stands at its directory. Gives the seconds."""
        here, began = self.worlds[name], time.monotonic()
        person, last_name = next(iter(expected(here.sandbox))), f"{name}{next(_numbers)}"
        here.sandbox.actions.rename(employee=person, last_name=last_name)
        await until(lambda: has_name(here, person, last_name), seconds)
        return time.monotonic() - began


async def _truth(value: Any) -> bool:
    return bool(value)


@asynccontextmanager
async def companies(folder: Path, *names: str, people: int = 4) -> AsyncIterator[Companies]:
    """Companies of these names, whose files are written."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(own_redis())
        config = folder / "companies"
        config.mkdir()
        worlds = {}
        for name in names:
            (folder / name).mkdir()
            worlds[name] = await stack.enter_async_context(world(folder / name, people=people))
        found = Companies(config, redis, worlds)
        found.common()
        for name in names:
            found.write(name)
        yield found
