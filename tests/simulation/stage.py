"""One simulated world and its processes: services with the real poller, workers with real deliverers."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from arq.connections import ArqRedis
from redis.exceptions import RedisError

import workers.connect
from bridge.backend import Backend
from bridge.codec import Codec
from bridge.errors import BridgeError
from bridge.metrics import Metrics
from bridge.model import Key, Kind
from bridge.route import Route
from bridge.settings import Values
from bridge.store import Hold, Keys
from service.cli.assembly import Bridge, deliverers
from service.cli.greet import revive
from service.cli.holds import decide
from service.poller import Poller
from tests.simulation.adapter import ADAPTER
from tests.simulation.company import Company
from tests.simulation.directory import Directory
from tests.simulation.kenjo import Kenjo
from tests.simulation.network import Line
from tests.simulation.process import Process
from tests.simulation.referee import LIMIT
from tests.simulation.source import Source
from tests.simulation.store import Store
from tests.simulation.wire import Wire
from tests.simulation.worker import Worker
from tests.simulation.world import World
from workers.connect import Connected
from workers.targets.base import Adapter

INTERVAL = 5.0
"""Seconds between polls."""

RETRY = {"first": 1.0, "longest": 10.0, "attempts": 12}
"""Longer than any time with faults, so that nothing is given up for a fault that passes."""


_GONE = {"lifecycle": "gone"}


def configuration(names: list[str]) -> Values:
    """The settings of a bridge to modelled directories."""
    limits = {"remove": LIMIT.model_dump()}
    common: dict[str, Any] = {"kind": "model", "rate": 50.0, "concurrency": 2, "limits": limits}
    return Values.model_validate(
        {
            "targets": {name: {**common, "host": name} for name in names},
            "retry": RETRY,
            "kenjo": {"api_key": "key"},
        }
    )


@dataclass
class Stage:
    """Everything that one seed plays with."""

    world: World
    store: Store
    kenjo: Kenjo
    company: Company
    directories: dict[str, Directory]
    values: Values
    routes: dict[str, Route]
    metrics: Metrics
    running: dict[str, Process] = field(default_factory=dict)

    def backend(self, process: Process) -> Backend:
        """What a process sees of Redis."""
        return Backend(cast("ArqRedis", Wire(self.store, process)), Keys(), Codec())

    def start_service(self, process: Process) -> None:
        """A service that polls."""
        source = Source.open(self.kenjo, process, self.store, self.values, self.routes)
        backend = self.backend(process)
        poller = Poller(source, backend, self.routes, self.metrics, interval=INTERVAL, clock=process.clock)
        process.spawn(poller.run())

    def bridge(self, process: Process) -> Bridge:
        """What a process is made of."""
        return Bridge(self.values, self.backend(process), self.routes, self.metrics, None)

    def targets(self, process: Process, backend: Backend) -> dict[str, Connected]:
        """The directories as a process reaches them."""
        found = {}
        for name, directory in self.directories.items():
            line = cast("aiohttp.ClientSession", Line(directory, process))
            target = workers.connect.open_target(self.routes[name], backend, line)
            found[name] = Connected(self.routes[name], target)
        return found

    def start_worker(self, process: Process) -> None:
        """A worker that serves all targets."""
        bridge = self.bridge(process)
        for deliverer in deliverers(bridge, self.targets(process, bridge.backend)):
            its_own = dataclasses.replace(deliverer, clock=process.clock)
            Worker(its_own, bridge.backend, process, self.store).start()

    def start_operator(self, process: Process) -> None:
        """A person who looks after the bridge from time to time, with the commands that there are."""
        process.spawn(self._operate(self.bridge(process), process))

    async def _operate(self, bridge: Bridge, process: Process) -> None:
        targets = self.targets(process, bridge.backend)
        while True:
            await asyncio.sleep(10.0)
            with contextlib.suppress(RedisError, BridgeError):
                for hold in await bridge.backend.holds.all():
                    if self._is_right(hold):
                        if hold.target:
                            self.directories[hold.target].referee.approved.update(hold.keys)
                        await decide(bridge, hold.id, approve=True, by="operator")
                await revive(bridge, targets)

    def _is_right(self, hold: Hold) -> bool:
        """Whether what a hold keeps back is what Kenjo says."""
        if not hold.target:
            return not self.world.faulty  # who approves a list has looked at it: then it is whole
        truth = self.kenjo.truth()
        # Teams are kept back along with their members.
        keys = [key for key in map(Key.parse, hold.keys) if key.kind is Kind.PERSON or "team" in hold.kind]
        return not any(truth.get(key, _GONE).get("lifecycle", "active") == "active" for key in keys)

    async def keep_running(self, name: str, start: Callable[[Process], None]) -> None:
        """A process, and another one in its place whenever it dies."""
        skew = 0.0
        while True:
            process = self.running[name] = Process(self.world, name)
            process.skew = skew if self.world.faulty else 0.0
            self.world.note(name, "starts")
            start(process)
            await process.ended()
            skew = process.skew
            await asyncio.sleep(self.world.random.uniform(0.5, 8.0))


def _load(kind: str) -> Adapter:
    assert kind == "model"
    return ADAPTER


setattr(workers.connect, "load", _load)  # noqa: B010 - the one place where a kind is looked up
