"""Ten people at a directory where two may be removed at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery
from tests.polling import Watch, start

LIMIT = {"remove": {"count": 2, "percent": 20}}


@pytest.fixture
async def run(backend: Backend) -> AsyncIterator[Delivery]:
    async with delivery(backend, limits=LIMIT, rate=1000) as ready:
        yield ready


@pytest.fixture
async def watch(run: Delivery) -> Watch:
    """Ten people at the directory."""
    return await start(run, 10)
