"""One value in Redis was damaged or forged: it harms its own record at most, and that one for a poll only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest

from bridge.codec import Codec, make_key
from bridge.errors import Damaged, Unreadable
from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from bridge.store.discard import AT_MOST
from tests.delivery import TARGET, Delivery, delivery, person
from tests.polling import Watch, ids, people, start
from tests.workers.gating import until, working
from workers.delivery.first_contact import FirstContact

P0 = Key(Kind.PERSON, "p000")
OF_THE_ACCOUNT = ("records", "revisions", "holds")
FAMILIES = (*OF_THE_ACCOUNT, "ledger", "links", "counted", "approved")

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda former: former[:10],
    "not sealed": lambda _: b'j"forged"',
    "of another shape": lambda _: b"j[1]",
    "no text": lambda _: b"\xff\xfe",
    "empty": lambda _: b"",
}


@pytest.fixture(params=["sealed", "readable"])
async def run(request: pytest.FixtureRequest, backend: Backend) -> AsyncIterator[Delivery]:
    keys = [make_key()] if request.param == "sealed" else []
    async with delivery(Backend(backend.redis, backend.keys, Codec(keys, backend.codec.pepper))) as ready:
        yield ready


def redis(run: Delivery) -> Any:
    return cast("Any", run.backend.redis)


def key_of(run: Delivery, family: str) -> str:
    keys = run.backend.keys
    return keys.of(family) if family in OF_THE_ACCOUNT else keys.at(TARGET, family)


async def damage(run: Delivery, family: str, how: str, id_: str = "p000") -> None:
    """Change one field of a hash."""
    name, field = key_of(run, family), f"person:{id_}"
    former = await redis(run).hget(name, field) or b"nothing"
    await redis(run).hset(name, mapping={field: DAMAGE[how](former)})


async def settle(watch: Watch) -> None:
    """Poll and work until nothing is asked for, as the service and a worker do."""
    for _ in range(8):
        watch.clock.now += 5.0
        await watch.poll()
        try:
            if not await watch.work():
                return
        except Damaged:
            await watch.backend.discard_damaged(0.0)
    raise AssertionError("there is always something to do")


@pytest.mark.parametrize("how", DAMAGE)
async def test_damaged_values(run: Delivery, how: str) -> None:
    """One of each kind is damaged, somebody is renamed, another one leaves == both arrive."""
    watch = await start(run, 12)
    accounts = {user["externalId"]: user["id"] for user in await run.users()}
    for family, id_ in zip(FAMILIES, ids(12), strict=False):
        await damage(run, family, how, id_)
    watch.kenjo.say(*people(ids(10)), person("p010", name="Renamed"), person("p011", lifecycle="left"))
    await settle(watch)
    users = {user["externalId"]: user for user in await run.users()}
    assert {id_: user["id"] for id_, user in users.items()} == accounts
    assert users["p010"]["name"]["givenName"] == "Renamed"
    assert [id_ for id_, user in users.items() if not user["active"]] == ["p011"]
    assert [(await run.entry(id_)).state for id_ in ids(11)] == [State.APPLIED] * 11
    watch.kenjo.say(*people(ids(12), name="Everybody"))
    await settle(watch)
    assert {user["name"]["givenName"] for user in await run.users()} == {"Everybody"}


async def test_it_is_told_once(run: Delivery) -> None:
    """A damaged record == a problem of this poll with its id, an event of the trail; nothing afterwards."""
    watch = await start(run, 3)
    await damage(run, "records", "cut off")
    (problem,) = (await watch.poll()).snapshot.problems
    assert (problem.list, problem.id) == ("redis", "person:p000")
    assert problem.reason == "the bridge did not write what stood in records: it was discarded"
    (event,) = await watch.events("damaged")
    assert (event["key"], event["record"]) == ("records", "person:p000")
    assert (await watch.poll()).snapshot.problems == ()


async def test_somebody_who_left_meanwhile_is_removed(run: Delivery) -> None:
    """The record is damaged, and the person is gone from Kenjo == the account is closed all the same."""
    watch = await start(run, 6)
    await damage(run, "records", "cut off")
    watch.kenjo.say(*people(ids(5, start=1)))
    await settle(watch)
    assert [user["externalId"] for user in await run.users() if not user["active"]] == ["p000"]


async def test_fields_that_are_no_records(run: Delivery) -> None:
    """Fields whose names are no record's == taken out, and everybody is served."""
    watch = await start(run, 3)
    names = [b"nonsense", b"\xff", b"dog:1", b""]
    for number, family in enumerate(("records", "ledger", "links", "claims", "held", "counted")):
        await redis(run).hset(key_of(run, family), mapping={names[number % 4]: b"j1"})
    await redis(run).zadd(key_of(run, "pending"), dict.fromkeys(names, 1.0))
    watch.kenjo.say(*people(ids(3), name="Everybody"))
    await settle(watch)
    assert {user["name"]["givenName"] for user in await run.users()} == {"Everybody"}
    assert await redis(run).zcard(key_of(run, "pending")) == 0
    assert await redis(run).hlen(key_of(run, "claims")) == 0


