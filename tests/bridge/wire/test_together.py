"""Requests that travel inside one: each has its own answer, its own error, and its own turn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict

from bridge.errors import BridgeError, LockLost, NotFound, RecordRejected, TryLater, WriteRefused
from bridge.wire.answer import Answer
from bridge.wire.permit import NoWrites
from bridge.wire.request import Request
from tests.bridge.serving import answering, serving
from workers.testing.permits import Counted


class Listed:
    """A server's own way: a list of bodies, and a list of statuses, headers and bodies in the answer."""

    def __init__(self, *, counts_each: bool = True) -> None:
        self.counts_each = counts_each

    def wrap(self, parts: Sequence[Request]) -> Request:
        return Request("POST", "/many", body=[[part.method, part.path, part.body] for part in parts])

    def unwrap(self, answer: Answer, parts: Sequence[Request]) -> list[Answer | None]:
        told = answer.json()
        return [
            Answer(one[0], CIMultiDict(one[1]), json.dumps(one[2]).encode()) if one else None
            for one in told[: len(parts)]
        ]


class Server:
    """Answers whatever travels together with `says`; `seen` are the bodies that came."""

    def __init__(self, *says: Any) -> None:
        self.says = says
        self.seen: list[Any] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(await request.json())
        return web.json_response(list(self.says))


def writes(number: int) -> list[Request]:
    return [Request("PUT", f"/things/{n}", body={"name": f"planted-{n}"}) for n in range(number)]


def reads(number: int) -> list[Request]:
    return [Request("GET", f"/things/{n}") for n in range(number)]


def kinds(found: Sequence[Answer | BridgeError]) -> list[type]:
    return [type(one) for one in found]


async def test_each_has_its_own_answer() -> None:
    """Done, refused, gone, failed and not told of == just that for each, in their order, in one request."""
    server = Server([204, {}, None], [400, {}, {"m": "planted-1 is odd"}], [404, {}, {}], [503, {}, {}], None)
    async with serving(server.handle) as http:
        found = await http.write_together(writes(5), Listed(), Counted(1))
    assert kinds(found) == [Answer, RecordRejected, NotFound, TryLater, TryLater]
    assert "planted" not in str(found[1])
    assert not any(one.unreachable for one in found if isinstance(one, TryLater))
    assert len(server.seen) == 1


async def test_one_that_is_throttled_holds_back_what_follows() -> None:
    """429 to one of them == its neighbours are done, and the server is left alone for as long as it asks."""
    told: list[float] = []

    async def hear(seconds: float) -> None:
        told.append(seconds)

    async with serving(Server([200, {}, {}], [429, {"retry-after": "7"}, {}]).handle, told=hear) as http:
        found = await http.write_together(writes(2), Listed(), Counted(1))
    assert kinds(found) == [Answer, TryLater]
    assert told == [7.0]


class Signed:
    """Proves who sends by a token, and knows when it has ended."""

    async def headers(self) -> dict[str, str]:
        return {"Authorization": "Bearer planted"}

    def refused(self, sent: Mapping[str, str]) -> BridgeError | None:
        return TryLater("has ended") if sent == {"Authorization": "Bearer planted"} else None


async def test_a_token_that_ends_in_the_middle() -> None:
    """401 to one of them == what it says of the token they were all sent with; the others are done."""
    async with serving(Server([200, {}, {}], [401, {}, {}]).handle, sign=Signed()) as http:
        found = await http.write_together(writes(2), Listed(), Counted(1))
    assert (kinds(found), str(found[1])) == ([Answer, TryLater], "has ended")


async def test_each_that_reads_takes_a_turn() -> None:
    """Three that read together == three turns; what writes together has them from its permit."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        turns += 1

    async with serving(Server(*[[200, {}, {}]] * 3).handle, turn=turn) as http:
        await http.read_together(reads(3), Listed())
        assert turns == 3
        permit = Counted(1)
        await http.write_together(writes(3), Listed(), permit)
        assert (turns, permit.asked) == (3, 1)


async def test_nothing_is_written_without_a_permit() -> None:
    """A permit that refuses, or a write among what reads == nothing leaves."""
    server = Server([204, {}, None])
    async with serving(server.handle) as http:
        with pytest.raises(WriteRefused):
            await http.write_together(writes(1), Listed(), NoWrites())
        with pytest.raises(LockLost):
            await http.write_together(writes(1), Listed(), Counted(0))
        with pytest.raises(ValueError, match="permit"):
            await http.read_together([*reads(1), *writes(1)], Listed())
    assert server.seen == []


async def test_a_refusal_of_them_all_repeats_no_value() -> None:
    """The request that carries them is refused == that is raised, without a value of any of them."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.json_response({"message": (await request.text())}, status=400)

    async with serving(refuse) as http:
        with pytest.raises(RecordRejected) as caught:
            await http.write_together(writes(3), Listed(), Counted(1))
    assert "planted" not in str(caught.value)


async def test_each_counts_by_itself() -> None:
    """Three in one == three statuses; all refused, or no answer to any == that status, or none, for each."""
    heard: list[str] = []

    def hear(status: str, _seconds: float) -> None:
        heard.append(status)

    server = Server([204, {}, None], [409, {}, {}], None)
    async with serving(server.handle, measured=hear) as http:
        await http.write_together(writes(3), Listed(), Counted(1))
    assert heard == ["204", "409", "none"]
    heard.clear()
    async with serving(answering(503), measured=hear) as http:
        with pytest.raises(TryLater):
            await http.write_together(writes(2), Listed(), Counted(1))
    assert heard == ["503", "503"]
    heard.clear()
    async with serving(answering(200, text="no JSON"), measured=hear) as http:
        with pytest.raises(TryLater):
            await http.write_together(writes(2), Listed(), Counted(1))
    assert heard == ["none", "none"]
