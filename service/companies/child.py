"""The process of one company, as seen from the one that started it.

It is forked from a process that has imported everything and does nothing else, so that all of them share the
code in memory. It ends by SIGTERM, and also when the one that started it is gone, however that ended.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from bridge.config.settings import BridgeSettings

Live = Callable[[BridgeSettings, Path, Connection], None]
"""What a company's process does: with its settings, the socket to listen on, and the line to who started it.

It may send one text there: why it ends.
"""

CONNECTIONS = 32
"""Requests that one company's process is handed at the same time; further ones wait."""

MOST_FILES = 65_536
"""Open files that are enough for any number of companies: the first process has four for each."""

_forked = multiprocessing.get_context("forkserver")


def allow_files() -> None:
    """Let this process, and those that it starts, have more open files, as far as the system lets it.

    The usual limit, 1,024 and less on macOS, is one that everybody may raise for themselves; it is for
    programs that use select(2), which nothing here does.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < most:
        with suppress(ValueError, OSError):  # a kernel may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Child:
    """A company's process. `session` asks what it serves, `preload` a module that imports what it needs."""

    session: aiohttp.ClientSession

    def __init__(self, values: BridgeSettings, socket: Path, live: Live, preload: str) -> None:
        self._preload = preload
        self._line, theirs = _forked.Pipe()
        self._theirs = theirs
        self._socket = socket
        self._process = _forked.Process(
            target=live, args=(values, socket, theirs), name=values.company, daemon=True
        )

    async def start(self) -> None:
        """Fork it. Raises OSError."""
        _forked.set_forkserver_preload([self._preload])
        await asyncio.to_thread(self._process.start)
        self._theirs.close()
        self.session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path=str(self._socket), limit=CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    async def ended(self) -> None:
        """Wait until it is gone."""
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()

    async def end(self, patience: float) -> None:
        """SIGTERM, and SIGKILL when it is there still after so many seconds."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(patience):
                await self.ended()
        except TimeoutError:
            self.kill()
            await self.ended()

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    async def close(self) -> str:
        """Let go of what is gone. Gives what it said of its end, else how that looked from here."""
        await self.session.close()
        said = ""
        with suppress(EOFError, OSError):
            said = str(self._line.recv()) if self._line.poll() else ""
        self._line.close()
        code = self._process.exitcode
        return said or (
            f"its process was ended by signal {-code}" if code and code < 0 else f"exit code {code}"
        )

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            if self._process.exitcode is None:
                os.kill(self.pid, number)
