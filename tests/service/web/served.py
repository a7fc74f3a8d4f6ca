"""The pages of a small company in this process: nobody polls or delivers but when told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bridge.config.configuration import load_settings
from bridge.config.passwords import hashed
from bridge.config.settings import WebSettings
from service.operations.assembly import Bridge, opened
from service.operations.board import Board
from service.web.server import serving
from service.web.shown import attached
from tests.service.operated import Operator

PASSWORD = "correct horse battery staple"


async def _nothing() -> list[str]:
    return []


@asynccontextmanager
async def pages(operator: Operator, **settings: Any) -> AsyncIterator[str]:
    """The address of the pages; `settings` are those of `web`."""
    path = operator.here.folder / "bridge.yaml"
    path.write_text(json.dumps({**operator.here.config, "web": {"port": 0, **settings}}))
    async with (
        opened(load_settings(path, {})) as bridge,
        served(bridge, bridge.values.web, attached(bridge, Board(bridge))) as address,
    ):
        yield address


@asynccontextmanager
async def served(
    bridge: Bridge, settings: WebSettings, attach: Callable[[web.Application], None]
) -> AsyncIterator[str]:
    """The server of a process; its address ends with the path at which the pages stand."""
    async with serving(settings, bridge.metrics, alive=_nothing, ready=_nothing, attach=attach) as address:
        yield address + settings.base_path


async def nothing() -> None:
    """Nothing happens."""


@asynccontextmanager
async def watched(operator: Operator, before: Callable[[], Awaitable[None]] = nothing) -> AsyncIterator[None]:
    """Kenjo is polled when somebody asks for it, as by a service. `before`: what happens just before that."""

    async def watch() -> None:
        async with operator.backend() as backend:
            lease = backend.lease()
            while True:
                await lease.acquire()
                if await backend.asked.take():
                    await before()
                    await lease.release()
                    await operator.sync()
                await asyncio.sleep(0.05)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def users(**roles: str) -> dict[str, Any]:
    """`web.users` with a password for each name, as the settings have them."""
    return {name: {"password": _HASH, "role": role} for name, role in roles.items()}


_HASH = hashed(PASSWORD)
