"""A large load lists the target: whom the list lacks is created at once, and nobody gets a second account."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from functools import partial

import pytest

from bridge.model import Key, Kind, Outcome, State
from bridge.store.backend import Backend
from bridge.store.queue import Due
from tests.delivery import TARGET, Delivery, delivery, person
from tests.polling import ids, people
from tests.workers.targets.quiet_scim import Quiet
from workers.delivery.draining import Drain
from workers.delivery.first_contact import FirstContact
from workers.delivery.inventory import Inventory

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
NUMBER = 60


@pytest.fixture
async def run(backend: Backend) -> AsyncIterator[Delivery]:
    async with delivery(backend, odd=Quiet()) as run:
        yield run


def listing(run: Delivery) -> Inventory:
    """Let deliveries know the target's list."""
    inventory = Inventory(run.deliverer.target, run.deliverer.ledger, partial(run.backend.unbroken, TARGET))
    run.deliverer = dataclasses.replace(run.deliverer, inventory=inventory)
    return inventory


async def loading(run: Delivery, *names: str) -> Inventory:
    """Everybody is to be delivered, and the target was listed."""
    inventory = listing(run)
    await run.know(*people(names))
    await inventory.load()
    await ask(run, *names)
    return inventory


async def ask(run: Delivery, *names: str) -> None:
    due = [Due(Key(Kind.PERSON, name), 1) for name in names]
    await run.deliverer.ledger.add_pending({one.key: 1 for one in due})
    await run.backend.queue.add(TARGET, due, run.clock.now)


async def drain(run: Delivery) -> None:
    """Deliver all that is due."""
    drain = Drain(run.deliverer)
    while await run.deliverer.ledger.count_pending():
        drain.changed.clear()
        if drain.room:
            await drain.fill()
        await drain.changed.wait()
    await drain.end(5)


def look_ups(run: Delivery) -> int:
    return sum(one.method == "GET" and one.path == "/scim/Users" for one in run.proxy.seen)


async def account(run: Delivery, name: str, **more: object) -> str:
    """An account past the bridge."""
    body = {"schemas": [CORE], "userName": f"{name}@example.com", "active": True, **more}
    return str((await run.create(body))["id"])


async def test_whom_the_list_lacks_is_created_at_once(run: Delivery) -> None:
    """Sixty newcomers, two of them there by address == two look-ups, and everybody has one account."""
    names = ids(NUMBER)
    there = {name: await account(run, name) for name in names[:2]}
    await loading(run, *names)
    run.proxy.seen.clear()
    await drain(run)
    assert look_ups(run) <= 2 * 2
    users = await run.users()
    assert sorted(user["userName"] for user in users) == sorted(f"{name}@example.com" for name in names)
    assert {user["id"] for user in users if user["externalId"] in names[:2]} == set(there.values())
    assert (await run.entry(names[0])).outcome is Outcome.ADOPTED


async def test_first_contact_lists_the_target(run: Delivery) -> None:
    """Sixty people at a target with one account == it is listed, and twenty are looked up all the same."""
    await account(run, "else")
    names = ids(NUMBER)
    await run.know(*people(names))
    inventory = listing(run)
    assert await FirstContact(run.deliverer, run.backend).passed()
    assert 40 <= look_ups(run) <= 46
    assert await inventory.trusted() is not None


async def test_a_list_that_hides_somebody(run: Delivery) -> None:
    """Of twenty who are looked up one is found whom the list lacks == it is not believed."""
    names = ids(NUMBER)
    await run.know(*people(names))
    inventory = listing(run)
    await inventory.load()
    assert inventory.listed.keys
    for name in names:
        await account(run, name)
    assert await FirstContact(run.deliverer, run.backend).passed()
    assert not inventory.listed.keys


async def created_meanwhile(run: Delivery, name: str) -> int:
    """How often a person is at the target whose account came after the list was read."""
    await drain(run)
    assert (await run.entry(name)).state is State.APPLIED
    return sum(user["userName"] == f"{name}@example.com" for user in await run.users())


async def test_somebody_else_was_faster(run: Delivery) -> None:
    """An account is made past the bridge after the list was read == found by the conflict, and adopted."""
    await loading(run, "ana")
    await account(run, "ana")
    assert await created_meanwhile(run, "ana") == 1


@pytest.mark.parametrize("loss", ["all", "links and ledger", "forgotten"])
async def test_what_redis_has_forgotten(run: Delivery, loss: str) -> None:
    """An account was made since the list was read, and Redis does not know it any more == it is looked up."""
    inventory = await loading(run, "ana", "ben")
    assert await inventory.trusted() is not None
    await drain(run)
    assert await inventory.trusted() is not None
    if loss == "all":
        await run.forget_everything()
    elif loss == "forgotten":
        await run.backend.forgotten.erase(Key(Kind.PERSON, "ana"), [TARGET])
        await run.deliver(person("cem"))  # so that there are as many links as before
    else:
        for name in ("links", "ledger"):
            await run.backend.redis.delete(run.backend.keys.at(TARGET, name))
    assert await inventory.trusted() is None
    await run.know(person("ana"))
    await ask(run, "ana")
    run.proxy.seen.clear()
    await drain(run)
    assert look_ups(run) > 0
    assert len(await run.users()) == 2 + (loss == "forgotten")


async def test_a_create_that_was_cut_short_is_looked_up(run: Delivery) -> None:
    """A delivery began after the list was read, and never settled == the next one looks."""
    await loading(run, "ana")
    claim = await run.deliverer.ledger.claim(Key(Kind.PERSON, "ana"), "token")
    assert claim is not None
    await run.backend.redis.delete(claim.lock)  # its worker is gone
    await account(run, "ana.old", externalId="ana")
    run.proxy.seen.clear()
    await drain(run)
    assert look_ups(run) == 1
    assert len(await run.users()) == 1
