"""The process's own HTTP server: health, readiness and metrics, which show no person, and the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bridge.config.settings import WebSettings
from bridge.errors import ConfigurationError
from bridge.metrics import Metrics

STALL_LIMIT = 300.0
"""Seconds without progress after which a loop counts as stuck; longer than a slow poll takes."""

Problems = Callable[[], Awaitable[list[str]]]


@asynccontextmanager
async def serving(
    settings: WebSettings,
    metrics: Metrics,
    *,
    alive: Problems,
    ready: Problems,
    warnings: Callable[[], list[str]] = list,
    look: Callable[[], Awaitable[None]] | None = None,
    attach: Callable[[web.Application], None] | None = None,
) -> AsyncIterator[str]:
    """Serve while the context lasts; yields the address.

    `alive` lists loops that are stuck (a restart would help), `ready` what is not there yet (it would not),
    `warnings` what may do harm later. `look` reads what the metrics are to say, before each scrape. `attach`
    adds the pages. Raises ConfigurationError when the port is taken.
    """
    app = web.Application()
    app.router.add_get("/healthz", _answer(alive))
    app.router.add_get("/readyz", _answer(ready, warnings))
    app.router.add_get("/metrics", _metrics(metrics, look))
    if attach:
        attach(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); set web.port"
            ) from None
        port = runner.addresses[0][1]
        yield f"http://{settings.host}:{port}"
    finally:
        await runner.cleanup()


def _answer(
    problems: Problems, warnings: Callable[[], list[str]] = list
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_request: web.Request) -> web.Response:
        found = await problems()
        body: dict[str, object] = {"status": "failing" if found else "ok", "problems": found}
        if warned := warnings():
            body["warnings"] = warned
        return web.json_response(body, status=503 if found else 200)

    return handler


def _metrics(
    metrics: Metrics, look: Callable[[], Awaitable[None]] | None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_request: web.Request) -> web.Response:
        if look:
            await look()
        return web.Response(body=metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return handler
