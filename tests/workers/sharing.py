"""Records that share addresses and names at a server where no two accounts, and no two groups, may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from bridge.model import Key, Kind, Record
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person
from tests.polling import Watch
from tests.workers.targets.odd_scim import Odd

STRICT = Odd(unique_in_groups=("externalId", "displayName"))
STUBBORN = replace(STRICT, refuses="kenjo-bridge")


def ben(id_: str, address: str) -> Record:
    """Somebody with an address."""
    return person(id_, name="Ben", email=f"{address}@example.com")


def team(id_: str, name: str, *members: str) -> Record:
    """A team with a name."""
    return Record(Key(Kind.TEAM, id_), {"id": id_, "name": name, "members": list(members)})


@asynccontextmanager
async def serving(
    backend: Backend, *records: Record, odd: Odd | None = STRICT, **settings: Any
) -> AsyncIterator[tuple[Delivery, Watch]]:
    """A server that has these records."""
    async with delivery(backend, odd=odd, **settings) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(*records)
        for record in sorted(records, key=lambda record: record.key.kind):
            await run.deliverer.deliver(record.key)
        run.proxy.seen.clear()
        yield run, watch


async def work(run: Delivery, watch: Watch, keys: Sequence[Key] = ()) -> None:
    """Deliver in this order, then go on with what was asked for, for half a minute."""
    asked = await watch.take()
    for key in keys or asked:
        await run.deliverer.deliver(key)
    for _ in range(30):
        run.clock.now += 1
        for key in dict.fromkeys(await watch.take()):
            await run.deliverer.deliver(key)


async def addresses(run: Delivery) -> dict[str, str]:
    """The address of each account, by Kenjo id. Nobody has two accounts."""
    users = await run.users()
    found = {user["externalId"]: user["userName"].partition("@")[0] for user in users}
    assert len(found) == len(users)
    return found


async def groups(run: Delivery) -> dict[str, tuple[str, set[str]]]:
    """Name and members' Kenjo ids of each group, by Kenjo id."""
    ids = {user["id"]: user["externalId"] for user in await run.users()}
    listed = await run.groups()
    found = {
        group["externalId"]: (group["displayName"], {ids[one["value"]] for one in group.get("members", [])})
        for group in listed
    }
    assert len(found) == len(listed)
    return found
