"""One simulated world and its processes: services with the real poller, workers with real deliverers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from arq.connections import ArqRedis

import workers.connect
from bridge.codec import Codec
from bridge.config.settings import BridgeSettings
from bridge.config.target_settings import Limit
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Entry, State
from bridge.store import Claim, Keys
from bridge.store.backend import Backend
from service.operations.assembly import Bridge, deliverers
from service.operations.planning import plan_of
from service.operations.plans import Plan
from service.watch.poller import Poller
from tests.simulation.company import Company
from tests.simulation.directory import Directory
from tests.simulation.kenjo import Kenjo
from tests.simulation.network import Line
from tests.simulation.operating import Operator
from tests.simulation.process import Process
from tests.simulation.source import Source
from tests.simulation.store import Store
from tests.simulation.tempers import TEMPERS
from tests.simulation.wire import Wire
from tests.simulation.worker import Worker
from tests.simulation.world import World
from workers.connect import Connected
from workers.delivery.deliver import Observer
from workers.targets.base import Adapter

INTERVAL = 5.0
"""Seconds between polls."""

RETRY = {"first": 1.0, "longest": 10.0, "attempts": 12}
"""Longer than any time with faults, so that nothing is given up for a fault that passes."""


MISTAKES: tuple[dict[str, Any], ...] = (
    {"map": {"active": 'person.lifecycle == "upcoming"'}},
    {"scope": 'person.work.jobTitle == "Managing director"', "removal": {"out_of_scope": "deactivate"}},
)
"""What somebody may get wrong in the settings."""


def configuration(
    kinds: Mapping[str, str], limit: Limit, mistake: dict[str, Any] | None = None, *, ordered: bool = False
) -> BridgeSettings:
    """The settings of a bridge to modelled directories, whose `kinds` have their names for keys.

    `ordered`: each but the first comes after it.
    """
    first, *_ = kinds
    limits = {"remove": limit.model_dump(), "delete": limit.model_dump()}
    common: dict[str, Any] = {"rate": 50.0, "concurrency": 2, "limits": limits}
    return BridgeSettings.model_validate(
        {
            "targets": {
                name: {
                    **common,
                    **_laid_over(TEMPERS[kind].settings, mistake or {}),
                    "kind": kind,
                    "host": name,
                    "after": [first] if ordered and name != first else [],
                }
                for name, kind in kinds.items()
            },
            "retry": RETRY,
            "kenjo": {"api_key": "key"},
        }
    )


def _laid_over(settings: Mapping[str, Any], mistake: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with a mistake, which leaves the rest of a section, and of the mapping, as it is."""
    merged = {name: {**settings.get(name, {}), **mistake.get(name, {})} for name in ("removal", "map")}
    return {**settings, **mistake, **merged}


@dataclass
class Stage:
    """Everything that one seed plays with."""

    world: World
    store: Store
    kenjo: Kenjo
    company: Company
    directories: dict[str, Directory]
    values: BridgeSettings
    routes: dict[str, Route]
    metrics: Metrics
    misconfigured: bool = False
    running: dict[str, Process] = field(default_factory=dict)

    def configure(self, mistake: dict[str, Any] | None) -> None:
        """Restart everything with a mistake in the settings, or without."""
        limit = self.directories["one"].referee.limit
        ordered = any(directory.first for directory in self.directories.values())
        kinds = {name: directory.kind for name, directory in self.directories.items()}
        self.values = configuration(kinds, limit, mistake, ordered=ordered)
        self.routes, self.misconfigured = workers.connect.routes(self.values), mistake is not None
        self.store.doubt()
        for process in self.running.values():
            process.crash()

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
            found[name] = workers.connect.open_target(self.routes[name], backend, line, routes=self.routes)
        return found

    def start_worker(self, process: Process) -> None:
        """A worker that serves all targets."""
        bridge = self.bridge(process)
        watcher = cast("Observer", Watcher(self, process.name))
        for deliverer in deliverers(bridge, self.targets(process, bridge.backend), watcher):
            Worker(deliverer, bridge.backend, process, self.store).start()

    def start_operator(self, process: Process) -> None:
        """A person who looks after the bridge from time to time, with the commands that there are."""
        bridge = self.bridge(process)
        targets = self.targets(process, bridge.backend)

        async def rehearse() -> Plan:
            source = Source.open(self.kenjo, process, self.store, self.values, self.routes)
            return await plan_of(bridge, targets, await source.fetch_snapshot(), source, process.clock())

        operator = Operator(bridge, self.kenjo, self.directories, rehearse)
        process.spawn(operator.work(targets))

    async def keep_running(self, name: str, start: Callable[[Process], None]) -> None:
        """A process, and another one in its place whenever it dies."""
        skew = 0.0
        while True:
            process = self.running[name] = Process(self.world, name)
            process.skew = skew if self.world.faulty else 0.0
            process.misconfigured = self.misconfigured
            self.world.note(name, "starts")
            start(process)
            await process.ended()
            skew = process.skew
            await asyncio.sleep(self.world.random.uniform(0.5, 8.0))


class Watcher:
    """Hears of what one process writes into the ledgers, and tells the referees and the metrics."""

    def __init__(self, stage: Stage, process: str) -> None:
        self._stage = stage
        self._process = process

    def settled(self, target: str, claim: Claim, entry: Entry, answered: float) -> None:
        """A delivery was written to the ledger."""
        if entry.state in (State.APPLIED, State.REMOVED):
            referee = self._stage.directories[target].referee
            record, mistaken = str(claim.stored.record.key), self._stage.misconfigured
            referee.called_done(self._process, record, entry.state, misconfigured=mistaken)
        self._stage.metrics.settled(target, claim, entry, answered)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage.metrics, name)


def _load(kind: str) -> Adapter:
    return TEMPERS[kind].adapter


setattr(workers.connect, "load", _load)  # noqa: B010 - the one place where a kind is looked up
