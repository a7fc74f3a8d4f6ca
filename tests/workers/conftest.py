"""What most tests of deliveries start with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery


@pytest.fixture
async def run(backend: Backend) -> AsyncIterator[Delivery]:
    """A deliverer with the default settings, at a SCIM server of its own."""
    async with delivery(backend) as ready:
        yield ready
