"""Gathers messages that are sent at the same time into one request. Each keeps its own permit and receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bridge.errors import RecordRejected
from bridge.wire.permit import Permit
from workers.targets.webhook.event import Message

WITHIN = 0.02
"""Seconds for which a message waits for others."""

Post = Callable[[Sequence[Message], Permit], Awaitable[None]]


class _Fewer(Exception):
    """Some of the messages may not be sent any more: the others go without them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One message among others."""

    message: Message
    permit: Permit
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def end(self, error: BaseException | None = None) -> None:
        """Let whoever waits go on, or raise."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        elif isinstance(error, asyncio.CancelledError):
            self.done.cancel()
        else:
            self.done.set_exception(error)


@dataclass(frozen=True, slots=True)
class _Together:
    """The permit of a request: those of all its messages."""

    parts: Sequence[_Part]

    async def ask(self) -> None:
        asked = (part.permit.ask() for part in self.parts)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for part, answer in zip(self.parts, answers, strict=True):
            if isinstance(answer, BaseException):
                part.end(answer)
        if any(part.done.done() for part in self.parts):
            raise _Fewer


class Gathering:
    """Posts at most `most` messages, and `size` bytes, at once."""

    def __init__(self, post: Post, most: int, size: int) -> None:
        self._post = post
        self._most = most
        self._size = size
        self._waiting: list[_Part] = []
        self._timer: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def send(self, message: Message, permit: Permit) -> None:
        """Send a message, perhaps among others. Raises what it alone would raise."""
        if self._most == 1:
            await self._post([message], permit)
            return
        size = sum(len(part.message.body) + 1 for part in self._waiting)
        if size + len(message.body) > self._size:
            self._leave()
        part = _Part(message, permit)
        self._waiting.append(part)
        if len(self._waiting) == self._most:
            self._leave()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WITHIN, self._leave)
        await part.done

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

    async def _carry(self, parts: Sequence[_Part]) -> None:
        """Post until each message has its answer. Who waits no more is left out."""
        while left := [part for part in parts if not part.done.done()]:
            try:
                await self._post([part.message for part in left], _Together(left))
            except _Fewer:
                continue
            except RecordRejected as error:
                if len(left) == 1:
                    left[0].end(error)
                else:  # one of them is at fault: each shows by itself
                    await asyncio.gather(*(self._carry([part]) for part in left))
            except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for it
                for part in left:
                    part.end(error)
            else:
                for part in left:
                    part.end()
