"""Lets those who choose among the same things do so in the order in which they came.

Two namesakes who are new get the same two values in a plan and in the sync after it, although both deliver
many records at once. Who comes before whom within one process; between processes the store decides.
"""

from __future__ import annotations

import asyncio


class Position:
    """A record's position in a line. Whoever has one leaves it, whatever happens: others stand behind."""

    def __init__(self, line: dict[Position, None]) -> None:
        self._line = line
        self._first = asyncio.Event()
        line[self] = None
        self._call()

    async def reached(self) -> None:
        """Wait until all who came before have left. At once for whoever has left."""
        if self in self._line:
            await self._first.wait()

    def leave(self) -> None:
        """Let those behind go on. Does nothing a second time."""
        self._line.pop(self, None)
        self._call()

    def _call(self) -> None:
        if first := next(iter(self._line), None):
            first._first.set()  # noqa: SLF001 - of the same class


class Line:
    """Who waits in one process, in order."""

    def __init__(self) -> None:
        self._waiting: dict[Position, None] = {}

    def join(self) -> Position:
        """The next position."""
        return Position(self._waiting)
