"""What the tests of gates share: loops in the background, a second worker, a proxy that notes times."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from bridge.mapping.route import Route
from bridge.model import Key
from bridge.store import Gate
from bridge.store.backend import Backend
from bridge.store.queue import Due
from tests.delivery import TARGET, Delivery
from tests.polling import asked
from workers.connect import open_target
from workers.delivery.deliver import Deliverer
from workers.main import Workers
from workers.targets import load
from workers.testing.proxy import Fault, Proxy


@asynccontextmanager
async def tasks(*work: Any) -> AsyncIterator[None]:
    """Loops that run until the end of the block."""
    started = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)


@asynccontextmanager
async def working(deliverers: list[Deliverer], backend: Backend) -> AsyncIterator[None]:
    """Workers as a process runs them."""
    workers = Workers(deliverers, backend)
    async with tasks(workers.run()):
        try:
            yield
        finally:
            await workers.stop(0)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait for something to hold."""
    end = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        await asyncio.sleep(0.02)


async def state(run: Delivery) -> str:
    """The target's state."""
    return (await run.deliverer.gate.paused()).get("state", "running")


def other(run: Delivery, name: str, session: aiohttp.ClientSession, rate: float = 1000.0) -> Deliverer:
    """A deliverer of another target, or another worker of the same one, at the same server."""
    settings = run.deliverer.route.settings.model_copy(update={"rate": rate})
    route = Route(name, settings, load("scim").mapping)
    connected = open_target(route, run.backend, session)
    return dataclasses.replace(
        run.deliverer,
        route=route,
        target=connected.target,
        turn=connected.turn,
        ledger=run.backend.ledger(name),
        gate=run.backend.gate(name),
    )


async def is_state(backend: Backend, target: str, wanted: str) -> bool:
    """Whether a target has this state."""
    return (await backend.gate(target).paused()).get("state", "running") == wanted


async def count_is(run: Delivery, number: int) -> bool:
    """Whether there are so many accounts."""
    return len(await run.users()) == number


async def waits_in_queue(run: Delivery, number: int) -> bool:
    """Whether so many records are to be looked at."""
    return len(await asked(run.backend)) == number


def timed(run: Delivery, fault: Fault, first: Fault | None = None) -> list[float]:
    """Meet every request with this fault (the first with another), and note when each one came."""
    times: list[float] = []

    async def noting(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        times.append(time.monotonic())
        return await (first if first and len(times) == 1 else fault)(proxy, request)

    run.proxy.fail_always(noting)
    return times


async def through(proxy: Proxy, request: web.Request) -> web.StreamResponse:
    """No fault: for faults that come later."""
    return await proxy.forward(request)


class Counting(Gate):
    """A gate that remembers the gaps for which somebody was let through to probe."""

    gaps: list[float]

    async def may_probe(self, gap: float) -> bool:
        turn = await super().may_probe(gap)
        if turn:
            self.gaps.append(gap)
        return turn


def counted(run: Delivery) -> tuple[Deliverer, list[float]]:
    """The deliverer with a gate that counts, and what it has counted."""
    gate = Counting(run.backend._connection, run.backend.keys, run.backend.codec, TARGET)
    gate.gaps = []
    return dataclasses.replace(run.deliverer, gate=gate), gate.gaps


async def ask(backend: Backend, target: str, keys: Iterable[Key]) -> None:
    """Let these records be looked at."""
    await backend.queue.add(target, [Due(key) for key in keys], time.time())
