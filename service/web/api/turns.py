"""What reads Kenjo or a whole target is done once at a time: nobody may keep them busy by asking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.web.api.problems import Refused

_AGAIN_AFTER = 5


class Turns:
    """The turns of one process."""

    def __init__(self) -> None:
        self._taken = asyncio.Lock()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Do something at one's turn. Raises Refused while something else is done."""
        if self._taken.locked():
            raise Refused(
                429,
                "Another plan, check or trial is under way: ask again in some seconds.",
                headers={"Retry-After": str(_AGAIN_AFTER)},
            )
        async with self._taken:
            yield
