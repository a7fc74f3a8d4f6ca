"""`run`, `serve` and `work` for several companies: a process for each, and this one, which keeps them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from bridge import logs
from bridge.commands import of_company
from bridge.config.companies import load_companies, stamp
from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError, unforeseen
from bridge.logs import get_logger
from service.cli import stopping
from service.cli.app import start, stop_event
from service.cli.running import run_until_stopped
from service.companies.child import Child, allow_files
from service.companies.front import Front
from service.companies.gathered import Gathered
from service.companies.supervisor import Supervisor
from service.web.server import serving
from workers.connect import routes

log = get_logger("companies")

PRELOADED = "service.cli.preloaded"


async def run_companies(config: Path | None, *, polls: bool, works: bool, only: Collection[str] = ()) -> None:
    """Keep a process for each company until SIGTERM. Raises ConfigurationError at the start."""
    if only:
        raise ConfigurationError("--target is of one company: say which one with --company")
    common = (await asyncio.to_thread(load_companies, config)).common
    logs.configure(common.log)
    allow_files()
    with tempfile.TemporaryDirectory(prefix="kenjo-bridge-") as folder:
        sockets = count(1)  # one that none has had before
        live = partial(live_as_company, polls=polls, works=works)
        supervisor = Supervisor(
            lambda running: load_companies(config, running=running),
            lambda: stamp(config),
            routes,
            lambda values: Child(values, Path(folder) / f"{next(sockets)}.sock", live, PRELOADED),
        )
        front, gathered = Front(common.web, supervisor.companies), Gathered(supervisor.companies)
        async with serving(
            common.web, gathered, alive=front.alive, ready=front.ready, warnings=front.problems,
            look=gathered.look, attach=front.attach,
        ) as address:  # fmt: skip
            stop = stop_event()
            log.info("started", address=address, polls=polls, works=works)
            await _follow(supervisor, stop)


async def _follow(supervisor: Supervisor, stop: asyncio.Event) -> None:
    following = asyncio.create_task(supervisor.run())
    try:
        await stop.wait()
        log.info("stopping: every company may finish what runs", signal=stopping.name())
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def live_as_company(
    values: BridgeSettings, socket: Path, line: Connection, *, polls: bool, works: bool
) -> None:
    """The whole life of a company's process: what `run`, `serve` or `work` do for one company."""
    stopping.listen()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started it, which then ends this one
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    logs.configure(values.log, values.company)
    values.web._socket = socket  # noqa: SLF001 - no setting, but where it is behind the others' address

    async def work() -> int:
        await run_until_stopped(lambda: values, polls=polls, works=works)
        return 0

    try:
        with stopping.first(stopping.give_up), of_company(values.company):
            code = start(work())
    except stopping.Ended:
        code = 128 + stopping.heard()
    except Exception as error:  # noqa: BLE001 - who started it says it, and starts it anew
        with suppress(OSError):
            line.send(str(unforeseen(error)))
        code = 3
    sys.exit(code)


def _end_with(line: Connection) -> None:
    """End in order when who started this process is gone."""
    with suppress(EOFError, OSError):
        line.recv()
    os.kill(os.getpid(), signal.SIGTERM)
