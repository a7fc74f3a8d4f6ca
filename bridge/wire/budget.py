"""How many calls of a dear sort a server takes in a span of time, counted over all processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.errors import TryLater

DAY = 86_400.0
"""Seconds of the longest span that is counted."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most so many calls in any span of so many seconds. `kept` of them are for what cannot wait."""

    seconds: float
    most: int
    kept: int = 0

    def allows(self, *, urgent: bool) -> int:
        """How many calls there may have been in the span before one more."""
        return self.most if urgent else self.most - self.kept


class Budget(Protocol):
    """Counts the calls of one target. One that is counted and then not sent stays counted."""

    async def take(self, windows: Sequence[Window], *, urgent: bool) -> None:
        """Count one call. Raises TryLater, with the seconds until one is free in all windows."""
        ...

    async def used(self) -> int:
        """How many calls the last 24 hours have seen."""
        ...


class Purse:
    """A budget for one process. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._calls: list[float] = []

    async def take(self, windows: Sequence[Window], *, urgent: bool) -> None:
        """Count one call. Raises TryLater."""
        now = self._clock()
        self._calls = [at for at in self._calls if at > now - DAY]
        used_up(max((self._wait(now, window, urgent=urgent) for window in windows), default=0.0))
        self._calls.append(now)

    def _wait(self, now: float, window: Window, *, urgent: bool) -> float:
        calls = [at for at in self._calls if at > now - window.seconds]
        over = len(calls) - window.allows(urgent=urgent)
        return calls[over] + window.seconds - now if over >= 0 else 0.0

    async def used(self) -> int:
        """How many calls the last 24 hours have seen."""
        return sum(at > self._clock() - DAY for at in self._calls)


def used_up(wait: float) -> None:
    """Raises TryLater while a call is free only after `wait` seconds."""
    if wait > 0:
        raise TryLater("all calls that the target takes in this time are used up", after=wait)
