"""Starts commands as processes that are forked from one in which everything is imported already.

Each is a process of its own, with its own id, environment, folder and signals; it only spares itself the
second that the imports take, and unloading them. What depends on how a process begins or ends is started
afresh (`World.start_afresh`).
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NoReturn, Self

ROOT = Path(__file__).parents[1]
MOST = 1 << 20  # bytes of one request: arguments and an environment
_CLOSING = 50  # hundredths of a second for which the ends of a command's pipes are waited for


class Launched:
    """A running command, with what `asyncio.subprocess.Process` has of it."""

    def __init__(self, pid: int, out: asyncio.StreamReader, err: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = out
        self.stderr = err
        self.returncode: int | None = None
        self._ended: asyncio.Task[None] | None = None
        self._pipes: list[asyncio.ReadTransport] = []

    @classmethod
    async def start(cls, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> Self:
        """Have a command started in a folder, with this environment and no input."""
        (out, out_end), (err, err_end), (mine, its) = os.pipe(), os.pipe(), socket.socketpair()
        request = json.dumps([arguments, str(folder), dict(environment)]).encode()
        socket.send_fds(_nursery(), [request], [out_end, err_end, its.fileno()])
        os.close(out_end)
        os.close(err_end)
        its.close()
        report, connection = await asyncio.open_unix_connection(sock=mine)
        pid = int(await report.readline())
        (said, out_pipe), (complained, err_pipe) = await _reader(out), await _reader(err)
        launched = cls(pid, said, complained)
        launched._pipes = [out_pipe, err_pipe]
        launched._ended = asyncio.create_task(launched._end(report, connection))
        return launched

    async def _end(self, report: asyncio.StreamReader, connection: asyncio.StreamWriter) -> None:
        self.returncode = int(await report.readline())
        connection.close()
        for _ in range(_CLOSING):  # a loop that ends before would leave them open
            if all(pipe.is_closing() for pipe in self._pipes):
                break
            await asyncio.sleep(0.01)

    async def wait(self) -> int:
        """Wait until it has ended. Gives its exit code, or the signal that ended it as a negative number."""
        assert self._ended
        await asyncio.shield(self._ended)
        assert self.returncode is not None
        return self.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        """All that it writes, once it has ended."""
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    loop, pipe = asyncio.get_running_loop(), os.fdopen(descriptor, "rb")
    transport, _ = await loop.connect_read_pipe(lambda: protocol, pipe)
    return reader, transport


@functools.cache
def _nursery() -> socket.socket:
    """The one process of this test run from which commands are forked. It ends with the run."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "tests.launcher", str(its.fileno())],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},  # which a terminal asks for when it is imported
        pass_fds=[its.fileno()],
        stdin=subprocess.DEVNULL,
    )
    its.close()
    atexit.register(process.wait)
    atexit.register(mine.close)
    return mine


# In the process from which commands are forked


def serve(requests: socket.socket) -> None:
    """Fork a command for each request, until nobody can ask any more. Returns in each command, too."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who waits for a command reports its end
    while True:
        request, (*descriptors,), _, _ = socket.recv_fds(requests, MOST, 3)
        if not request:
            sys.exit()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            requests.close()
            if _become(json.loads(request), *descriptors):
                return
        for descriptor in descriptors:
            os.close(descriptor)


def _become(request: tuple[list[str], str, dict[str, str]], out: int, err: int, report: int) -> bool:
    """Become a command (True); its parent tells its id and then how it ended, and ends as well."""
    if pid := os.fork():
        with suppress(BrokenPipeError):  # the test has ended
            os.write(report, b"%d\n" % pid)
            _, status = os.waitpid(pid, 0)
            os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    arguments, folder, environment = request
    os.close(report)
    for descriptor, place in ((out, 1), (err, 2)):
        os.dup2(descriptor, place)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    return True


def end(code: int) -> NoReturn:
    """End as Python does, but unload no modules: that would copy most of what the process shares."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    gc.collect()  # whoever warns when it is collected does so
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def import_all(*packages: ModuleType) -> None:
    """Import all modules of packages."""
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


if __name__ == "__main__":
    import uvloop  # noqa: F401 - as every command does

    import bridge
    import sandbox
    import service
    import workers
    from service.cli import main

    with socket.socket(fileno=int(sys.argv[1])) as asked:
        sys.argv[0] = main.__file__
        import_all(bridge, workers, service, sandbox)
        gc.collect()
        gc.freeze()  # so that no command copies what it only looks at
        serve(asked)
    try:
        main.main()
    except SystemExit as ended:
        end(int(ended.code or 0))
