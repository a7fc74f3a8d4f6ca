"""Plays one seed: a time with faults, a time without, and then everything has to be as Kenjo says."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import redis
import structlog

import bridge.store.publications
import workers.delivery.draining
import workers.delivery.gate_watch
import workers.delivery.publishing_turn
import workers.delivery.survey
import workers.targets.file.sftp
from bridge.metrics import Metrics
from bridge.model import Key, State
from bridge.store import Ledger
from bridge.store.gate import HALTED, UNREACHABLE
from bridge.store.pace import Pace
from tests.simulation.company import Company
from tests.simulation.faults import FAULTS
from tests.simulation.hands import Hands
from tests.simulation.kenjo import Kenjo
from tests.simulation.loop import VirtualLoop
from tests.simulation.operating import is_right
from tests.simulation.outcome import differences
from tests.simulation.process import Crashed, Process
from tests.simulation.referee import LIMITS, Referee
from tests.simulation.stage import INTERVAL, Stage, configuration
from tests.simulation.store import Store
from tests.simulation.tempers import TEMPERS
from tests.simulation.world import EPOCH, World
from workers.connect import routes

BOUND = 400.0
"""Seconds after the last fault within which everything has to be equal: the longest back-off, a Retry-After,
the gap between two probes of a directory that was down, a lock, a lease, and a few polls."""

CALM = 4 * INTERVAL
"""Seconds for which it has to stay so, without a single further write."""


_TURN = 12.0
"""Seconds for which a publication has its turn: less than a worker may be stopped for."""


@dataclass(frozen=True)
class Result:
    """`tail`: the last events, for a person to read."""

    seed: int
    violations: list[str]
    trace_hash: str
    events: int
    virtual: float
    tail: list[str]
    odds: str


def simulate(seed: int, client: redis.Redis) -> Result:
    """Play one seed on an empty database of a Redis."""
    loop = VirtualLoop()
    with _virtual(seed, loop):
        asyncio.set_event_loop(loop)
        world = World(seed, loop)
        loop.set_exception_handler(lambda _, context: _unheard(world, context))
        try:
            loop.run_until_complete(_play(world, client))
            loop.run_until_complete(_end_what_is_left())
        except RuntimeError as error:
            world.violate("CONVERGES", str(error))
        finally:
            asyncio.set_event_loop(None)
            loop.close()
    return Result(
        seed, world.violations, world.trace_hash, world.events, world.now, list(world.tail), str(world.odds)
    )


async def _end_what_is_left() -> None:
    """Calls that were under way for processes that have been killed, and belong to no delivery."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _unheard(world: World, context: dict[str, Any]) -> None:
    """An error that nobody took: of a process that was killed, or a bug."""
    if not isinstance(context.get("exception"), Crashed):
        world.violate("ISOLATED", str(context))


