"""Carries out the faults: stands before Kenjo's handlers as a bad network and a bad gateway would."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from sandbox.api import reply
from sandbox.auth import Keys
from sandbox.faults import ANSWERS, ROWS, SENDING, Fault, Faults
from sandbox.malform import malform
from sandbox.paged import cut

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def spoiled(
    request: web.Request, handler: Handler, path: str, faults: Faults, keys: Keys
) -> web.StreamResponse:
    """Answer the request through all rules that cover it."""
    for fault in faults.take(ANSWERS, request.method, path):
        answer = await _answer(request, fault, keys)
        if answer is not None:
            return answer
    response = await handler(request)
    if not len(faults) or not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    value = _list_in(response)
    if value is not None:
        for fault in faults.take(ROWS, request.method, path):
            value = _reshaped(value, fault, request)
        response = reply(value)
    for fault in faults.take(SENDING, request.method, path):
        return await _send_badly(request, response, fault)
    return response


async def _answer(request: web.Request, fault: Fault, keys: Keys) -> web.StreamResponse | None:
    """Return what is sent instead of Kenjo's answer, or nothing when Kenjo shall still answer."""
    options = fault.options
    match fault.kind:
        case "slow":
            await asyncio.sleep(options["seconds"])
        case "expire_tokens":
            keys.expire_all()
        case "drop":
            _hang_up(request)
            return web.Response()
        case "html":
            return web.Response(status=options["status"], text=options["body"], content_type="text/html")
        case _:
            return _refusal(**options)
    return None


def _refusal(status: int, body: Any, retry_after: object) -> web.Response:
    if isinstance(body, str):
        response = web.Response(status=status, text=body)
    else:
        response = reply({"code": status, "message": "Try again later."} if body is None else body, status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _list_in(response: web.Response) -> Any:
    """Return the answer's JSON if it is a list, bare or below `data`."""
    if response.status != 200 or response.content_type != "application/json":
        return None
    value = orjson.loads(response.body)  # type: ignore[arg-type]  # the caller knows that it is bytes
    return value if isinstance(_rows(value), list) else None


def _rows(value: Any) -> Any:
    return value.get("data") if isinstance(value, dict) else value


def _reshaped(value: Any, fault: Fault, request: web.Request) -> Any:
    rows, options = _rows(value), fault.options
    match fault.kind:
        case "paged":
            limit, number = _asked(request, options["limit"], "limit"), _asked(request, 1, "offset", "page")
            return cut(rows, limit, number)
        case "half":
            rows = rows[: int(len(rows) * options["fraction"])]
        case "malformed" if rows:
            rows = malform(rows, options["variant"], options["rows"], options["field"])
        case _:
            rows = []
    return {**value, "data": rows} if isinstance(value, dict) else rows


def _asked(request: web.Request, default: int, *names: str) -> int:
    texts = (request.query.get(name, "") for name in names)
    return next((int(text) for text in texts if text.isdecimal() and int(text) > 0), default)


async def _send_badly(request: web.Request, response: web.Response, fault: Fault) -> web.StreamResponse:
    body = bytes(response.body or b"")  # type: ignore[arg-type]  # the caller knows that it is bytes
    half = body[: len(body) // 2]
    if fault.options.get("complete"):
        return web.Response(status=response.status, body=half, content_type=response.content_type)
    stream = web.StreamResponse(status=response.status)
    stream.content_type = response.content_type
    stream.content_length = len(body)
    await stream.prepare(request)
    await stream.write(half)
    if fault.kind == "truncated":
        _hang_up(request)
        return stream
    await asyncio.sleep(fault.options["seconds"])
    await stream.write(body[len(half) :])
    return stream


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()  # close, not abort: what was written still arrives
