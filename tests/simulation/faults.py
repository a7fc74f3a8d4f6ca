"""Faults that come from outside: work that gets lost, clocks that jump, a Redis that forgets."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.simulation.stage import MISTAKES, Stage


async def meddle_with_queues(stage: Stage) -> None:
    """Lose, double and reorder what is to be looked at."""
    world, client = stage.world, stage.store.client
    while world.odds.jobs:
        await asyncio.sleep(world.random.expovariate(1 / world.odds.jobs))
        queues: list[bytes] = sorted([*client.keys("*:due"), *client.keys("*:later")])
        if not queues:
            continue
        queue = world.random.choice(queues)
        waiting: list[Any] = client.zrange(queue, 0, -1, withscores=True)
        if not waiting:
            continue
        record, score = world.random.choice(waiting)
        what = world.random.choice(("lost", "doubled", "moved"))
        world.note("queue", f"!! {what}: {record.decode()}")
        if what == "lost":
            client.zrem(queue, record)
        elif what == "doubled":
            client.zadd(queue.rpartition(b":")[0] + b":due", {record: 1})
        else:
            client.zadd(queue, {record: score + world.random.uniform(-20, 20)})


async def jump_clocks(stage: Stage) -> None:
    """Put the wall clock of a host forward or back."""
    world = stage.world
    while world.odds.clock:
        await asyncio.sleep(world.random.expovariate(1 / world.odds.clock))
        name = world.random.choice(sorted(stage.running))
        process = stage.running[name]
        process.skew = world.random.choice((0.0, 0.0, -3600.0, -20.0, 20.0, 60.0))
        world.note(name, f"!! clock is {process.skew:g} s off")


async def forget(stage: Stage) -> None:
    """Restore Redis from a snapshot of a moment ago, or empty it."""
    world, store = stage.world, stage.store
    if not world.odds.redis_restored and not world.odds.redis_emptied:
        return
    await asyncio.sleep(world.random.uniform(5.0, 40.0))
    saved = store.save()
    if world.odds.redis_emptied:
        saved = [], {}
        world.note("redis", "!! loses everything")
    else:
        age = world.random.choice((0.2, 1.0, 5.0, 20.0))
        await asyncio.sleep(age)
        world.note("redis", f"!! goes back by {age:g} s")
    store.restore(saved)
    for directory in stage.directories.values():
        directory.remember()


async def misconfigure(stage: Stage) -> None:
    """Somebody makes a mistake in the settings, restarts everything, and sees it after a while."""
    world = stage.world
    if not world.odds.mistake:
        return
    await asyncio.sleep(world.random.uniform(15.0, 40.0))
    mistake = world.random.choice(MISTAKES)
    world.note("operator", f"!! restarts everything with {mistake}")
    stage.configure(mistake)
    await asyncio.sleep(world.random.uniform(10.0, 40.0))
    world.note("operator", "restarts everything with the right settings")
    stage.configure(None)


async def leap(stage: Stage) -> None:
    """The machine that all of this runs on sleeps for some hours."""
    world = stage.world
    while world.odds.leap:
        await asyncio.sleep(world.random.expovariate(1 / world.odds.leap))
        hours = world.random.choice((0.5, 3.0, 12.0, 25.0))
        world.note("world", f"!! sleeps for {hours:g} hours")
        world.loop.jump(hours * 3600)


FAMILIES = ["records", "revisions", "links", "ledger", "owners", "claims", "pending", "held", "approved"]


async def forget_partly(stage: Stage) -> None:
    """Lose some values of one kind, or all, and nothing else."""
    world = stage.world
    if not world.odds.redis_partly:
        return
    await asyncio.sleep(world.random.uniform(5.0, 40.0))
    name, share = world.random.choice(FAMILIES), world.random.choice((0.3, 1.0))
    lost = stage.store.lose_some(name, share)
    world.note("redis", f"!! loses {lost} {name}")
    if name == "ledger":
        for directory in stage.directories.values():
            directory.forget_references()
    if name in ("records", "revisions"):
        for directory in stage.directories.values():
            directory.forget_unfinished(stage.store.linked(directory.name))
    if name == "links":
        for directory in stage.directories.values():
            directory.forget_unmarked()


async def company_life(stage: Stage) -> None:
    """What happens at Kenjo."""
    mean = stage.world.random.choice((0.5, 2.0, 5.0))
    while True:
        await asyncio.sleep(stage.world.random.expovariate(1 / mean))
        stage.company.change()


async def others_write(stage: Stage) -> None:
    """Other people and programs use the directories that are theirs, too."""
    shared = [one for one in stage.directories.values() if one.is_shared]
    while shared:
        await asyncio.sleep(stage.world.random.expovariate(1 / 0.5))
        stage.world.random.choice(shared).others_write()


FAULTS = (
    company_life,
    meddle_with_queues,
    jump_clocks,
    forget,
    forget_partly,
    misconfigure,
    leap,
    others_write,
)
"""All that goes on until the faults stop."""
