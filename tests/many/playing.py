"""What happens to the deployment, one thing after the other, and how long each takes."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from redis.asyncio import Redis

from tests.many.deployment import Deployment
from tests.many.stage import Company, Stage
from tests.running import until

PATIENCE = 150
"""Seconds for which anything is waited for."""


@dataclass
class Play:
    """A deployment, its companies and its Redis. `figures`: what was seen and its unit, by what it is of."""

    stage: Stage
    there: Deployment
    redis: Redis
    kills: int
    figures: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def everything(self, idle: float) -> None:
        """All of it; `idle`: for how many seconds nothing happens in between. Raises AssertionError."""
        await self.begins()
        await self.rests(idle)
        await self.is_asked()
        await self.are_looked_at()
        await self.has_trouble()
        await self.grows_and_shrinks()

    async def begins(self) -> None:
        """From the start of the command."""
        number = len(self.stage.companies)
        for what, holds in (
            ("every process runs", lambda: len(self.there.said("company runs")) >= number),
            ("every company is in step", self.are_in_step),
        ):
            await _until(holds)
            self.figures[f"start: until {what}"] = time.monotonic() - self.there.begun, "s"
        used = sum(one.cpu for one in self.there.processes().values())
        self.figures["start: CPU of all processes until then"] = used, "s"

    async def rests(self, seconds: float) -> None:
        """What is taken while nothing changes, polls included."""
        await asyncio.sleep(seconds / 6)  # what a first sync leaves to be done
        before, begun = self.there.processes(), time.monotonic()
        await asyncio.sleep(seconds)
        after, passed = self.there.processes(), time.monotonic() - begun
        first = after[self.there.process.pid]
        each = [after[pid] for pid in map(self.there.runs, self.stage.companies)]
        cpu = sum(after[pid].cpu - before[pid].cpu for pid in after.keys() & before.keys()) / passed
        info = await self.redis.info()
        clients = int(info["connected_clients"]) - 1  # this one
        self.figures |= {
            "memory of a company's process (PSS): median": (statistics.median(one.own for one in each), "MB"),
            "memory of a company's process (PSS): most": (max(one.own for one in each), "MB"),
            "memory of all processes (PSS)": (sum(one.own for one in after.values()), "MB"),
            "CPU of all processes, of a core": (100 * cpu, "%"),
            "open files of a company's process: most": (max(one.files for one in each), ""),
            "open files of the first process": (first.files, ""),
            "connections to Redis of each company": (clients / len(each), ""),
            "memory of Redis": (int(info["used_memory"]) / 1e6, "MB"),
        }

    async def is_asked(self) -> None:
        """What a scrape, a probe and a page take."""
        some = next(iter(self.stage.companies))
        for path in ("/healthz", "/readyz", "/metrics", f"/c/{some}/"):
            status, body, seconds = await self.there.answers(path)
            assert status == 200, body
            self.figures[f"answer of {path.replace(some, 'NAME')}"] = 1000 * seconds, "ms"
            if path == "/metrics":
                self.figures["size of /metrics"] = len(body) / 1000, "kB"

    async def has_trouble(self) -> None:
        """One company's Kenjo is gone, another's process is killed again and again: nobody else waits."""
        silent, killed, *others = self.stage.companies.values()
        await silent.kenjo.stop()
        killing = asyncio.create_task(self._kill(killed.name))
        longest = await self.a_change(others)
        self.figures["meanwhile one Kenjo away, one process killed: last change elsewhere"] = longest, "s"
        await killing
        await silent.kenjo.start()
        self.figures["when that is over: last change at these two"] = (
            await self.a_change([silent, killed]),
            "s",
        )

    async def _kill(self, name: str) -> None:
        for _ in range(self.kills):
            pid = self.there.runs(name)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            await _until(partial(self._runs_anew, name, pid))

    def _runs_anew(self, name: str, pid: int) -> bool:
        return self.there.runs(name) != pid

    async def a_change(self, companies: list[Company]) -> float:
        """Rename somebody in each. Gives the seconds until the last one stands at its directory."""
        begun = time.monotonic()
        for company in companies:
            company.rename(f"Name{time.monotonic_ns()}")
        await _until(lambda: all(company.is_in_step for company in companies))
        return time.monotonic() - begun

    async def grows_and_shrinks(self) -> None:
        """One company more, and one less, while the others run."""
        processes = {name: self.there.runs(name) for name in self.stage.companies}
        with self._timed("one company more: until it is in step"):
            new = await self.stage.add("company-new")
            await _until(lambda: new.is_in_step)
        gone = self.there.runs(new.name)
        with self._timed("one company less: until its process is gone"):
            self.stage.remove(new.name)
            await _until(lambda: gone not in self.there.processes())
        assert {name: self.there.runs(name) for name in self.stage.companies} == processes

    async def ends(self) -> None:
        """SIGTERM."""
        code, seconds = await self.there.end()
        assert code == 0, code
        self.figures["SIGTERM: until the last process is gone"] = seconds, "s"

    async def are_looked_at(self) -> None:
        """What the commands take that show all companies at once."""
        for command in ("status", "check"):
            with self._timed(f"kenjo-bridge {command}, of all"):
                code = await self.there.run(command)
            assert code == 0, command

    def are_in_step(self) -> bool:
        return all(company.is_in_step for company in self.stage.companies.values())

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.figures[what] = time.monotonic() - begun, "s"


async def _until(holds: Callable[[], bool]) -> None:
    async def held() -> bool:
        return holds()

    await until(held, PATIENCE)
