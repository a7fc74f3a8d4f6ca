"""Answers that are written while they are read: files of any length, never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web
from redis.exceptions import RedisError

from bridge.errors import BridgeError, unforeseen
from bridge.logs import get_logger
from service.web.guard import HEADERS

log = get_logger("web")


@dataclass(frozen=True, slots=True)
class Lines:
    """An answer that is written while it is read: some lines at a time, each with its line break."""

    media: str
    lines: AsyncIterator[str]
    file: str
    """The name under which a browser would save it."""


async def streamed(request: web.Request, answer: Lines) -> web.StreamResponse:
    """Write it. Raises what goes wrong before anything was sent."""
    headers = {
        **HEADERS,
        "Content-Type": answer.media,
        "Content-Disposition": f'attachment; filename="{answer.file}"',
        "Cache-Control": "no-store",
    }
    response = web.StreamResponse(headers=headers)
    first = await anext(answer.lines, "")  # before anything is sent, so that what goes wrong can be said
    await response.prepare(request)
    try:
        if request.method == "GET":
            await response.write(first.encode())
            async for lines in answer.lines:
                await response.write(lines.encode())
        await response.write_eof()
    except (BridgeError, RedisError, OSError) as error:  # the status was sent: an answer cut short says it
        log.warning("answer cut short", reason=str(unforeseen(error)))
        if request.transport:
            request.transport.abort()
    return response
