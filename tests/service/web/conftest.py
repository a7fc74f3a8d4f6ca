"""A program that asks the API of a bridge at which twelve people have their accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.service.operated import Operator
from tests.service.web.asking import WEB, Program, asking


@pytest.fixture
async def program(operator: Operator) -> AsyncIterator[Program]:
    """Twelve people have their accounts."""
    operator.here.config["web"] = WEB
    async with operator.bridge() as bridge, asking(bridge) as ready:
        yield ready
