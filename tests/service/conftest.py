"""A running sandbox and clients of it; commands on a small world."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from bridge.config.settings import KenjoSettings
from sandbox import Sandbox
from service.kenjo.client import KenjoClient
from tests.service.client import KEY, Connect
from tests.service.operated import Operator, operated
from tests.service.planned import Inspected, inspected
from tests.world import World


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


@pytest.fixture
async def fresh(tmp_path: Path, redis_url: str) -> AsyncIterator[Operator]:
    """Nothing has been delivered yet."""
    async with operated(tmp_path, redis_url) as ready:
        yield ready


@pytest.fixture
async def operator(fresh: Operator) -> Operator:
    """All of them have their accounts."""
    assert (await fresh.sync()).exit_code == 0
    return fresh


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Inspected]:
    """A world whose Redis can be looked into."""
    async with inspected(tmp_path) as ready:
        yield ready


@pytest.fixture
def here(there: Inspected) -> World:
    """That world."""
    return there.world
