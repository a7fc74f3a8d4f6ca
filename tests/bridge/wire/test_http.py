"""One attempt, one time-out, permission to write: against real servers on free ports."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from bridge.errors import (
    LockLost,
    TargetHalted,
    TryLater,
    WriteRefused,
)
from bridge.wire.http import writes_allowed
from tests.bridge.serving import answering, echoing, free, serving


async def test_a_request_as_it_is_sent() -> None:
    """Path, query, JSON body and headers arrive as given, below the base address."""
    async with serving(echoing, headers={"X-Own": "1"}) as http:
        with writes_allowed(free):
            answer = await http.request(
                "POST", "/a%2Fb", params={"q": "ü+&"}, body={"n": "ö"}, headers={"X-New": "2"}
            )
    said = answer.json()
    assert (said["method"], said["path"]) == ("POST", "/api/a%2Fb?q=%C3%BC%2B%26")
    assert said["body"] == '{"n":"ö"}'
    assert (said["headers"]["X-Own"], said["headers"]["X-New"]) == ("1", "2")
    assert said["headers"]["Content-Type"] == "application/json"


async def test_writing_is_refused_by_default() -> None:
    """Nothing that writes is sent where writing was not allowed; reading is, and a sign-in."""
    seen: list[str] = []

    async def counting(request: web.Request) -> web.StreamResponse:
        seen.append(request.method)
        return web.Response()

    async with serving(counting) as http:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with pytest.raises(WriteRefused):
                await http.request(method, "/x")
        await http.request("GET", "/x")
        await http.request("HEAD", "/x")
        await http.request("POST", "/token", writes=False)
    assert seen == ["GET", "HEAD", "POST"]


async def test_the_guard_runs_before_each_write() -> None:
    """A guard is asked before every request that writes, and what it raises stops that request."""
    seen: list[str] = []
    asked: list[int] = []

    async def counting(request: web.Request) -> web.StreamResponse:
        seen.append(request.method)
        return web.Response()

    async def twice() -> None:
        asked.append(1)
        if len(asked) > 2:
            raise LockLost("the lock passed on")

    async with serving(counting) as http:
        with writes_allowed(twice):
            await http.request("POST", "/x")
            await http.request("GET", "/x")
            await http.request("DELETE", "/x")
            with pytest.raises(LockLost):
                await http.request("PUT", "/x")
        with pytest.raises(WriteRefused):
            await http.request("PUT", "/x")
    assert seen == ["POST", "GET", "DELETE"]


async def test_permission_stays_in_its_context() -> None:
    """What one task may write, another one at the same time may not."""
    inside, leave = asyncio.Event(), asyncio.Event()

    async def writer() -> None:
        with writes_allowed(free):
            inside.set()
            await leave.wait()

    async with serving(answering(200)) as http:
        task = asyncio.create_task(writer())
        await inside.wait()
        with pytest.raises(WriteRefused):
            await http.request("POST", "/x")
        leave.set()
        await task


async def test_turn_comes_before_the_guard() -> None:
    """A request waits for its turn first, so that nothing comes between the guard and the request."""
    order: list[str] = []

    async def turn() -> None:
        order.append("turn")

    async def guard() -> None:
        order.append("guard")

    async with serving(answering(200), turn=turn) as http:
        with writes_allowed(guard):
            await http.request("POST", "/x")
    assert order == ["turn", "guard"]


async def test_concurrency() -> None:
    """No more requests are under way at once than allowed."""
    now = most = 0

    async def slow(_request: web.Request) -> web.StreamResponse:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        return web.Response()

    async with serving(slow, concurrency=2) as http:
        await asyncio.gather(*(http.request("GET", "/x") for _ in range(6)))
    assert most == 2


async def test_timeout_covers_a_dripping_body() -> None:
    """A server that sends a byte now and then does not keep a request open."""

    async def dripping(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    started = time.monotonic()
    async with serving(dripping, timeout=0.2) as http:
        with pytest.raises(TryLater, match=r"no answer within 0.2 s") as caught:
            await http.request("GET", "/x")
    assert caught.value.unreachable
    assert time.monotonic() - started < 2


async def test_timeout_covers_silence() -> None:
    """A server that does not answer at all is unreachable after the time-out."""

    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(2)
        return web.Response()

    async with serving(silent, timeout=0.1) as http:
        with pytest.raises(TryLater) as caught:
            await http.request("GET", "/x")
    assert caught.value.unreachable


async def test_an_oversize_answer() -> None:
    """An answer is not read beyond the limit, whatever length it announces."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"x" * 1000)
        return response

    async with serving(endless, max_body=10_000) as http:
        with pytest.raises(TryLater, match="larger than 10000 bytes"):
            await http.request("GET", "/x")


async def test_a_redirect_is_not_followed() -> None:
    """A redirect is an error that says what to change; the other address sees nothing."""
    seen: list[str] = []

    async def redirecting(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        raise web.HTTPFound("/elsewhere")

    async with serving(redirecting) as http:
        with pytest.raises(TargetHalted, match="base_url"):
            await http.request("GET", "/x")
    assert seen == ["/api/x"]


async def test_a_broken_connection() -> None:
    """A connection that breaks, before or within the answer, is unreachable, without the address."""

    async def breaking(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        if request.path.endswith("half"):
            await response.prepare(request)
            await response.write(b"{")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serving(breaking) as http:
        for path in ("/half", "/none"):
            with pytest.raises(TryLater) as caught:
                await http.request("GET", path, params={"q": "ana@example.com"})
            assert caught.value.unreachable
            assert "ana" not in str(caught.value)
