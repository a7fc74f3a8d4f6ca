"""Keeps one company's process running: starts it anew when it ends or is stuck, with its newest settings."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from bridge.config.settings import BridgeSettings
from bridge.errors import unforeseen
from bridge.logs import get_logger
from service.companies.child import Child

log = get_logger("companies")

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds before a process that has ended is started again, the first time and at most."""

LASTING = 60.0
"""Seconds after which a process counts as one that works: when it ends, the first pause is due again."""

CHECK_EVERY = 15.0
"""Seconds between two looks whether a process is alive, and for which it may take to answer."""

PATIENCE = 8
"""Looks in a row without an answer after which a process is ended: two minutes, or four if it hangs."""

EXTRA = 10.0
"""Seconds beyond `shutdown_grace` after which a process that was told to end is killed."""

FULL = (
    "the first process may not open more files, and needs four for each company: raise its limit (ulimit -Hn)"
)
"""Why no process can be started where that is so."""


class Kept:
    """One company. `wrong`: what is wrong with its newest settings; `ended`: why its process ended last."""

    def __init__(self, name: str, begin: Callable[[BridgeSettings], Child], grace: float) -> None:
        self.name = name
        self.values: BridgeSettings | None = None
        self.wrong = self.ended = ""
        self.child: Child | None = None
        self.restarts = 0
        self._begin = begin
        self._grace = grace
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def problem(self) -> str:
        """What somebody should put right, or ""."""
        return self.wrong or self.ended

    def settle(self, values: BridgeSettings) -> None:
        """Run with these settings from now on, which are right."""
        self.wrong, changed, self.values = "", values != self.values, values
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name=f"company {self.name}")
        elif changed:
            log.info("company begins anew: its settings have changed", company=self.name)
            self.ended = ""
            self._changed.set()

    def refuse(self, problem: str) -> None:
        """Say that its settings are wrong. What runs goes on as it was."""
        if problem != self.wrong:
            then = "it goes on with the settings that it had" if self._task else "it does not run"
            log.error("the settings of a company are wrong", company=self.name, reason=problem, then=then)
        self.wrong = problem

    async def stop(self) -> None:
        """End it in order, and keep it no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            self._changed.clear()
            began = time.monotonic()
            try:
                reason = await self._live()
            except Exception as error:  # noqa: BLE001 - the other companies go on, whatever it is
                is_full = getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE)
                reason = FULL if is_full else str(unforeseen(error))
            if self._changed.is_set():
                continue
            if time.monotonic() - began > LASTING:
                pause, self.ended = FIRST_PAUSE, ""
            self._say(reason, pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            pause = FIRST_PAUSE if self._changed.is_set() else min(pause * 2, LONGEST_PAUSE)
            self.restarts += 1

    def _say(self, reason: str, pause: float) -> None:
        if reason != self.ended:
            log.error("the process of a company has ended", company=self.name, reason=reason, again=pause)
        self.ended = reason

    async def _live(self) -> str:
        """Run its process once. Gives the reason of its end; cancelled, it ends the process in order."""
        assert self.values is not None  # noqa: S101 - nobody keeps a process before there are settings
        child, stuck = self._begin(self.values), ""
        starting = asyncio.create_task(child.start())
        try:
            await asyncio.shield(starting)
            self.child = child
            log.info("company runs", company=self.name, pid=child.pid)
            stuck = await self._until_it_ends(child)
        finally:
            await starting  # who is cancelled meanwhile ends it all the same
            self.child = None
            await child.end(self._grace + EXTRA)
            said = await child.close()
        return stuck or said

    async def _until_it_ends(self, child: Child) -> str:
        """Wait until a process has ended, or is to end: it is stuck (the reason), or has new settings."""
        ended, watch = asyncio.create_task(child.ended()), asyncio.create_task(self._watch(child))
        tasks = {ended, watch, asyncio.create_task(self._changed.wait())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return watch.result() if watch.done() else ""
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, child: Child) -> str:
        """Return why a process is stuck, when it is."""
        missed = 0
        while missed < PATIENCE:
            await asyncio.sleep(CHECK_EVERY)
            try:
                limit = aiohttp.ClientTimeout(total=CHECK_EVERY)
                async with child.session.get("http://company/healthz", timeout=limit) as answer:
                    problems = (await answer.json())["problems"] if answer.status != 200 else []
            except (aiohttp.ClientError, TimeoutError, OSError):
                missed += 1
                continue
            missed = 0
            if problems:
                return "; ".join(map(str, problems))
            self.ended = ""  # if it has ended before: it works now
        return "it has not answered for minutes"
