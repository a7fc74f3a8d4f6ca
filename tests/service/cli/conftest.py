"""Commands on a world of twenty people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.cli.operated import Operator, operated


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
