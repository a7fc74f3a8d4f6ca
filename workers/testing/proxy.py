"""A reverse proxy that keeps a log and can be told to fail: stands in front of any target's server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import aiohttp
from aiohttp import web
from yarl import URL


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in; `path` is raw, without the query."""

    method: str
    path: str
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


Fault = Callable[["Proxy", web.Request], Awaitable[web.StreamResponse]]


Reads = Callable[[str, str], bool]


def reads_by_method(method: str, _path: str) -> bool:
    """Whether a request changes nothing, as HTTP says it."""
    return method in ("GET", "HEAD")


class Proxy:
    """Forwards to `origin` (scheme, host and port); `url` is its own address.

    `reads`: whether a request, by method and path, changes nothing; some APIs search and sign in by POST.
    """

    def __init__(self, origin: str, session: aiohttp.ClientSession, reads: Reads = reads_by_method) -> None:
        self.origin = origin
        self.reads = reads
        self.url = ""
        self.seen: list[Seen] = []
        self._session = session
        self._faults: list[Fault] = []
        self._always: Fault | None = None

    @property
    def writes(self) -> list[Seen]:
        """The requests that came in to change something."""
        return [one for one in self.seen if not self.reads(one.method, one.path)]

    def fail(self, *faults: Fault) -> None:
        """Meet the next requests with these faults, one each."""
        self._faults += faults

    def fail_always(self, fault: Fault | None) -> None:
        """Meet every request with this fault, until called with None."""
        self._always = fault

    def lose(self) -> None:
        """Let the next write be done, and its answer get lost."""
        self.fail(_at_a_write(lost))

    def refuse(self) -> None:
        """Let the server refuse the next write for what is in it."""
        self.fail(_at_a_write(answer(400, '{"detail": "no"}')))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note a request, and fail as told or pass it on."""
        self.seen.append(Seen(request.method, request.raw_path.partition("?")[0], await request.read()))
        fault = self._faults.pop(0) if self._faults else self._always
        return await (fault(self, request) if fault else self.forward(request))

    async def forward(self, request: web.Request) -> web.Response:
        """Pass a request on as it is."""
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        url = URL(self.origin + request.raw_path, encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=await request.read() or None
        ) as answer:
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "server")
            }
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


@asynccontextmanager
async def proxy_to(origin: str, reads: Reads = reads_by_method) -> AsyncIterator[Proxy]:
    """Run a proxy on a free port."""
    async with aiohttp.ClientSession() as session:
        proxy = Proxy(origin, session, reads)
        application = web.Application(client_max_size=2**26)
        application.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield proxy
        finally:
            await runner.cleanup()


def answer(status: int, body: str = "", content_type: str = "application/json", **headers: str) -> Fault:
    """Answer so instead of forwarding; underscores in header names stand for hyphens."""

    async def fault(_proxy: Proxy, _request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, content_type=content_type, headers=named)

    return fault


def page(status: int = 200) -> Fault:
    """A gateway's HTML page."""
    return answer(status, "<html><body>Please sign in, Ana</body></html>", "text/html")


async def lost(proxy: Proxy, request: web.Request) -> web.StreamResponse:
    """The server does its work, but its answer gets lost."""
    await proxy.forward(request)
    return await dropped(proxy, request)


async def dropped(_proxy: Proxy, request: web.Request) -> web.StreamResponse:
    """The connection breaks before anything is answered."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def truncated(_proxy: Proxy, request: web.Request) -> web.StreamResponse:
    """The answer breaks off in the middle of its body."""
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"id": "1", ')
    await asyncio.sleep(0.01)  # so that headers and half a body arrive before the end does
    if request.transport is not None:
        request.transport.close()
    return response


def echo(status: int) -> Fault:
    """Refuse, repeating in the error text whatever was sent."""

    async def fault(_proxy: Proxy, request: web.Request) -> web.StreamResponse:
        sent = (await request.read()).decode()
        words = sorted(_texts(json.loads(sent)) if sent else [])
        detail = f"cannot use {' / '.join(words)} for {unquote_plus(request.raw_path)}"
        body = {"detail": detail, "error": {"message": detail}, "status": str(status)}
        return web.json_response(body, status=status)

    return fault


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return {text for item in value for text in _texts(item)}
    return {value} if isinstance(value, str) else set()


def at(method: str, fault: Fault) -> Fault:
    """The fault at the first request with this method; the ones before go through."""
    return _at(lambda _proxy, request: request.method == method, fault)


def _at_a_write(fault: Fault) -> Fault:
    return _at(lambda proxy, request: not proxy.reads(request.method, request.path), fault)


def _at(meant: Callable[[Proxy, web.Request], bool], fault: Fault) -> Fault:
    async def waiting(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        if meant(proxy, request):
            return await fault(proxy, request)
        proxy.fail(waiting)
        return await proxy.forward(request)

    return waiting
