"""Takes what is due at one target, as much at a time as can travel, and delivers it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from bridge.errors import LockLost, StoreUnavailable, Unreadable, unforeseen
from bridge.logs import get_logger
from bridge.store import Claim
from bridge.store.claims import Batch
from workers.delivery.deliver import Deliverer
from workers.delivery.inventory import NEWS, Absent, is_new
from workers.delivery.line import Line, Position
from workers.delivery.turns import Turn, Turns

log = get_logger("workers")

MOST = 100
"""Records that are under way at once in a process at most: a leaver who comes meanwhile waits for these."""

_AHEAD = 0.5
"""Seconds of requests at the allowed rate that are claimed ahead: no other process can take them."""

Start = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


def places(concurrency: int, rate: float) -> int:
    """How many records are under way at once: some wait for Redis while others wait for the target."""
    return max(1, min(2 * concurrency, int(rate * _AHEAD), MOST))


class Drain:
    """The deliveries of one target that run in this process.

    `start` runs a delivery as a task; `changed` is set when one has ended, or somebody asks for a look.
    """

    def __init__(self, deliverer: Deliverer, start: Start = asyncio.create_task) -> None:
        self._deliverer = deliverer
        self._start = start
        settings = deliverer.route.settings
        self._places = places(settings.concurrency, settings.rate)
        self._running: dict[asyncio.Task[None], Claim] = {}
        self._line = Line()
        self._unreadable: Unreadable | None = None
        self._turns = Turns(deliverer.route, deliverer.target)
        self.changed = asyncio.Event()

    @property
    def room(self) -> int:
        """How many records can be taken: none until half of the places are free, so that many are at once."""
        free = self._places - len(self._running)
        return free if 2 * free >= self._places else 0

    async def fill(self) -> float | None:
        """Begin to deliver what is due. Returns when more will be, epoch seconds; None when nothing waits.

        Raises what Redis raises, and Unreadable, once, for a record that could not be read.
        """
        if error := self._unreadable:
            self._unreadable = None
            raise error
        deliverer = self._deliverer
        batch = await deliverer.ledger.due(self.room, deliverer.clock(), deliverer.chosen)
        absent = await self._absent(batch)
        for claim in batch.claims:
            position = self._line.join() if self._may_choose(claim) else None
            task = self._start(self._carry(claim, absent, position, self._turns.give(claim)))
            self._running[task] = claim
            task.add_done_callback(self._ended)
            if position:
                task.add_done_callback(partial(_leave, position))
        if batch.more and not self.room:  # another process may have room
            await deliverer.queue.nudge(deliverer.route.name)
        if batch.unreadable:
            raise batch.unreadable
        return batch.next_at

    def _may_choose(self, claim: Claim) -> bool:
        """Whether a record may get what nobody else has: it stands in line for that."""
        return bool(self._deliverer.route.unique.expressions) and claim.is_person and claim.link is None

    async def _absent(self, batch: Batch) -> Absent | None:
        """Who of those just taken is certain not to be at the target; a large load has it listed anew."""
        inventory, news = self._deliverer.inventory, sum(is_new(claim) for claim in batch.claims)
        if inventory is None or not news:
            return None
        if batch.more and news >= NEWS:
            inventory.refresh()
        listed = await inventory.trusted()
        return self._turns.absent(listed) if listed else None

    async def renew(self) -> None:
        """Lengthen the locks of everything that runs here."""
        ledger = self._deliverer.ledger
        renewals = (ledger.renew(claim) for claim in self._running.values())
        for found in await asyncio.gather(*renewals, return_exceptions=True):
            if isinstance(found, BaseException) and not isinstance(found, LockLost):
                raise found  # a delivery without its lock finds out before its next write

    async def end(self, grace: float) -> None:
        """Give what runs `grace` seconds, then hand back the rest."""
        if self._deliverer.inventory:
            self._deliverer.inventory.end()
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self.changed.set()

    async def _carry(
        self, claim: Claim, absent: Absent | None, position: Position | None, turn: Turn
    ) -> None:
        try:
            async with turn.comes():
                await self._deliverer.carry(claim, absent, position)
        except (RedisError, OSError, StoreUnavailable):
            pass  # a Redis that is away is noticed and logged by the worker, once, and not by every delivery
        except Unreadable as error:
            self._unreadable = error  # the record stays pending
        except Exception as error:  # noqa: BLE001 - its text may have values
            name = self._deliverer.route.name
            log.warning("delivery failed", target=name, record=str(claim.key), reason=str(unforeseen(error)))


def _leave(position: Position, _task: asyncio.Task[None]) -> None:
    """Whatever became of the delivery: others stand behind it."""
    position.leave()
