"""Tells open pages that something has changed, as server-sent events."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web
from redis.exceptions import RedisError

from service.operations.assembly import Bridge
from service.web.guard import HEADERS

_PACE = 2.0
"""Seconds between two looks."""

_LONGEST = 900.0
"""Seconds after which a page has to ask again: so a session that is over ends."""

_MOST = 200
"""Pages that are told at the same time."""


class Live:
    """`/live`."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._open = 0
        self._mark = ""
        self._at = 0.0

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`event: change` as soon as there is something new to see."""
        if self._open >= _MOST:
            raise web.HTTPServiceUnavailable(text="Too many pages are open.\n")
        headers = {**HEADERS, "Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers={**headers, "X-Accel-Buffering": "no"})
        await response.prepare(request)
        self._open += 1
        try:
            with suppress(ConnectionResetError):
                await self._tell(response)
        finally:
            self._open -= 1
        return response

    async def _tell(self, response: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        ends, seen = loop.time() + _LONGEST, await self._now()
        await response.write(b"retry: 3000\n\n")
        while loop.time() < ends:
            await asyncio.sleep(_PACE)
            mark = await self._now()
            await response.write(b": still here\n\n" if mark == seen else b"event: change\ndata: \n\n")
            seen = mark

    async def _now(self) -> str:
        """Another text as soon as something has changed: one look for all who wait."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._at >= _PACE / 2:
            with suppress(RedisError, OSError):  # said by the pages; the next look may succeed
                self._mark = await self._bridge.backend.mark()
            self._at = loop.time()
        return self._mark
