"""What the tests of the Kenjo client share."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bridge.errors import SourceUnavailable
from service.kenjo.client import KenjoClient
from service.kenjo.fields import ACCOUNTS, WORKS

LISTS = {ACCOUNTS, WORKS, "departments", "teams"}
KEY = "key-of-the-sandbox"
LOGIN = "POST /auth/login"

Connect = Callable[..., KenjoClient]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


async def failure(client: KenjoClient, *lists: str) -> SourceUnavailable:
    """What fetching the lists (default: LISTS) raises."""
    with pytest.raises(SourceUnavailable) as caught:
        await client.fetch(lists or LISTS)
    return caught.value
