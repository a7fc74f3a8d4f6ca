"""Who goes first of those that are to have the same value at a target: the one that was taken first.

Two look-ups at the same time both find a value free, and a server that lets two objects have it then has
two. So whoever wants what another one wants waits until that one is done, and looks then, whatever a list
had told before. This holds within a process; between two of them the server's refusal decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from bridge.errors import BridgeError
from bridge.exchange import Wanted
from bridge.mapping.references import resolve
from bridge.mapping.route import Route
from bridge.model import Key
from bridge.store.claims import Case
from workers.delivery.inventory import Absent, Listed
from workers.targets.base import Target

_MOST = 200_000
"""Values that are remembered of those that are done, once or twice as many at most."""


class Turn:
    """One record's place: it comes when those before it have ended."""

    def __init__(self, before: Collection[asyncio.Event], values: Collection[int], turns: Turns) -> None:
        self._before = before
        self._values = values
        self._turns = turns
        self.ended = asyncio.Event()

    @asynccontextmanager
    async def comes(self) -> AsyncIterator[None]:
        """Wait for the turn, and let the next one come after the context."""
        try:
            for ended in self._before:
                await ended.wait()
            yield
        finally:
            self.ended.set()
            self._turns.end(self, self._values)


class Turns:
    """The turns at one target in one process, in the order in which they are given.

    Values are kept as numbers, since a large load has many; two that have the same one cost a look-up.
    """

    def __init__(self, route: Route, target: Target) -> None:
        self._route = route
        self._target = target
        self._last: dict[int, Turn] = {}
        self._first: dict[int, Key] = {}
        self._before: dict[int, Key] = {}
        self._listed: Listed | None = None

    def give(self, case: Case) -> Turn:
        """The place of a record that was taken just now."""
        values = self._values(case)
        turn = Turn([self._last[value].ended for value in values if value in self._last], values, self)
        for value in values:
            self._last[value] = turn
            self._first.setdefault(value, case.key)
        if len(self._first) > _MOST:
            self._begin_anew()
        return turn

    def end(self, turn: Turn, values: Collection[int]) -> None:
        """A turn is over: whoever comes now need not wait for it."""
        for value in values:
            if self._last.get(value) is turn:
                del self._last[value]

    def absent(self, listed: Listed) -> Absent:
        """Of whom a list tells that they are not there, those whose values nobody else was to have since."""
        if listed is not self._listed:
            self._listed = listed
            self._begin_anew()
        return lambda wanted: listed.lacks(wanted) and not self._is_given(wanted)

    def _begin_anew(self) -> None:
        """What was given before the last time is in the list by now."""
        self._before, self._first = self._first, {}

    def _is_given(self, wanted: Wanted) -> bool:
        seen = (known.get(value) for value in self._hashes(wanted) for known in (self._first, self._before))
        return any(key not in (None, wanted.key) for key in seen)

    def _values(self, case: Case) -> list[int]:
        """What a record is looked up by."""
        if case.stored.leaves:
            return []
        try:
            mapped = self._route.map(case.stored.record)
        except BridgeError:
            return []  # its delivery says why
        return self._hashes(Wanted(case.key, resolve(mapped, {})))

    def _hashes(self, wanted: Wanted) -> list[int]:
        return [hash((wanted.key.kind, *pair)) for pair in self._target.keys(wanted)]
