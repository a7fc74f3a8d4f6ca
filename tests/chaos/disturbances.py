"""What happens to the processes: one disturbance a round."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from tests.chaos.stage import SERVICES, WORKERS, Stage
from tests.chaos.watched import DOWN_AFTER, SENTINELS
from tests.directory.misbehaving import KINDS

LOCK = 10.0  # seconds for which a worker's lock and a service's lease last (`bridge.store`)
_STOP_LIMIT = 30.0  # seconds that a process may take to stop in order, frozen for half of them

Disturbance = Callable[[Stage, random.Random], Awaitable[None]]


async def kill_worker(stage: Stage, rng: random.Random) -> None:
    stage.processes[rng.choice(WORKERS)].send(signal.SIGKILL)


async def kill_service(stage: Stage, rng: random.Random) -> None:
    stage.processes[rng.choice(SERVICES)].send(signal.SIGKILL)


async def kill_both(stage: Stage, rng: random.Random) -> None:
    for names in (SERVICES, WORKERS):
        stage.processes[rng.choice(names)].send(signal.SIGKILL)


async def kill_redis(stage: Stage, rng: random.Random) -> None:
    async with stage.processes["redis"].down():
        await asyncio.sleep(rng.uniform(0, 3))


async def cut_power(stage: Stage, rng: random.Random) -> None:
    await stage.cut_power(rng.uniform(0, 2), rng)


async def restart_machine(stage: Stage, rng: random.Random) -> None:
    """Everything ends at once, and Redis has lost what it had not synced."""
    for name in (*SERVICES, *WORKERS):
        stage.processes[name].send(signal.SIGKILL)
    await stage.cut_power(rng.uniform(0, 2), rng)


async def freeze_redis(stage: Stage, rng: random.Random) -> None:
    await _freeze(stage, "redis", rng.uniform(1, LOCK + 4))


async def freeze_worker(stage: Stage, rng: random.Random) -> None:
    await _freeze(stage, rng.choice(WORKERS), LOCK + rng.uniform(0.5, 4))


async def freeze_service(stage: Stage, rng: random.Random) -> None:
    await _freeze(stage, rng.choice(SERVICES), LOCK + rng.uniform(0.5, 4))


async def roll(stage: Stage, rng: random.Random) -> None:
    """Restart everything of the bridge, one after the other."""
    for name in rng.sample([*SERVICES, *WORKERS], 4):
        await stage.processes[name].stop(_STOP_LIMIT)


async def fail_directory(stage: Stage, rng: random.Random) -> None:
    kinds = rng.sample(KINDS, rng.randint(1, len(KINDS)))
    try:
        await stage.spoil_directory(kinds=kinds, share=rng.choice((0.2, 0.5, 1.0)))
        await asyncio.sleep(rng.uniform(2, 8))
    finally:
        await stage.spoil_directory()


async def fail_kenjo(stage: Stage, rng: random.Random) -> None:
    paths = ("*", "/employees/*", "/employees/accounts", "/employees/works", "/employees/personals", "/teams",
             "/departments", "/companies")  # fmt: skip
    faults: tuple[dict[str, Any], ...] = (
        {"kind": "empty"},
        {"kind": "half", "fraction": round(rng.uniform(0.1, 0.9), 2)},
        {"kind": "truncated"},
        {"kind": "truncated", "complete": True},
        {"kind": "status", "status": 500},
        {"kind": "drop"},
        {"kind": "stalled", "seconds": 2.0},
    )
    chosen = rng.sample(faults, rng.randint(1, 2))
    try:
        await stage.spoil_kenjo(*({**fault, "path": rng.choice(paths), "method": "GET"} for fault in chosen))
        await asyncio.sleep(rng.uniform(2, 6))
    finally:
        await stage.spoil_kenjo()


async def fail_over(stage: Stage, rng: random.Random) -> None:
    """The primary dies, and comes back when there is another one."""
    async with stage.processes[await _primary(stage)].down():
        await asyncio.sleep(DOWN_AFTER / 1000 + rng.uniform(3, 6))


async def cut_off(stage: Stage, rng: random.Random) -> None:
    """The primary hangs until there is another one, and believes that it is the primary when it wakes up."""
    await _freeze(stage, await _primary(stage), DOWN_AFTER / 1000 + rng.uniform(3, 6))


async def lose_sentinel(stage: Stage, rng: random.Random) -> None:
    async with stage.processes[rng.choice(SENTINELS)].down():
        await asyncio.sleep(rng.uniform(1, 3))


async def _primary(stage: Stage) -> str:
    """The one that is the primary now, as soon as there is just one and all is well."""
    assert stage.watched
    await stage.watched.wait_until_whole(60)
    (name,) = await stage.watched.primaries()
    return name


async def _freeze(stage: Stage, name: str, seconds: float) -> None:
    stage.processes[name].send(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        stage.processes[name].send(signal.SIGCONT)


DISTURBANCES: dict[str, Disturbance] = {
    "kill a worker": kill_worker,
    "kill a service": kill_service,
    "kill both": kill_both,
    "kill redis": kill_redis,
    "cut redis's power": cut_power,
    "restart the machine": restart_machine,
    "freeze redis": freeze_redis,
    "freeze a worker": freeze_worker,
    "freeze a service": freeze_service,
    "rolling restart": roll,
    "directory fails": fail_directory,
    "kenjo fails": fail_kenjo,
}
OF_SENTINELS: dict[str, Disturbance] = {
    "fail over": fail_over,
    "cut the primary off": cut_off,
    "lose a sentinel": lose_sentinel,
    "kill both": kill_both,
    "rolling restart": roll,
}
"""What happens where Sentinels watch Redis."""

ALL = {**DISTURBANCES, **OF_SENTINELS}

_TWICE = 0.25  # the share of rounds in which two things happen at once
_ALONE = {"kill redis", "cut redis's power", "restart the machine", "freeze redis"}  # one of these at a time
TAKEOVERS = ("kill a worker", "kill a service", "kill both", "freeze a worker", "freeze a service")
"""Where the others have to take over."""


def drawn(rng: random.Random, *, watched: bool = False) -> list[str]:
    """What happens in a round: one disturbance, sometimes two; `watched`: by Sentinels."""
    if watched:
        return rng.sample(sorted(OF_SENTINELS), 1)
    kinds = rng.sample(sorted(DISTURBANCES), 2 if rng.random() < _TWICE else 1)
    return kinds[:1] if _ALONE.issuperset(kinds) else kinds
