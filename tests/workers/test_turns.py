"""Two who are to have one value at a target take turns, also where the target would let both have it."""

from __future__ import annotations

import dataclasses
from functools import partial

from bridge.model import Key, Kind, State
from bridge.store.queue import Due
from tests.delivery import TARGET, Delivery, team
from workers.delivery.draining import Drain
from workers.delivery.inventory import Inventory


async def due(run: Delivery, *names: str) -> None:
    """These new groups, all called alike, are to be looked at."""
    records = [team(name, name="Sales") for name in names]
    await run.know(*records)
    await run.deliverer.ledger.add_pending({one.key: 1 for one in records})
    await run.backend.queue.add(TARGET, [Due(one.key) for one in records], run.clock.now)


async def states(run: Delivery, *names: str) -> list[State]:
    return [(await run.entry(name, Kind.TEAM)).state for name in names]


async def test_the_first_one_has_it(run: Delivery) -> None:
    """Three new groups of one name at the same moment == one group, the first one's; two are parked."""
    await due(run, "c", "b", "a")
    drain = Drain(run.deliverer)
    await drain.fill()
    await drain.end(5)
    assert [group["externalId"] for group in await run.groups()] == ["a"]
    assert await states(run, "a", "b", "c") == [State.APPLIED, State.FAILED, State.FAILED]


async def test_a_list_does_not_know_it(run: Delivery) -> None:
    """The list was read before the first one came == the second is looked up all the same, and parked."""
    ledger = run.deliverer.ledger
    inventory = Inventory(run.deliverer.target, ledger, partial(run.backend.unbroken, TARGET))
    await inventory.load()
    assert await inventory.trusted()
    drain = Drain(dataclasses.replace(run.deliverer, inventory=inventory))
    for name in ("a", "b"):
        await due(run, name)
        await drain.fill()
        while Key(Kind.TEAM, name) in await ledger.pending():
            drain.changed.clear()
            await drain.changed.wait()
    await drain.end(5)
    assert len(await run.groups()) == 1
    assert await states(run, "a", "b") == [State.APPLIED, State.FAILED]
