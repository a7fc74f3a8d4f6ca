"""Puts the API into an application: reads what is asked, calls who answers, writes the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any, get_origin

import orjson
from aiohttp import web
from pydantic import ValidationError

from bridge.printable import visible_json
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web.api import problems
from service.web.api.document import document
from service.web.api.door import Door
from service.web.api.endpoints import Endpoint, endpoint
from service.web.api.everything import everything
from service.web.api.values import Answer, Asked, Part
from service.web.guard import HEADERS
from service.web.lines import Lines, streamed
from service.web.visitors import acting_as

PATH = "/api/v1"

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The API of one bridge."""

    def __init__(self, bridge: Bridge, board: Board) -> None:
        settings = bridge.values.web
        self._base = f"{settings.base_path}{PATH}"
        self._board = board
        self._door = Door(settings)
        self._endpoints = [*everything(bridge, board), endpoint("GET", "/openapi.json", self.openapi, None)]

    def attach(self, app: web.Application) -> None:
        """Add every address."""
        below = web.Application(middlewares=[self._answered])
        for one in self._endpoints:
            add = below.router.add_get if one.method == "GET" else below.router.add_post
            add(one.path, self._handler(one))
        app.add_subapp(self._base, below)

    async def openapi(self) -> dict[str, Any]:
        """What there is, as this description."""
        return self._document

    @cached_property
    def _document(self) -> dict[str, Any]:
        """Made when somebody asks for it: it takes longer than all else that starts here."""
        return document(self._endpoints, self._base)

    @web.middleware
    async def _answered(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Whatever goes wrong, also before anybody is asked, is a problem in JSON."""
        response: web.StreamResponse
        try:
            self._door.check(request)
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - of a type that nobody foresaw, too: its text tells nothing
            response = problems.response(error)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _handler(self, one: Endpoint) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            given: dict[str, Any] = dict(request.match_info)
            visitor = self._door.visitor(request, one.needs) if one.needs else None
            if one.takes_visitor:
                given["visitor"] = visitor
            if one.query:
                given["query"] = _query(request, one.query)
            if one.body:
                given["body"] = await _body(request, one.body)
            if visitor is None or one.method == "GET":
                answer = await one.handler(**given)
            else:
                with acting_as(visitor):
                    answer = await one.handler(**given)
                self._board.renew()
            return await _written(request, one, answer)

        return handle


def _query(request: web.Request, model: type[Asked]) -> Asked:
    """What the address asks for. Raises Refused."""
    given: dict[str, Any] = {}
    for name in request.query:
        values = request.query.getall(name)
        field = model.model_fields.get(name)
        several = field is not None and get_origin(field.annotation) is list
        if len(values) > 1 and not several:
            wrong = problems.Wrong(where=f"query.{name[:100]}", detail="is there more than once")
            raise problems.Refused(422, f"{wrong.where} {wrong.detail}.", errors=[wrong])
        given[name] = values if several else values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise problems.invalid(error, "query") from None


async def _body(request: web.Request, model: type[Asked]) -> Asked:
    """What is sent. Raises Refused, and HTTPRequestEntityTooLarge."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise problems.invalid(error, "body") from None


async def _written(request: web.Request, one: Endpoint, answer: Any) -> web.StreamResponse:
    if isinstance(answer, Lines):
        return await streamed(request, answer)
    if answer is None:
        return web.Response(status=one.status, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": "no-store"}
    if isinstance(answer, Part) and answer.next:
        where = request.rel_url.update_query(after=answer.next)
        headers["Link"] = f'<{where}>; rel="next"'
    body = _json(answer)
    if one.method == "GET":
        # It may be kept, by who asked and nobody else, but is asked for again each time.
        headers |= {
            "Cache-Control": "private, no-cache",
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        }
        if _is_known(request, headers["ETag"]):
            return web.Response(status=304, headers=headers)
    return web.Response(status=one.status, body=body, content_type="application/json", headers=headers)


def _json(answer: Any) -> bytes:
    """The answer, with the same values, harmless on the terminal on which somebody asks with curl."""
    text = answer.model_dump_json() if isinstance(answer, Answer) else orjson.dumps(answer).decode()
    return visible_json(text).encode()


def _is_known(request: web.Request, etag: str) -> bool:
    """Whether who asks has this answer already (RFC 9110, section 13.1.2)."""
    known = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    return etag in known or known == ["*"]
