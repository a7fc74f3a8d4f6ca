"""Small real servers for tests of `bridge.wire.http`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from bridge.wire.http import Http

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, **options: Any) -> AsyncIterator[Http]:
    """A server whose every address is `handler`, and a client of it."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        async with aiohttp.ClientSession() as session:
            yield Http(session, address, **{"timeout": 5.0, **options})
    finally:
        await runner.cleanup()


def answering(status: int, **response: Any) -> Handler:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, **response)

    return handler


def explaining(status: int, body: Any) -> Handler:
    return answering(status, text=json.dumps(body), content_type="application/json")


async def echoing(request: web.Request) -> web.StreamResponse:
    sent = {"method": request.method, "path": request.path_qs, "headers": dict(request.headers)}
    return web.json_response({**sent, "body": (await request.read()).decode()})
