"""The process's own HTTP server: health, readiness and metrics, which show no person, and the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bridge.config.settings import WebSettings
from bridge.errors import ConfigurationError

STALL_LIMIT = 300.0
"""Seconds without progress after which a loop counts as stuck; longer than a slow poll takes."""

Problems = Callable[[], Awaitable[list[str]]]


class Counted(Protocol):
    """What /metrics shows."""

    def exposition(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        ...


@asynccontextmanager
async def serving(
    settings: WebSettings,
    metrics: Counted,
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
        yield await _listen(runner, settings)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: WebSettings) -> str:
    """The address at which a server listens from now on; behind another process, the path there."""
    if settings.socket:
        await web.UnixSite(runner, settings.socket).start()
        return f"{settings.base_path}/"
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); set web.port"
        ) from None
    return f"http://{settings.host}:{runner.addresses[0][1]}"


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
    metrics: Counted, look: Callable[[], Awaitable[None]] | None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_request: web.Request) -> web.Response:
        if look:
            await look()
        return web.Response(body=metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return handler
