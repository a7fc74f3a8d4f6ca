"""A program that asks the API of a bridge at which twelve people have their accounts; a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.service.openid.provider import OpenIdProvider, provided
from tests.service.operated import Operator
from tests.service.web.asking import WEB, Program, asking
from tests.service.web.away import Browser, browsing


@pytest.fixture
async def program(operator: Operator) -> AsyncIterator[Program]:
    """Twelve people have their accounts."""
    operator.here.config["web"] = WEB
    async with operator.bridge() as bridge, asking(bridge) as ready:
        yield ready


@pytest.fixture
async def provider() -> AsyncIterator[OpenIdProvider]:
    """One that does as the specifications say."""
    async with provided() as ready:
        yield ready


@pytest.fixture
async def browser(fresh: Operator, provider: OpenIdProvider) -> AsyncIterator[Browser]:
    """At pages at which olga has a password, behind a proxy's path."""
    async with browsing(fresh, provider) as ready:
        yield ready
