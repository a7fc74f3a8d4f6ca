"""A running provider."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.service.openid.provider import OpenIdProvider, provided


@pytest.fixture
async def provider() -> AsyncIterator[OpenIdProvider]:
    """One that does as the specifications say."""
    async with provided() as ready:
        yield ready
