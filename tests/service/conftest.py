"""A running sandbox and clients of it."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from bridge.config.settings import KenjoSettings
from sandbox import Sandbox
from service.kenjo import KenjoClient
from tests.service.client import KEY, Connect


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A Kenjo of thirty people."""
    async with Sandbox(people=30, seed=3, api_key=KEY, today=date(2026, 5, 4)) as running:
        yield running


@pytest.fixture
async def connect(sandbox: Sandbox) -> AsyncIterator[Connect]:
    """A function that makes a client of the sandbox; options are settings, or the client's clock."""
    async with ClientSession() as session:

        def client(clock: Any = None, **options: Any) -> KenjoClient:
            defaults = {"base_url": sandbox.url, "api_key": SecretStr(KEY), "timeout": 5.0}
            settings = KenjoSettings(**(defaults | options))
            return KenjoClient(session, settings, **({"clock": clock} if clock else {}))

        yield client
