"""How the directory fails: a share of all requests meets a fault, drawn from a seed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KINDS = ("drop", "lost", "cut", "throttle", "broken", "late", "stall")
"""`drop`: the connection ends and nothing was done. `throttle`, `broken`: 429 or 500, nothing was done.
`lost`, `cut`: all was done, but no answer comes, or half of one. `late`: all was done, then a gateway says
500. `stall`: all was done, but the answer comes when its reader has gone away, or just before."""

STALL = (1.0, 4.0)
"""Between how many seconds an answer stalls."""


class Faults:
    """`set` says how many of all requests fail, and in which ways."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - drawn again with the same seed
        self._kinds: Sequence[str] = ()
        self._share = 0.0
        self.met: Counter[str] = Counter()

    def set(self, kinds: Sequence[str] = (), share: float = 0.0) -> None:
        """Fail from now on in one of these ways; nothing at all ends it."""
        self._kinds, self._share = kinds, share

    async def meet(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request, or fail."""
        if not self._kinds or self._rng.random() >= self._share:
            return await handler(request)
        kind = self._rng.choice(self._kinds)
        self.met[kind] += 1
        if kind == "throttle":
            return web.json_response({"status": "429"}, status=429, headers={"Retry-After": "1"})
        if kind == "broken":
            return web.json_response({"status": "500", "detail": "out of order"}, status=500)
        if kind == "drop":
            return _hang_up(request)
        response = await handler(request)
        return await self._spoil(kind, request, response)

    async def _spoil(
        self, kind: str, request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse:
        if kind == "late":
            return web.Response(status=500, text="<html>Bad gateway</html>", content_type="text/html")
        if kind == "lost":
            return _hang_up(request)
        if kind == "cut":
            half = web.StreamResponse(headers={"Content-Length": "1000"})
            await half.prepare(request)
            await half.write(b'{"id": "1')
            _hang_up(request)
            return half
        await asyncio.sleep(self._rng.uniform(*STALL))
        return response


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
