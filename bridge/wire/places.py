"""A number of places for requests, of which the ones that are further on are served first.

In the order in which requests come, twenty deliveries would all look up before one of them writes; a server
that asks everybody to wait after so many requests would then see look-ups for ever.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

Order = tuple[bool, int]
"""Whose request is served first: the smaller one's."""

_BEGUN = itertools.count()
_ORDER: ContextVar[Order] = ContextVar("order", default=(True, 0))


def begin(*, urgent: bool) -> None:
    """From here on let requests of the running task go behind those of the tasks that have begun before.

    Those of `urgent` ones go in front of all that are not.
    """
    _ORDER.set((not urgent, next(_BEGUN)))


def order() -> Order:
    """Where requests of the running task stand."""
    return _ORDER.get()


def stand(order: Order) -> None:
    """From here on let requests of the running task stand there: it sends what another task has asked for."""
    _ORDER.set(order)


class Places:
    """So many requests are under way at once."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: list[tuple[Order, int, asyncio.Future[None]]] = []
        self._came = itertools.count()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place, as soon as there is one."""
        if self._free:
            self._free -= 1
        else:
            await self._turn()
        try:
            yield
        finally:
            self._pass_on()

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (_ORDER.get(), next(self._came), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give a place to the first who still waits for one."""
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