@contextmanager
def _virtual(seed: int, loop: VirtualLoop) -> Iterator[None]:
    """Every clock and every source of chance belongs to the seed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    random.seed(seed)
    tokens = random.Random(seed)  # noqa: S311 - repeatable on purpose
    with (
        patch.object(time, "monotonic", loop.time),
        patch.object(time, "time", lambda: EPOCH + loop.time()),
        patch.object(secrets, "token_hex", lambda size: f"{tokens.getrandbits(8 * size):0{2 * size}x}"),
        patch.object(secrets, "token_bytes", tokens.randbytes),
        patch.object(asyncio, "to_thread", _here),  # a thread would take as long as the machine lets it
        patch.object(workers.delivery.gate_watch, "CHECK_INTERVAL", 5.0),
        patch.object(workers.delivery.survey, "MANY", 3),
        patch.object(workers.delivery.survey, "CHECKED", 2),
        patch.object(workers.delivery.draining, "NEWS", 1),
        patch.object(bridge.store.publications, "TTL", _TURN),
        patch.object(workers.delivery.publishing_turn, "TTL", _TURN),
        patch.object(workers.targets.file.sftp, "_CHUNK", 300),
        patch.object(Pace, "turn", _own_turn),
    ):
        yield


async def _own_turn(pace: Pace) -> None:
    """A turn that is asked for alone, so that the referee knows when each request has looked."""
    (place,) = await pace._take([None])
    await pace._wait(place)


async def _here(work: Callable[..., Any], *args: Any) -> Any:
    return work(*args)


async def _play(world: World, client: redis.Redis) -> None:
    stage = _stage(world, client)
    lives = [stage.keep_running(f"service{n}", stage.start_service) for n in (1, 2)]
    lives += [stage.keep_running(f"worker{n}", stage.start_worker) for n in (1, 2, 3)]
    lives.append(stage.keep_running("operator", stage.start_operator))
    faults = [fault(stage) for fault in FAULTS]
    running = [asyncio.create_task(life) for life in lives]
    troubles = [asyncio.create_task(fault) for fault in faults]
    await asyncio.sleep(world.random.uniform(20.0, 90.0))
    for task in troubles:
        task.cancel()
    await _mend(stage)
    await _settle(stage)
    await _close_books(stage)
    for task in running:
        task.cancel()
    for process in stage.running.values():
        process.crash()
        await process.ended()
    await asyncio.gather(*running, *troubles, return_exceptions=True)


def _stage(world: World, client: redis.Redis) -> Stage:
    names = ["one", "two"] if world.odds.second_target_down or world.random.random() < 0.2 else ["one"]
    kinds = dict(zip(names, world.odds.tempers, strict=False))
    limit = LIMITS[world.odds.tight]
    # Drawn apart, so that the other seeds stay what they are.
    ordered = len(names) > 1 and random.Random(f"{world.seed} in order").random() < 0.5  # noqa: S311
    values = configuration(kinds, limit, ordered=ordered)
    store, kenjo = Store(client, world), Kenjo(world)
    company = Company(world, kenjo)
    if world.odds.hands:
        company.further = Hands(company).acts()
    directories = {
        name: TEMPERS[kinds[name]].directory(
            world,
            name,
            kenjo,
            Referee(world, kenjo, store, limit),
            down=name == "two" and world.odds.second_target_down,
        )
        for name in names
    }
    if ordered:
        directories["two"].first = directories["one"]
    world.note("world", str(world.odds))
    return Stage(world, store, kenjo, company, directories, values, routes(values), Metrics())


async def _mend(stage: Stage) -> None:
    """No more faults: clocks are right again, and whoever refused our token accepts it."""
    stage.world.faulty = False
    stage.world.note("world", "no more faults")
    if stage.misconfigured:
        stage.configure(None)
    for process in stage.running.values():
        process.skew = 0.0
    for directory in stage.directories.values():
        directory.halted = False


async def _settle(stage: Stage) -> None:
    """Wait until all is equal, and see that it stays so."""
    world = stage.world
    auditor = Process(world, "auditor")
    judged = [one for one in stage.directories.values() if not one.down]
    end, calm_since, tries = world.now + BOUND, world.now, -1
    while world.now < end:
        wrong = [f"{one.name}: {text}" for one in judged for text in differences(stage.kenjo, one)]
        tried = sum(one.referee.tries for one in judged)
        stopped = any(process.is_stopped for process in stage.running.values())
        paused = any([await stage.backend(auditor).gate(one.name).paused() for one in judged])
        if wrong or stopped or paused or tried != tries:
            calm_since, tries = world.now, tried
        if world.now - calm_since >= CALM:
            return
        await asyncio.sleep(1.0)
    beside_a_fault = any(one.down for one in stage.directories.values())
    for text in wrong:
        world.violate("ISOLATED" if beside_a_fault else "CONVERGES", text)
    if not wrong:
        world.violate("BOUNDED", "the writing never ends")


async def _close_books(stage: Stage) -> None:
    """When the directories are right, the ledgers have to say so, and nobody was tried for ever."""
    backend = stage.backend(Process(stage.world, "auditor"))
    for name, directory in stage.directories.items():
        ledger = backend.ledger(name)
        entries = await ledger.entries()
        if most := [key for key, entry in entries.items() if entry.attempts > stage.values.retry.attempts]:
            stage.world.violate("BOUNDED", f"{name}: {most[0]} was tried too often")
        state = (await backend.gate(name).paused()).get("state")
        if state in (HALTED, UNREACHABLE) and not directory.down:
            stage.world.violate("ISOLATED", f"{name} counts as {state}, and answers all the time")
        waits = {
            name_
            for hold in await backend.holds.all()
            if hold.target == name and not is_right(hold, stage.kenjo)
            for name_ in hold.keys
        }  # rows that cannot be read keep somebody in it who works here, so nobody approves it
        still = [key for key in await _pending(ledger) if str(key) not in waits] if not directory.down else []
        if still and not stage.world.violations:
            stage.world.violate("CONVERGES", f"{name}: {still[0]} is right, and still pending")


async def _pending(ledger: Ledger) -> list[Key]:
    """What is still pending when whatever was just asked for has had the time to be done."""
    for _ in range(int(CALM)):
        entries, pending = await ledger.entries(), await ledger.pending()
        still = [key for key in pending if key not in entries or entries[key].state is not State.RETRYING]
        if not still:
            break
        await asyncio.sleep(1.0)
    return still
