"""Whose turn it is to publish: kept as long as a publication lasts, and seen before all that it sends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bridge.errors import LockLost
from bridge.store.publications import TTL, Publications


@dataclass(slots=True)
class Quiet:
    """The permit of a publication: the target's pace, that nothing has come, then its turn in Redis.

    `was_given`: something may have been sent.
    """

    pace: Callable[[], Awaitable[None]]
    is_quiet: Callable[[], Awaitable[bool]]
    publications: Publications
    token: str
    was_given: bool = False

    async def ask(self, *, paced: bool = False) -> None:
        """Raises LockLost, and TryLater while the target has asked to wait."""
        if not paced:
            await self.pace()
        await self.see()
        self.was_given = True

    async def see(self) -> None:
        """The same, without waiting. Raises LockLost."""
        if not await self.is_quiet():
            raise LockLost("records have come meanwhile")
        await self.publications.go_on(self.token)  # last: to ask for the rest may outlast it


@asynccontextmanager
async def kept(publications: Publications, token: str) -> AsyncIterator[None]:
    """Lengthen the turn as long as the context lasts."""

    async def keep() -> None:
        with contextlib.suppress(Exception):  # its end is noticed before the next write
            while True:
                await asyncio.sleep(TTL / 3)
                await publications.go_on(token)

    keeper = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
