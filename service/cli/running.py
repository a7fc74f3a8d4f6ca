"""`run`, `serve` and `work`: the long-running processes."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager

from bridge.config.settings import BridgeSettings
from bridge.errors import StoreUnavailable
from bridge.logs import get_logger
from service.cli import stopping
from service.cli.app import stop_event
from service.cli.waiting import readable
from service.operations import notices
from service.operations.assembly import Bridge, connected, deliverers, opened, poller, warn_of_readable_data
from service.operations.board import Board
from service.operations.greet import revive
from service.web.health import Health
from service.web.server import serving
from service.web.shown import attached
from workers.main import Workers

log = get_logger("bridge")


async def run_until_stopped(
    configured: Callable[[], BridgeSettings], *, polls: bool, works: bool, only: Collection[str] = ()
) -> None:
    """Poll, deliver, or both, until SIGTERM. `configured` reads the settings.

    Raises ConfigurationError or StoreUnavailable at the start.
    """
    values = await readable(configured)
    async with (
        opened(values, configured=configured) as bridge,
        running(bridge, polls=polls, works=works, only=only) as address,
    ):
        stop = stop_event()  # until now a signal has cancelled the start
        warn_of_readable_data(bridge)
        log.info("started", address=address, polls=polls, works=works, targets=sorted(bridge.routes))
        gc.collect()
        gc.freeze()  # modules and settings stay as long as the process: no collection goes through them again
        await _stop_or_death(stop, bridge)
        log.info(
            "stopping: running deliveries may finish", signal=stopping.name(), grace=values.shutdown_grace
        )


async def _stop_or_death(stop: asyncio.Event, bridge: Bridge) -> None:
    """Wait for the end. Raises StoreUnavailable when the private Redis cannot be kept alive."""
    waiting = {asyncio.create_task(stop.wait())}
    death = asyncio.create_task(bridge.private.died()) if bridge.private else None
    try:
        await asyncio.wait(waiting | ({death} if death else set()), return_when=asyncio.FIRST_COMPLETED)
        if death and death.done():
            raise StoreUnavailable(f"the private Redis keeps ending: {death.result()}")
    finally:
        for task in (*waiting, death):
            if task:
                task.cancel()


@asynccontextmanager
async def running(
    bridge: Bridge, *, polls: bool, works: bool, only: Collection[str] = ()
) -> AsyncIterator[str]:
    """The processes' loops and their web server while the context lasts; yields the server's address."""
    async with AsyncExitStack() as stack:
        the_poller = await stack.enter_async_context(poller(bridge)) if polls else None
        the_workers = await stack.enter_async_context(workers(bridge, only)) if works else None
        health, board = Health(bridge, the_poller, the_workers), Board(bridge)
        teller = notices.teller(bridge, board, the_poller) if the_poller else None
        web = serving(
            bridge.values.web,
            bridge.metrics,
            alive=health.stuck,
            ready=health.missing,
            warnings=lambda: health.warnings,
            look=health.look,
            attach=attached(bridge, board) if polls else None,
        )
        address = await stack.enter_async_context(web)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(part.run()) for part in (the_poller, the_workers, health, teller) if part]
        try:
            yield address
        finally:
            if the_workers:
                await the_workers.stop(bridge.values.shutdown_grace)
            for task in tasks:
                task.cancel()
            if the_poller:
                await the_poller.stand_down()


@asynccontextmanager
async def workers(bridge: Bridge, only: Collection[str] = ()) -> AsyncIterator[Workers]:
    """The workers of all targets, or of those named in `only`."""
    async with connected(bridge, only) as targets:
        await revive(bridge, targets)
        yield Workers(deliverers(bridge, targets), bridge.backend)
