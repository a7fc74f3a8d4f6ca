"""Waits until a run has delivered all that it can, and asks again for what nobody works on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.model import Key
from bridge.store.gate import HALTED, MAINTENANCE
from bridge.store.gate import HELD as HELD_BACK
from service.operations.assembly import Bridge
from service.watch.pending import ask_again

CHECK_INTERVAL = 0.2  # seconds between looks at how far the delivery is
STALLED_AFTER = 1.0  # seconds in which nothing has moved at a target, after which it is asked again
_CLOSED = (HALTED, HELD_BACK, MAINTENANCE)
"""States of a target that no waiting ends."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What is still to be done. `chosen`: by target the records of this run, None for all."""

    bridge: Bridge
    chosen: Mapping[str, frozenset[Key] | None]

    async def open(self, name: str) -> int:
        """How many records of a target wait for nobody but the workers."""
        if (await self.bridge.backend.gate(name).paused()).get("state") in _CLOSED:
            return 0
        return (await self.left(name))[0]

    async def left(self, name: str) -> tuple[int, int]:
        """How many records of this run, and how many others, are pending and not held."""
        ledger, holds, chosen = self.bridge.backend.ledger(name), self.bridge.backend.holds, self.chosen[name]
        total = await ledger.count_pending() - await holds.count(name)
        if chosen is None:
            return total, 0
        waiting = {str(key) for key in chosen & (await ledger.pending()).keys()} - await holds.held(name)
        return len(waiting), total - len(waiting)

    async def ask_again(self, name: str) -> None:
        """Put what is left on the queue again, unless the target is to be left alone."""
        if not await self.bridge.backend.gate(name).paused():
            await ask_again(name, self.bridge.backend, time.time(), self.chosen[name])


async def drained(
    waits: Waits,
    patience: float,
    show: Callable[[Mapping[str, int]], None],
    stop: asyncio.Event,
) -> None:
    """Wait until nothing is left to deliver, or nothing moves any more for `patience` seconds.

    A job that meets the lock of a delivery that was cut off is gone, like one whose retry could not be put
    on the queue. A service asks again at its next poll; a run that polls once has to do so here.
    """
    last: dict[str, int] = {}
    moved = time.monotonic()
    quiet = dict.fromkeys(waits.chosen, moved)
    while not stop.is_set():
        pending = {name: await waits.open(name) for name in waits.chosen}
        show(pending)
        if not any(pending.values()):
            return
        now = time.monotonic()
        for name, number in pending.items():
            if number != last.get(name):
                moved = quiet[name] = now
            elif number and now - quiet[name] > STALLED_AFTER:
                await waits.ask_again(name)
                quiet[name] = now
        if now - moved > patience:
            return
        last = pending
        await asyncio.sleep(CHECK_INTERVAL)


async def unless(stop: asyncio.Event, work: asyncio.Future[Any]) -> None:
    """Wait for some work, or leave it when the event comes. Raises what the work raises."""
    event = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({event, work}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        event.cancel()
        work.cancel()
        await asyncio.gather(event, work, return_exceptions=True)
