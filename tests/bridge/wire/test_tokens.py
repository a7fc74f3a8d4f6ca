"""Tokens that end: fetched once for all, early, and given up when they are refused. On a real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bridge.errors import TargetHalted, TryLater
from bridge.store.backend import Backend
from bridge.wire.http import Http
from bridge.wire.tokens import Pocket, Tokens, Vault, classify_sign_in, exchange
from tests.bridge.serving import serving

SECRET = "s3cret&word"


class Server:
    """Gives tokens that live an hour, and answers who shows the newest one."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.given: list[str] = []
        self.asked: list[str] = []
        self.valid: set[str] = set()
        self.forms: list[dict[str, str]] = []
        self.answer: Callable[[], web.Response] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/token"):
            self.forms.append({name: str(value) for name, value in (await request.post()).items()})
            if self.answer:
                return self.answer()
            self.given.append(f"t{len(self.given) + 1}")
            self.valid = {self.given[-1]}
            return web.json_response({"access_token": self.given[-1], "expires_in": 3600})
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.asked.append(token)
        return web.Response(status=200 if token in self.valid else 401)


@asynccontextmanager
async def signed(server: Server, vault: Vault) -> AsyncIterator[Http]:
    """A connection that signs in at the server itself."""
    async with serving(server.handle, classify=classify_sign_in) as at:

        async def fetch() -> tuple[str, float | None]:
            form = {"grant_type": "client_credentials", "client_secret": SECRET}
            return await exchange(at, "/token", form)

        tokens = Tokens("app", fetch, vault, clock=lambda: server.now)
        async with serving(server.handle, sign=tokens) as http:
            yield http


async def test_one_token_for_all_requests() -> None:
    """Requests at the same time, and later ones, use one token, which a form has asked for."""
    server = Server()
    async with signed(server, Pocket()) as http:
        await asyncio.gather(*(http.read("/x") for _ in range(5)))
        await http.read("/x")
    assert (server.given, server.asked) == (["t1"], ["t1"] * 6)
    assert server.forms == [{"grant_type": "client_credentials", "client_secret": SECRET}]


async def test_another_is_fetched_before_it_ends() -> None:
    """A tenth of its life before the end the next one is fetched, while the old one is good still."""
    server = Server()
    async with signed(server, Pocket()) as http:
        await http.read("/x")
        server.now += 3600 * 0.89
        await http.read("/x")
        server.now += 3600 * 0.02
        await http.read("/x")
    assert server.asked == ["t1", "t1", "t2"]


async def test_processes_share_it() -> None:
    """What one process has fetched another one finds in the vault."""
    server, vault = Server(), Pocket()
    for _ in range(2):
        async with signed(server, vault) as http:
            await http.read("/x")
    assert (server.given, server.asked) == (["t1"], ["t1", "t1"])


async def test_one_that_is_refused_is_given_up() -> None:
    """Revoked there in the middle of its life: the request is tried later, with another token."""
    server, vault = Server(), Pocket()
    async with signed(server, vault) as http:
        await http.read("/x")
        server.now += 60
        server.valid = set()
        with pytest.raises(TryLater, match="401") as error:
            await http.read("/x")
        assert not error.value.of_the_target
        await http.read("/x")
    assert server.asked == ["t1", "t1", "t2"]


async def test_a_new_one_that_is_refused_halts() -> None:
    """A token that never worked: the credentials are wrong, and no more tokens are asked for."""
    server = Server()
    async with signed(server, Pocket()) as http:
        await http.read("/x")
        server.valid = set()
        with pytest.raises(TargetHalted):
            await http.read("/x")
    assert server.given == ["t1"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: web.json_response({"error": "invalid_client"}, status=400), TargetHalted),
        (lambda: web.json_response({"error_description": f"wrong {SECRET}"}, status=401), TargetHalted),
        (lambda: web.Response(status=503), TryLater),
        (lambda: web.Response(text="<html>", content_type="text/html"), TryLater),
        (lambda: web.json_response({"access_token": ""}), TryLater),
        (lambda: web.json_response([]), TryLater),
    ],
)
async def test_no_token(answer: Callable[[], web.Response], error: type[Exception]) -> None:
    """Refused credentials halt; all else is tried later. Nothing is asked without a token, no secret told."""
    server = Server()
    server.answer = answer
    async with signed(server, Pocket()) as http:
        with pytest.raises(error) as raised:
            await http.read("/x")
    assert server.asked == []
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("says", [{}, {"expires_in": "soon"}])
async def test_a_life_that_nobody_tells(says: dict[str, str]) -> None:
    """Without `expires_in`, or with one that is no number, it is used for some minutes."""
    server = Server()
    server.answer = lambda: web.json_response({"access_token": "t9", **says})
    server.valid = {"t9"}
    async with signed(server, Pocket()) as http:
        for seconds in (0, 200, 100):
            server.now += seconds
            await http.read("/x")
    assert len(server.forms) == 2


@pytest.mark.parametrize("seconds", ["1e308", "inf", "nan", "-inf", "1e400", 10**30, -5])
async def test_a_life_without_sense(backend: Backend, seconds: str | float) -> None:
    """Any `expires_in` == a token that is used and shared, and for a day at most."""
    server, vault = Server(), backend.vault("directory")
    server.now = time.time()
    server.answer = lambda: web.json_response({"access_token": "t9", "expires_in": seconds})
    server.valid = {"t9"}
    async with signed(server, vault) as http:
        await http.read("/x")
        server.now += 86_400
        await http.read("/x")
    assert (len(server.forms), server.asked) == (2, ["t9", "t9"])
