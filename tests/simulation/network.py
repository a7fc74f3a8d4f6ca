"""Between a worker and a directory: time passes, requests and answers get lost, servers are busy."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any

import aiohttp
import orjson
from multidict import CIMultiDict

from tests.simulation.directory import Directory, Reply
from tests.simulation.process import DELIVERY, TURNED, Delivery, Process

_NONE: Mapping[str, str] = MappingProxyType({})


class Line:
    """Takes the place of an `aiohttp.ClientSession`: one process's way to one directory."""

    def __init__(self, directory: Directory, process: Process) -> None:
        self.directory = directory
        self.process = process

    def request(self, method: str, url: str, **options: Any) -> Request:
        """One request, sent when its context is entered."""
        return Request(self, method, "/" + url.split("/", 3)[3], options)


class Request:
    """A request on its way."""

    def __init__(self, line: Line, method: str, path: str, options: dict[str, Any]) -> None:
        self._line = line
        self._what = f"{method} {path}"
        self._method, self._path, self._options = method, path, options

    async def __aenter__(self) -> Response:
        process, directory = self._line.process, self._line.directory
        world, by = process.world, DELIVERY.get()
        by = dataclasses.replace(by) if by else None  # as it is now, whenever the request arrives
        await process.step()  # between the last check and the request a process may be stopped, too
        directory.referee.request(self._what, TURNED.get())
        answer: asyncio.Future[Reply | None] = world.loop.create_future()
        # What was sent arrives, whatever becomes of the process that sent it.
        world.loop.call_later(world.random.uniform(0.01, 0.3), self._arrive, answer, by)
        try:
            reply = await asyncio.wait_for(answer, self._options["timeout"].total)
        except TimeoutError:
            reply = None
        world.note(process.name, f"{directory.name} {self._what} = {reply.status if reply else 'no answer'}")
        await process.step()
        if reply is None:
            raise aiohttp.ServerDisconnectedError
        if wait := reply.headers.get("Retry-After"):
            directory.referee.answered_wait(float(wait), process)
        return Response(reply.status, orjson.dumps(reply.body), reply.headers)

    async def __aexit__(self, *exc: object) -> None:
        """Nothing is open."""

    def _arrive(self, answer: asyncio.Future[Reply | None], by: Delivery | None) -> None:
        world = self._line.process.world
        reply = self._reply(by)
        world.note(
            self._line.directory.name, f"{self._what} {self._options['data'] or self._options['params']}"
        )
        world.loop.call_later(
            world.random.uniform(0.01, 0.3), lambda: None if answer.done() else answer.set_result(reply)
        )

    def _reply(self, by: Delivery | None) -> Reply | None:
        directory = self._line.directory
        world, odds = self._line.process.world, self._line.process.world.odds
        if directory.down or world.chance(odds.unreachable):
            return None
        if world.chance(odds.refused_token):
            directory.halted = True
        if directory.halted:
            return Reply(401)
        if world.chance(odds.throttled):
            return directory.throttles()
        early = world.chance(odds.server_error)
        if early and world.random.random() < 0.5:
            return Reply(500)
        body = orjson.loads(self._options["data"]) if self._options["data"] else None
        reply = directory.handle(self._method, self._path, self._options["params"], body, by)
        if early:
            return Reply(503)  # after the work was done
        return None if world.chance(odds.answer_lost) else reply


class Response:
    """An answer as `bridge.wire.http` reads it."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str] = _NONE) -> None:
        self.status = status
        self.headers = CIMultiDict(headers)
        self.content = self
        self._body = body

    async def iter_any(self) -> AsyncIterator[bytes]:
        """The body."""
        yield self._body
