"""The command that serves all companies, as a process that begins as a user's shell lets it begin."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.many.counted import Taken, below, taken
from tests.running import until
from tests.world import ROOT

ENDS_WITHIN = 60
"""Seconds after SIGTERM for which the end is waited for."""

FILES = 24
"""Open files that it may have, unless it asks for more: few, as some systems have it."""


@dataclass
class Deployment:
    """A running command; `events` are the lines of its log and of those of the companies' processes."""

    folder: Path
    process: asyncio.subprocess.Process
    begun: float = field(default_factory=time.monotonic)
    events: list[dict[str, Any]] = field(default_factory=list)
    session: aiohttp.ClientSession = field(init=False)

    def said(self, event: str, company: str | None = None) -> list[dict[str, Any]]:
        """The lines with an event, of one company if one is named."""
        named = [one for one in self.events if one.get("event") == event]
        return [one for one in named if company in (None, one.get("company"))]

    def runs(self, company: str) -> int:
        """The process of a company that began last."""
        return int(self.said("company runs", company)[-1]["pid"])

    def processes(self) -> dict[int, Taken]:
        """What each process takes; the first one is the command itself."""
        return taken([self.process.pid, *sorted(below(self.process.pid))])

    async def answers(self, path: str) -> tuple[int, bytes, float]:
        """Status and body of what it serves at a path, and after how many seconds."""
        begun = time.monotonic()
        async with self.session.get(path) as answer:
            return answer.status, await answer.read(), time.monotonic() - begun

    async def run(self, *arguments: str) -> int:
        """Run another command with the same configuration to its end. Gives its exit code."""
        process = await _command(self.folder, *arguments)
        await process.communicate()
        return process.returncode or 0

    async def end(self) -> tuple[int, float]:
        """SIGTERM. Gives the exit code, and the seconds until the last process was gone."""
        pids, begun = below(self.process.pid), time.monotonic()
        self.process.terminate()
        code = await asyncio.wait_for(self.process.wait(), ENDS_WITHIN)
        await until(lambda: _gone(pids), ENDS_WITHIN)
        return code, time.monotonic() - begun

    async def read(self) -> None:
        """Take in its log until it ends."""
        assert self.process.stderr
        while line := await self.process.stderr.readline():
            self.events.append(json.loads(line) if line.startswith(b"{") else {"text": line.decode()})


async def _gone(pids: set[int]) -> bool:
    return not taken(pids)


@asynccontextmanager
async def deployed(folder: Path) -> AsyncIterator[Deployment]:
    """It runs while the context lasts, unless it is ended before."""
    process = await _command(folder, "run", files=FILES)
    found = Deployment(folder, process)
    reading = asyncio.create_task(found.read())
    try:
        await until(lambda: _has_begun(found), 30)
        async with aiohttp.ClientSession(found.said("started")[0]["address"]) as found.session:
            yield found
    finally:
        if process.returncode is None:
            process.kill()  # which ends the others, too
        await process.wait()
        await reading


async def _command(folder: Path, *arguments: str, files: int = 1024) -> asyncio.subprocess.Process:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("KENJO_BRIDGE")}
    return await asyncio.create_subprocess_exec(
        "sh", "-c", f'ulimit -Sn {files}; exec "$0" "$@"',
        sys.executable, "-m", "service.cli.main", *arguments, "--config", str(folder),
        cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip


async def _has_begun(there: Deployment) -> bool:
    assert there.process.returncode is None, there.events
    return bool(there.said("started"))
