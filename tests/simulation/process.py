"""A process of ours, as far as its fate goes: it may be stopped, continued and killed at any await point."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from tests.simulation.world import EPOCH, World


class Crashed(BaseException):
    """The process is no more. Nobody catches it, and whatever a `finally` still tries raises it again."""


@dataclass(slots=True)
class Delivery:
    """What the referee needs to know of a running delivery.

    `version`: which reading of Kenjo its record comes from; `since`: when it was claimed, and `losses`: how
    often Redis had lost data by then; `checked`: when Redis was last asked on its behalf; `misconfigured`: by
    a wrong setting. `waited`: seconds in which the directory had taken what was sent and not done it yet;
    `since` and `checked` are later by so much.
    """

    process: str
    record: str = ""
    version: int = 0
    losses: int = 0
    since: float = 0.0
    checked: float = 0.0
    misconfigured: bool = False
    waited: float = 0.0

    @property
    def began(self) -> float:
        """When it was really claimed."""
        return self.since - self.waited


@dataclass(slots=True)
class Known:
    """What Redis held at a moment: by record, of which reading of Kenjo; what has been committed since.

    `sure`: whether a poll has been accepted since it lost something, or since the settings changed.
    """

    versions: Mapping[str, int]
    committed: int
    sure: bool


@dataclass(slots=True)
class Turn(Delivery):
    """What the referee needs to know of a publication, which is of all records: `record` names its target.

    `token`: of its turn, `since` and `losses` are of when it was taken. `looked`: what was known when it was
    last asked whether anything is pending; `known`: when that was asked before the turn was taken, so that
    what is published tells of no less.
    """

    token: str = ""
    looked: Known | None = None
    known: Known | None = None


DELIVERY: ContextVar[Delivery | None] = ContextVar("delivery", default=None)
TURNED: ContextVar[float] = ContextVar("turned", default=0.0)
"""When the running task last asked Redis whether it may send a request."""


class Process:
    """One process.

    `misconfigured`: it runs with somebody's mistake in its settings; `skew`: seconds by which the clock of
    its host is ahead; `fetched`: its last reading of Kenjo; `deliveries`: by the tokens of their locks;
    `troubles`: when something happened to it, or to its connection to Redis.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.dead = False
        self.fetched = 0
        self.misconfigured = False
        self.skew = 0.0
        self.troubles: list[float] = []
        self.deliveries: dict[str, Delivery] = {}
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def clock(self) -> float:
        """The wall clock of its host."""
        return EPOCH + self.world.now + self.skew

    async def step(self) -> None:
        """An await point: others may run, time may pass, and the process may be stopped or killed."""
        if self.dead:
            raise Crashed
        random, odds = self.world.random, self.world.odds
        roll = random.random()
        if roll > 0.3:
            await asyncio.sleep(0.0 if roll < 0.6 else random.random() * 0.01)
        if self.world.chance(odds.delay):
            self.troubles.append(self.world.now)
            await asyncio.sleep(random.uniform(0.1, 3.0))
        if self.world.chance(odds.crash) and not self.dead:
            self.crash()
        if self.world.chance(odds.freeze):
            self.freeze(random.choice((2.0, 9.0, 11.0, 25.0)))
        while not self._thawed.is_set():
            await self._thawed.wait()
        if self.dead:
            raise Crashed

    @property
    def is_stopped(self) -> bool:
        """Whether nothing of it moves."""
        return not self._thawed.is_set()

    def freeze(self, seconds: float) -> None:
        """Stop the process, as SIGSTOP does, and let it go on later."""
        if self._thawed.is_set():
            self.troubles.append(self.world.now)
            self.world.note(self.name, f"!! stopped for {seconds:g} s")
            self._thawed.clear()
            self.world.loop.call_later(seconds, self._thaw)

    def _thaw(self) -> None:
        self.world.note(self.name, "goes on")
        self._thawed.set()

    def crash(self) -> None:
        """Kill the process: all that it knew is gone, and its locks stay until they expire."""
        self.troubles.append(self.world.now)
        self.world.note(self.name, "!! killed")
        self.dead = True
        self._thawed.set()
        for task in self._tasks:
            task.cancel()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something as part of the process."""
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # killed before it began
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except BaseException as error:
            if self.dead:
                return  # killed, in a group of tasks perhaps
            if not isinstance(error, Exception):
                raise
            self.world.violate("ISOLATED", f"{self.name} died of {error!r}")
            self.crash()

    async def ended(self) -> None:
        """Wait until nothing of it runs any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)
