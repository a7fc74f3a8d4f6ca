"""One attempt, one time-out, permission to write: against real servers on free ports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import pytest
from aiohttp import web

from bridge.errors import (
    BridgeError,
    LockLost,
    RecordRejected,
    TargetHalted,
    TryLater,
    WriteRefused,
)
from bridge.wire.answer import Answer
from bridge.wire.permit import NoWrites
from tests.bridge.serving import echoing, serving
from workers.testing.permits import Counted


async def test_a_request_as_it_is_sent() -> None:
    """Path, query, JSON body and headers arrive as given, below the base address."""
    async with serving(echoing, headers={"X-Own": "1"}) as http:
        answer = await http.read(
            "/a%2Fb", method="POST", params={"q": "ü+&"}, body={"n": "ö"}, headers={"X-New": "2"}
        )
    said = answer.json()
    assert (said["method"], said["path"]) == ("POST", "/api/a%2Fb?q=%C3%BC%2B%26")
    assert said["body"] == '{"n":"ö"}'
    assert (said["headers"]["X-Own"], said["headers"]["X-New"]) == ("1", "2")
    assert said["headers"]["Content-Type"] == "application/json"


async def test_the_permit_is_asked_before_each_write() -> None:
    """It is asked once for each write, instead of a turn; what it raises stops that write, and no reading."""
    order: list[str] = []

    async def turn() -> None:
        order.append("turn")

    async def counting(request: web.Request) -> web.StreamResponse:
        order.append(request.method)
        return web.Response()

    permit = Counted(2, order)
    async with serving(counting, turn=turn) as http:
        await http.write("POST", "/x", permit)
        await http.read("/x")
        await http.write("DELETE", "/x", permit)
        with pytest.raises(LockLost):
            await http.write("PUT", "/x", permit)
        await http.read("/x")
    assert order == ["asked", "POST", "turn", "GET", "asked", "DELETE", "asked", "turn", "GET"]


async def test_a_stamp_is_given_as_the_request_leaves() -> None:
    """It sees the headers and the body as they arrive, after the permit was given, and adds its own."""
    order: list[str] = []

    def stamp(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        order.append("stamped")
        return {"X-Stamp": f"{headers['X-Id']} {len(body)}"}

    async with serving(echoing, stamp=stamp) as http:
        answer = await http.write("POST", "/x", Counted(1, order), content=b"abc", headers={"X-Id": "7"})
    assert answer.json()["headers"]["X-Stamp"] == "7 3"
    assert order == ["asked", "stamped"]


async def test_nothing_is_written_by_whoever_only_looks() -> None:
    """The permit of plan and explain refuses every write."""
    seen: list[str] = []

    async def counting(request: web.Request) -> web.StreamResponse:
        seen.append(request.method)
        return web.Response()

    async with serving(counting) as http:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with pytest.raises(WriteRefused):
                await http.write(method, "/x", NoWrites())
    assert seen == []


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
        await asyncio.gather(*(http.read("/x") for _ in range(6)))
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
            await http.read("/x")
    assert caught.value.unreachable
    assert time.monotonic() - started < 2


async def test_timeout_covers_silence() -> None:
    """A server that does not answer at all is unreachable after the time-out."""

    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(2)
        return web.Response()

    async with serving(silent, timeout=0.1) as http:
        with pytest.raises(TryLater) as caught:
            await http.read("/x")
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
            await http.read("/x")


async def test_a_redirect_is_not_followed() -> None:
    """A redirect is an error that says what to change; the other address sees nothing."""
    seen: list[str] = []

    async def redirecting(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        raise web.HTTPFound("/elsewhere")

    async with serving(redirecting) as http:
        with pytest.raises(TargetHalted, match="base_url"):
            await http.read("/x")
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
                await http.read(path, params={"q": "ana@example.com"})
            assert caught.value.unreachable
            assert "ana" not in str(caught.value)


async def test_an_error_that_is_told_with_200() -> None:
    """Where the target says errors with success == its words are told, without the values that were sent."""

    async def telling(request: web.Request) -> web.Response:
        sent = await request.json()
        return web.json_response({"ok": False, "message": f"cannot take {sent['name']} now"})

    def classify(answer: Answer, said: str) -> BridgeError | None:
        return None if b'"ok": true' in answer.body else RecordRejected(f"refused: {said}")

    async with serving(telling, classify=classify) as http:
        with pytest.raises(RecordRejected) as caught:
            await http.read("/x", method="POST", body={"name": "Schmidtke"})
    assert str(caught.value) == "refused: cannot take […] now"