async def test_many_damaged_values_stop_everything(run: Delivery) -> None:
    """More than a few == the state is damaged, not a record: nothing is thrown away, nothing changes."""
    watch = await start(run, 3)
    sealed = {f"person:{id_}": b"cut" for id_ in ids(AT_MOST + 1, start=3)}
    await redis(run).hset(key_of(run, "ledger"), mapping=sealed)
    with pytest.raises(Damaged, match=rf"^{AT_MOST + 1} values in Redis cannot be read; of the last one: "):
        await watch.poll(*people(ids(2)))
    assert await redis(run).hlen(key_of(run, "ledger")) == AT_MOST + 4
    assert len(await run.backend.records.known()) == 3


def reading(run: Delivery, watch: Watch) -> dict[str, Callable[[], Awaitable[object]]]:
    """Who reads what all hang on."""
    return {
        "forgotten": watch.poll,
        "leaving": lambda: run.deliverer.deliver(P0),
        "whose": run.backend.whose.all,
    }


NAMES = ("run", "told", "absent", "audit", "notebook-mark", "state")


@pytest.mark.parametrize("damaged", [b"\xff\xfe", b"nonsense"])
@pytest.mark.parametrize("name", NAMES)
async def test_what_is_no_records(run: Delivery, name: str, damaged: bytes) -> None:
    """A value that is not sealed, as it tells nothing of anybody == read as if it were another, or none."""
    watch, keys = await start(run, 2), run.backend.keys
    where = keys.at(TARGET, name) if name in ("notebook-mark", "state") else keys.of(name)
    field = damaged if name == "told" else "person:p000"
    match name:
        case "run" | "notebook-mark":
            await redis(run).set(where, damaged)
        case "audit":
            for event in (
                {b"event": damaged},
                {damaged: b"{}"},
                {b"event": b"[]"},
                {b"event": b'{"at": "x"}'},
            ):
                await redis(run).xadd(where, event)
        case _:
            await redis(run).hset(where, mapping={field: damaged})
    await watch.poll(*people(ids(2), name="Everybody"))
    assert len(await watch.backend.audit.read(1000)) > 2
    await watch.backend.notices.told()
    await watch.backend.notebook(TARGET).mark()
    await run.deliverer.gate.paused()
    await redis(run).delete(keys.at(TARGET, "state"))
    await settle(watch)
    assert {user["name"]["givenName"] for user in await run.users()} == {"Everybody"}


async def test_a_first_contact_that_is_damaged(run: Delivery) -> None:
    """What was found at first contact cannot be read == it is taken out, and deliveries go on."""
    await start(run, 2)
    name = run.backend.keys.at(TARGET, "survey")
    await redis(run).set(name, b"\xff\xfe")
    contact = FirstContact(run.deliverer, run.backend)
    assert [await contact.passed() for _ in range(2)] == [False, True]


@pytest.mark.parametrize("name", [b"\xff", b"nonsense"])
@pytest.mark.parametrize("family", ["forgotten", "leaving", "whose"])
async def test_names_there_that_are_no_names(run: Delivery, family: str, name: bytes) -> None:
    """A field that names nobody == the sentence of a damaged value, and no bug of ours."""
    watch = await start(run, 2)
    await redis(run).hset(run.backend.keys.of(family), mapping={name: b"s123"})
    with pytest.raises(Damaged, match="was changed outside the bridge"):
        await reading(run, watch)[family]()


@pytest.mark.parametrize("family", ["forgotten", "leaving", "whose"])
async def test_what_all_hang_on_is_never_thrown_away(run: Delivery, family: str) -> None:
    """Who may not be read in, and whose the state is == nothing goes on until a person has looked."""
    watch = await start(run, 3)
    name = run.backend.keys.of(family)
    await redis(run).hset(name, mapping={str(P0): b"s123"})
    with pytest.raises(Unreadable):
        await reading(run, watch)[family]()
    assert await run.backend.discard_damaged(0.0) == []
    assert await redis(run).hget(name, str(P0)) == b"s123"


async def test_a_worker_meets_a_damaged_value(run: Delivery) -> None:
    """A link is damaged after the poll == the worker discards it, delivers the others, and finds it anew."""
    watch = await start(run, 3)
    await damage(run, "links", "cut off")
    await watch.poll(*people(ids(3), name="Everybody"))
    async with working([run.deliverer], run.backend):
        await until(lambda: is_discarded(watch), 20)
        assert await run.deliverer.ledger.under_way() == {}  # the lock is free at once
        await watch.poll()
        await until(lambda: are_renamed(run), 20)
    assert len(await run.users()) == 3


async def is_discarded(watch: Watch) -> bool:
    return bool(await watch.events("damaged"))


async def are_renamed(run: Delivery) -> bool:
    return {user["name"]["givenName"] for user in await run.users()} == {"Everybody"}
