"""A program that asks the API of a bridge in this process; what it is answered has to be as described."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import orjson
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from bridge.config.tokens import token_hash
from bridge.metrics import Metrics
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web.api.everything import everything
from service.web.server import serving
from service.web.shown import attached

TOKENS = {role: f"kenjo-bridge-{role:x<43}" for role in ("viewer", "operator", "administrator")}
"""One for each role."""

WEB: Mapping[str, Any] = {
    "port": 0,
    "tokens": {f"the-{role}": {"token": token_hash(token), "role": role} for role, token in TOKENS.items()},
}
"""Settings of a server with these tokens."""

ENDPOINTS = everything(cast("Bridge", None), cast("Board", None))
"""All that there are; they cannot be asked."""

JSON = {"Content-Type": "application/json"}


@dataclass
class Answered:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any


class Program:
    """Asks as somebody with a role; None: without a token."""

    def __init__(self, session: aiohttp.ClientSession, address: str, base: str, board: Board) -> None:
        self._board = board
        self.address = address
        self._session = session
        self._base = base
        self._document: dict[str, Any] = {}

    def wait(self) -> None:
        """Let the time pass after which is seen what was done in another process."""
        self._board.renew()

    async def document(self) -> dict[str, Any]:
        """The description of the API."""
        if not self._document:
            async with self._session.get(f"{self.address}{self._base}/openapi.json") as answer:
                self._document = await answer.json()
        return self._document

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str | None = "operator",
        headers: Mapping[str, str] = JSON,
    ) -> Answered:
        """Ask. What is answered has to fit the description."""
        sent = {**headers, **({"Authorization": f"Bearer {TOKENS[role]}"} if role else {})}
        url = f"{self.address}{self._base}{path}"
        data = None if body is None else io.BytesIO(body if isinstance(body, bytes) else orjson.dumps(body))
        async with self._session.request(method, url, data=data, headers=sent) as answer:
            text = await answer.text()
            is_json = "json" in answer.content_type and answer.content_type != "application/jsonl" and text
            found = Answered(answer.status, answer.headers, text, await answer.json() if is_json else None)
            await self._compare(method, path.partition("?")[0], answer.content_type, found)
            return found

    async def get(self, path: str, *, role: str | None = "operator", **headers: str) -> Any:
        """What is answered to a GET that has to succeed."""
        found = await self("GET", path, role=role, headers=headers)
        assert found.status == 200, (path, found.status, found.text)
        return found.json

    async def post(self, path: str, body: Any, *, role: str | None = "operator") -> Any:
        """What is answered to a POST that has to succeed."""
        found = await self("POST", path, body, role=role)
        assert found.status in (200, 202, 204), (path, found.status, found.text)
        return found.json

    async def _compare(self, method: str, path: str, media: str, found: Answered) -> None:
        """Whether an answer is as the description says."""
        document = await self.document()
        responses = _operation(document, method, path)["responses"]
        described = responses.get(str(found.status), responses["default"])
        if found.status >= 400:
            assert (media, found.json["status"]) == ("application/problem+json", found.status)
            assert found.headers["Cache-Control"] == "no-store"
        if found.text and method != "HEAD":
            schema = described["content"][media]["schema"]
            if found.json is not None:
                Draft202012Validator({**schema, "components": document["components"]}).validate(found.json)


_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _operation(document: Mapping[str, Any], method: str, path: str) -> Any:
    """What is described at a path; only problems where there is nothing."""
    parts = path.split("/")
    for template, there in document["paths"].items():
        names = template.split("/")
        fits = len(names) == len(parts) and all(
            name == part or name.startswith("{") for name, part in zip(names, parts, strict=True)
        )
        if fits and (method := {"HEAD": "get"}.get(method, method.lower())) in there:
            return there[method]
    return {"responses": {"default": _PROBLEM}}


async def _nothing() -> list[str]:
    return []


@asynccontextmanager
async def asking(bridge: Bridge) -> AsyncIterator[Program]:
    """A program, and the server that it asks."""
    board = Board(bridge)
    settings = bridge.values.web
    web = serving(settings, Metrics(), alive=_nothing, ready=_nothing, attach=attached(bridge, board))
    async with web as address, aiohttp.ClientSession() as session:
        yield Program(session, address, f"{settings.base_path}/api/v1", board)
