"""Processes that are started again as soon as they have ended, as Kubernetes would."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # prctl(2)

ROOT = Path(__file__).parents[2]
CANNOT_START = 3  # what every command of the bridge ends with when Redis is away
_BREATH = 0.3  # seconds before one that could not start is started again
_STARTED = b'"event": "started"'  # until the bridge says so, nobody listens for SIGTERM


@dataclass
class Process:
    """One process in a group of its own, kept running until `end`.

    `crashes` says how runs ended that were not asked to, or did not end when they were.
    """

    name: str
    command: Sequence[str]
    folder: Path
    restarts: int = 0
    refusals: int = 0
    crashes: list[str] = field(default_factory=list)
    pid: int = 0

    def __post_init__(self) -> None:
        self._asked: set[int] = set()
        self._former = 0  # how much former runs have written
        self._ending = asyncio.Event()
        self._may_start = asyncio.Event()
        self._may_start.set()
        self._running, self._over = asyncio.Event(), asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def log(self) -> Path:
        """What all its runs have written."""
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Run it from now on."""
        self._keeper = asyncio.create_task(self._keep())

    def send(self, number: int) -> None:
        """Send a signal to the whole group; nothing when it is just being started again."""
        if self.pid:
            if number in (signal.SIGKILL, signal.SIGTERM):
                self._asked.add(number)
                self._over.clear()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def _gone(self, seconds: float) -> None:
        """Wait until the run that was asked to end has ended. Raises TimeoutError."""
        if self.pid:
            await asyncio.wait_for(self._over.wait(), seconds)

    async def stop(self, seconds: float) -> None:
        """Ask it to stop in order, as Kubernetes does, and kill it when it has not in so many seconds."""
        self.send(signal.SIGTERM)
        try:
            await self._gone(seconds)
        except TimeoutError:
            self.crashes.append(f"did not stop within {seconds:g} s")
            self.send(signal.SIGKILL)

    @contextlib.asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """Kill it, and start it again only at the end of the context."""
        await self._running.wait()
        self._may_start.clear()
        try:
            self.send(signal.SIGKILL)
            await self._gone(10)
            yield
        finally:
            self._may_start.set()

    async def end(self) -> None:
        """Kill it for good."""
        self._ending.set()
        self._may_start.set()
        self.send(signal.SIGKILL)
        if self._keeper:
            await self._keeper

    async def said(self, pattern: str, seconds: float = 30.0) -> str:
        """Wait for what it writes; the pattern's first group."""
        end = time.monotonic() + seconds
        while not (match := re.search(pattern, self.log.read_text() if self.log.exists() else "")):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name} did not say {pattern} within {seconds:g} s")
            await asyncio.sleep(0.05)
        return match[1]

    async def _keep(self) -> None:
        while not self._ending.is_set():
            self._asked = set()
            process = await self._spawn()
            self.pid = process.pid
            self._running.set()
            if self._ending.is_set():
                self.send(signal.SIGKILL)
            code = await process.wait()
            self.pid = 0
            self._running.clear()
            self._over.set()
            if self._ending.is_set():
                return
            self.restarts += 1
            await self._judge(code)
            await self._may_start.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KENJO_BRIDGE")}
        with self.log.open("ab") as log:
            self._former = log.tell()
            return await asyncio.create_subprocess_exec(
                *self.command,
                cwd=ROOT,
                env={**inherited, "PYTHONPATH": str(ROOT)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    async def _judge(self, code: int) -> None:
        if code == CANNOT_START:
            self.refusals += 1
            await asyncio.sleep(_BREATH)
            return
        if not self._as_asked(code):
            self.crashes.append(f"ended with {code}")
            await asyncio.sleep(_BREATH)

    def _as_asked(self, code: int) -> bool:
        """Whether it ended by what it was sent: it may have been both, and the one that kills comes first."""
        if code == -signal.SIGKILL:
            return signal.SIGKILL in self._asked
        started = _STARTED in self.log.read_bytes()[self._former :]
        ended = (0,) if started else (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        return signal.SIGTERM in self._asked and code in ended


def _die_with_parent() -> None:
    """Leave nothing behind, even when whoever plays is killed; only Linux can promise that."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def python(*arguments: str) -> list[str]:
    """The command of a Python module."""
    return [sys.executable, "-m", *arguments]
