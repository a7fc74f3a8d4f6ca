"""Makes one call of what many ask for at about the same time: a round trip costs as much as the work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Together(Generic[Item, Answer]):
    """Collects what is asked for while another call is under way, up to `most` items a call.

    `call` is given the items and returns their answers, in order.
    """

    def __init__(
        self, call: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], most: int = 100
    ) -> None:
        self._call = call
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, item: Item) -> Answer:
        """The answer for one item. Raises what the call raises.

        An item that was handed in is sent, also when whoever asked is cancelled meanwhile.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._running is None:
            # It is of all who ask, so nothing that belongs to the first of them goes with it.
            self._running = asyncio.create_task(self._run(), context=Context())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(batch)
        finally:
            self._running = None
            for _, answer in self._waiting:  # left by a call that was cancelled
                answer.cancel()
            self._waiting = []

    async def _answer(self, batch: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        waiting = [answer for _, answer in batch]
        try:
            found = await self._call([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is theirs who asked
            for answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
        except BaseException:
            for answer in waiting:
                answer.cancel()
            raise
        else:
            for answer, value in zip(waiting, found, strict=True):
                if not answer.done():
                    answer.set_result(value)
