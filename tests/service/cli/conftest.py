"""Commands on a small world."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.cli.operated import Operator, operated
from tests.service.cli.planned import Inspected, inspected
from tests.world import World


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
