"""How a worker of a target runs, as far as it matters: woken or not, it takes what is due."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Coroutine
from typing import Any

from redis.exceptions import RedisError

from bridge.store import Claim
from bridge.store.backend import Backend
from bridge.store.deliveries import LOCK_TTL
from tests.simulation.process import DELIVERY, Process, Turn
from tests.simulation.store import Store
from workers.delivery.deliver import Deliverer
from workers.delivery.draining import Drain
from workers.delivery.first_contact import FirstContact
from workers.delivery.gate_watch import watch
from workers.delivery.inventory import Absent
from workers.delivery.line import Position
from workers.delivery.publishing import keep_publishing
from workers.targets.base import Publisher

LOOK, IDLE = 0.3, 12
"""Seconds after which a worker hears that it is woken, and how often that passes before it looks unasked."""


class Worker:
    """One process's worker for one target."""

    def __init__(self, deliverer: Deliverer, backend: Backend, process: Process, store: Store) -> None:
        self._deliverer = deliverer
        self._backend = backend
        self._process = process
        self._store = store
        self._backend = backend
        self._first_contact = FirstContact(deliverer, backend)
        self._drain = Drain(_watched(deliverer, process), self._start)

    def start(self) -> None:
        """Begin to deliver."""
        self._process.spawn(self._serve())
        self._process.spawn(self._renew())
        self._process.spawn(watch(self._deliverer))
        if isinstance(self._deliverer.target, Publisher):
            self._process.spawn(self._publish())

    async def _publish(self) -> None:
        """Publish what is due, so that the referee knows whose turn each request belongs to."""
        process, name = self._process, self._deliverer.route.name
        DELIVERY.set(Turn(process.name, name, misconfigured=process.misconfigured))
        await keep_publishing(self._deliverer, self._backend)

    def _start(self, delivery: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._process.spawn(delivery)

    async def _serve(self) -> None:
        while True:
            if await self._set_clock():
                break
            await asyncio.sleep(LOOK)
        while self._process.world.odds.first_contact and not self._first_contact.is_over:
            with contextlib.suppress(RedisError):
                await self._first_contact.wait()
            await asyncio.sleep(LOOK)
        while True:
            self._drain.changed.clear()
            next_at = None
            with contextlib.suppress(RedisError):
                if self._drain.room:
                    next_at = await self._drain.fill()
            seen = self._store.enqueued
            for _ in range(IDLE):  # a real one hears it at once; that would be nearly all that happens here
                await asyncio.sleep(LOOK)
                if self._store.enqueued != seen or self._drain.changed.is_set():
                    break
                if next_at is not None and next_at <= self._backend.clock():
                    break

    async def _renew(self) -> None:
        """Lengthen the locks of everything that runs here."""
        while True:
            await asyncio.sleep(LOCK_TTL / 3)
            await self._set_clock()
            with contextlib.suppress(RedisError):
                await self._drain.renew()

    async def _set_clock(self) -> bool:
        """Ask Redis for the time; whether it has told."""
        with contextlib.suppress(RedisError):
            await self._backend.set_clock()
            return True
        return False


def _watched(deliverer: Deliverer, process: Process) -> Deliverer:
    """The deliverer, whose requests the referee knows by the claim that they are for."""

    class Watched(Deliverer):
        async def carry(
            self, claim: Claim, absent: Absent | None = None, position: Position | None = None
        ) -> None:
            DELIVERY.set(process.deliveries.get(claim.token))
            await Deliverer.carry(self, claim, absent, position)

    parts = {part.name: getattr(deliverer, part.name) for part in dataclasses.fields(deliverer)}
    return Watched(**parts)
