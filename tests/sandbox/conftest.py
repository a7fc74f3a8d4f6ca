"""A running sandbox of 60 people for each test, and a way to ask it that is already signed in."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from sandbox import Sandbox
from tests.sandbox.asking import Ask

TODAY = date(2026, 5, 4)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Start a sandbox whose key may read everything."""
    async with Sandbox(people=60, seed=7, denied=(), today=TODAY) as running:
        yield running


@pytest.fixture
async def kenjo(sandbox: Sandbox) -> AsyncIterator[ClientSession]:
    """Open a session that carries a valid token and the API's base URL."""
    token = sandbox.keys.login(sandbox.api_key)["token"]
    async with ClientSession(f"{sandbox.url}/", headers={"Authorization": token}) as session:
        yield session


@pytest.fixture
def ask(kenjo: ClientSession) -> Ask:
    """Return a function that sends a request and returns status and body: JSON if it is some, else text."""

    async def send(method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with kenjo.request(method, path, **options) as response:
            text = await response.text()
        try:
            return response.status, orjson.loads(text)
        except orjson.JSONDecodeError:
            return response.status, text

    return send
