"""Gathers what is sent at the same time into one request. Each part keeps its permit and its error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bridge.errors import RecordRejected
from bridge.wire.calls import Heard, heard_by, hearers
from bridge.wire.permit import Permit
from bridge.wire.places import Order, order, stand

WITHIN = 0.02
"""Seconds for which an item waits for others."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Fewer(Exception):
    """Some of the items may not be sent any more: the others go without them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part(Generic[Item, Answer]):
    """One item among others, and who hears of the calls that are made for it."""

    item: Item
    permit: Permit
    order: Order = field(default_factory=order)
    hearers: tuple[Heard, ...] = field(default_factory=hearers)
    done: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def answer(self, answer: Answer) -> None:
        """Let whoever waits go on."""
        if not self.done.done():
            self.done.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Let it be raised for whoever waits."""
        if self.done.done():
            return
        if isinstance(error, asyncio.CancelledError):
            self.done.cancel()
        else:
            self.done.set_exception(error)


@dataclass(frozen=True, slots=True)
class _Together(Generic[Item, Answer]):
    """The permit of a request: those of all its items."""

    parts: Sequence[_Part[Item, Answer]]

    async def ask(self, *, paced: bool = False) -> None:
        asked = (part.permit.ask(paced=paced) for part in self.parts)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for part, answer in zip(self.parts, answers, strict=True):
            if isinstance(answer, BaseException):
                part.fail(answer)
        if any(part.done.done() for part in self.parts):
            raise _Fewer


class Gathering(Generic[Item, Answer]):
    """Posts at most `most` items at once, and no more than `size` of what `weigh` says of each.

    Each item waits for others for `within` seconds. What `post` returns is the answer to each of its items.
    """

    def __init__(
        self,
        post: Callable[[Sequence[Item], Permit], Awaitable[Answer]],
        most: int,
        *,
        weigh: Callable[[Item], int] = lambda _item: 0,
        size: int = 0,
        within: float = WITHIN,
    ) -> None:
        self._post = post
        self._most = most
        self._weigh = weigh
        self._size = size
        self._within = within
        self._waiting: list[_Part[Item, Answer]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def send(self, item: Item, permit: Permit) -> Answer:
        """Send an item, perhaps among others. Raises what it alone would raise."""
        if self._most == 1:
            return await self._post([item], permit)
        if sum(self._weigh(part.item) for part in self._waiting) + self._weigh(item) > self._size:
            self._leave()
        part: _Part[Item, Answer] = _Part(item, permit)
        self._waiting.append(part)
        if len(self._waiting) == self._most:
            self._leave()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._within, self._leave)
        return await part.done

    async def end(self) -> None:
        """Give up what has not been sent."""
        if self._timer:
            self._timer.cancel()
        for part in self._waiting:
            part.done.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _leave(self) -> None:
        if self._timer:
            self._timer.cancel()
        parts, self._waiting, self._timer = self._waiting, [], None
        if parts:
            task = asyncio.create_task(self._carry(parts))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _carry(self, parts: Sequence[_Part[Item, Answer]]) -> None:
        """Post until each item has its answer. Who waits no more is left out."""
        while left := [part for part in parts if not part.done.done()]:
            stand(min(part.order for part in left))  # a leaver goes first, in whatever company
            try:
                with heard_by(heard for part in left for heard in part.hearers):
                    answer = await self._post([part.item for part in left], _Together(left))
            except _Fewer:
                continue
            except RecordRejected as error:
                if len(left) == 1:
                    left[0].fail(error)
                else:  # one of them is at fault: halves of halves show which
                    half = len(left) // 2
                    await asyncio.gather(self._carry(left[:half]), self._carry(left[half:]))
            except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for it
                for part in left:
                    part.fail(error)
            else:
                for part in left:
                    part.answer(answer)
