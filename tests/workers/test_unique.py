"""`unique`: values that nobody else has, given to new accounts by workers at a real SCIM server."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bridge.config.settings import BridgeSettings, RetrySettings
from bridge.mapping.route import Route
from bridge.model import Key, Kind, Outcome, Record, State
from bridge.store.backend import Backend
from bridge.store.queue import Due
from service.operations.failures import retry
from tests.delivery import TARGET, Delivery, delivery, person
from tests.inside import readable
from tests.workers.gating import other, until, working
from workers.targets import load
from workers.testing.proxy import Fault, Proxy, answer, at, dropped, lost

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
FIRST = "slug(person.personal.firstName)"
NAMES = {"userName": [FIRST, f'{FIRST} + "." + slug(person.personal.lastName)', f"{FIRST} + string(n)"]}


def ana(number: int, **fields: Any) -> Record:
    """One of several people who are called Ana Muster."""
    return person(f"ana{number}", **{"name": "Ana", "email": f"{number}@example.com", **fields})


async def names(run: Delivery) -> dict[str, str]:
    """The user names of all accounts by Kenjo id, or by the name itself where there is none."""
    return {user.get("externalId") or user["userName"]: user["userName"] for user in await run.users()}


async def test_each_gets_the_first_that_is_free(backend: Backend) -> None:
    """Three namesakes, and an inactive account of nobody's == each another name, in order; it is noted."""
    async with delivery(backend, unique=NAMES) as run:
        await run.create({"schemas": [USER], "userName": "Ana.Muster", "active": False})
        await run.deliver(*(ana(number) for number in range(3)))
        assert await names(run) == {"Ana.Muster": "Ana.Muster", "ana0": "ana", "ana1": "ana2", "ana2": "ana3"}
        entry = await run.entry("ana1")
        assert (entry.state, entry.outcome) == (State.APPLIED, Outcome.CREATED)
        assert entry.unique == {"userName": "ana2"}
        assert [one.method for one in run.proxy.writes] == ["POST"] * 3  # none was refused first


async def test_what_was_given_stays(backend: Backend) -> None:
    """Somebody is renamed, other expressions are set, Redis is emptied == the name that they have, always."""
    async with delivery(backend, unique=NAMES) as run:
        await run.deliver(ana(0), ana(1), ana(1, name="Eva"))
        assert (await run.user("ana1"))["displayName"] == "Eva Muster"
        settings = run.deliverer.route.settings.model_copy(update={"unique": {"userName": ["person.id"]}})
        changed = dataclasses.replace(run.deliverer, route=Route(TARGET, settings, load("scim").mapping))
        await changed.deliver(Key(Kind.PERSON, "ana1"))
        assert (await run.entry("ana1")).outcome is Outcome.UNCHANGED
        await run.forget_everything()
        run.proxy.seen.clear()
        await run.deliver(ana(0), ana(1, name="Eva"))
        assert run.proxy.writes == []
        assert await names(run) == {"ana0": "ana", "ana1": "ana.muster"}
        await run.deliver(ana(2))  # of what Redis knew nothing is left: the directory is asked
        assert (await run.user("ana2"))["userName"] == "ana2"


async def test_an_account_of_before_keeps_its_own(backend: Backend) -> None:
    """An account that the mapping matches, with another name == adopted, with the name that it had."""
    async with delivery(backend, unique=NAMES, match=["externalId", "emails.work", "userName"]) as run:
        emails = [{"value": "0@example.com", "type": "work"}]
        await run.create({"schemas": [USER], "userName": "founder", "emails": emails})
        await run.deliver(ana(0))
        assert (await names(run), (await run.entry("ana0")).unique) == ({"ana0": "founder"}, {})


async def test_a_namesakes_account_is_not_taken_for_their_own(backend: Backend) -> None:
    """Somebody else's account has the first choice == left as it is: a user name does not say whose it is."""
    async with delivery(backend, unique=NAMES) as run:
        await run.create({"schemas": [USER], "userName": "ana", "title": "Stranger"})
        await run.deliver(ana(0))
        assert await names(run) == {"ana": "ana", "ana0": "ana.muster"}


async def test_two_workers_at_once(backend: Backend) -> None:
    """Two workers look at the same time and find nobody == two names, and one create each."""
    async with delivery(backend, unique=NAMES) as run, aiohttp.ClientSession() as session:
        second = other(run, TARGET, session)
        await run.know(ana(0), ana(1))
        both, inside = asyncio.Event(), 0

        async def together(proxy: Proxy, request: web.Request) -> web.StreamResponse:
            """No look-up for the name is answered before both have come."""
            nonlocal inside
            if "userName" in request.query_string:
                inside += 1
                if inside == 2:
                    both.set()
                await both.wait()
            return await proxy.forward(request)

        run.proxy.fail_always(together)
        await asyncio.gather(
            run.deliverer.deliver(Key(Kind.PERSON, "ana0")), second.deliver(Key(Kind.PERSON, "ana1"))
        )
        assert sorted((await names(run)).values()) == ["ana", "ana.muster"]
        assert [one.method for one in run.proxy.writes] == ["POST", "POST"]


async def test_many_in_one_process_choose_in_order(backend: Backend) -> None:
    """Eight namesakes at once, the first one's answers last == names in the order in which they came."""
    async with delivery(backend, unique=NAMES) as run:
        people = [ana(number) for number in range(8)]
        await run.know(*people)
        ranks = {one.key: 1 for one in people}
        await run.deliverer.ledger.add_pending(ranks)
        await run.backend.queue.add(TARGET, [Due(key, 1) for key in ranks], time.time())

        async def slow(proxy: Proxy, request: web.Request) -> web.StreamResponse:
            if "ana0" in request.query_string:
                await asyncio.sleep(0.05)
            return await proxy.forward(request)

        run.proxy.fail_always(slow)
        async with working([dataclasses.replace(run.deliverer, clock=time.time)], backend):
            await until(lambda: _have(run, 8), 10)
        found = await names(run)
        assert [found[f"ana{number}"] for number in range(8)] == [
            "ana",
            "ana.muster",
            *(f"ana{number}" for number in range(2, 8)),
        ]


async def _have(run: Delivery, number: int) -> bool:
    return len(await run.users()) == number


@pytest.mark.parametrize("fault", [lost, dropped, answer(503)])
async def test_a_create_without_an_answer_is_repeated_with_the_same(backend: Backend, fault: Fault) -> None:
    """The create of the first is not answered, the second comes meanwhile == each one account, by order."""
    async with delivery(backend, unique=NAMES) as run:
        run.proxy.fail(at("POST", fault))
        await run.deliver(ana(0), ana(1))
        assert (await run.entry("ana0")).unique == {"userName": "ana"}
        await run.deliverer.deliver(Key(Kind.PERSON, "ana0"))
        assert await names(run) == {"ana0": "ana", "ana1": "ana.muster"}


async def test_killed_between_claim_and_create(backend: Backend) -> None:
    """A worker dies when the name is its record's and nothing was sent == the next gives just that one."""
    async with delivery(backend, unique=NAMES) as run:
        await run.know(ana(0), ana(1))
        claim = await run.deliverer.ledger.claim(Key(Kind.PERSON, "ana0"), "dead worker")
        assert claim
        assert await run.deliverer.ledger.hold("userName", "ana", claim.key) == claim.key
        await run.deliverer.ledger.release(claim)
        await run.deliverer.deliver(Key(Kind.PERSON, "ana1"))
        await run.deliverer.deliver(Key(Kind.PERSON, "ana0"))
        assert await names(run) == {"ana1": "ana.muster", "ana0": "ana"}


async def test_an_account_that_nobody_can_tell_whose_it_is(backend: Backend) -> None:
    """No answer to the create, then an account has the name and no id == a person says whose."""
    async with delivery(backend, unique=NAMES) as run:
        run.proxy.fail(at("POST", dropped))
        await run.deliver(ana(0))
        there = await run.create({"schemas": [USER], "userName": "ANA"})
        await run.deliverer.deliver(Key(Kind.PERSON, "ana0"))
        entry = await run.entry("ana0")
        assert (entry.state, entry.candidates) == (State.FAILED, (there["id"],))
        assert "failures retry person:ana0 gives the next userName" in entry.reason
        routes = {TARGET: run.deliverer.route}
        bridge: Any = SimpleNamespace(backend=backend, routes=routes, values=BridgeSettings())
        assert await retry(bridge, TARGET, "person:ana0") == 1
        await run.deliverer.deliver(Key(Kind.PERSON, "ana0"))
        assert await names(run) == {"ANA": "ANA", "ana0": "ana.muster"}


async def test_what_the_target_refuses_is_passed(backend: Backend) -> None:
    """409 for a name that no look-up shows == the next; when it refuses all, a person looks after five."""
    async with delivery(backend, unique=NAMES) as run:
        taken = answer(409, '{"detail": "uniqueness"}', "application/scim+json")
        run.proxy.fail(at("POST", taken))
        await run.deliver(ana(0))
        assert await names(run) == {"ana0": "ana.muster"}
        assert await run.deliverer.ledger.holder("userName", "ana") is None

        async def refused(proxy: Proxy, request: web.Request) -> web.StreamResponse:
            return await (taken(proxy, request) if request.method == "POST" else proxy.forward(request))

        run.proxy.fail_always(refused)
        run.proxy.seen.clear()
        await run.deliver(ana(1))
        entry = await run.entry("ana1")
        assert (entry.state, len(run.proxy.writes)) == (State.FAILED, 5)
        assert "other values for userName were refused too, and no look-up shows who has them" in entry.reason


async def test_when_all_are_taken(backend: Backend) -> None:
    """Two values and three people == the third is parked with what to do, and nothing was sent."""
    async with delivery(backend, unique={"userName": NAMES["userName"][:2]}) as run:
        await run.deliver(ana(0), ana(1))
        run.proxy.seen.clear()
        await run.deliver(ana(2))
        entry = await run.entry("ana2")
        assert (entry.state, run.proxy.writes) == (State.FAILED, [])
        assert entry.reason == (
            "all values for userName are taken: add an expression to targets.directory.unique.userName, such"
            " as one with the personnel number"
        )


async def test_who_has_left_keeps_the_name_until_it_is_deleted(backend: Backend) -> None:
    """Closed == taken still; deleted by the bridge == the next one's."""
    limits = {"remove": None, "delete": None}
    removal = {"left": "delete", "after_days": 1}
    async with delivery(backend, unique=NAMES, removal=removal, limits=limits) as run:
        await run.deliver(ana(0), ana(0, lifecycle="left"), ana(1))
        assert await names(run) == {"ana0": "ana", "ana1": "ana.muster"}
        run.clock.now += 2 * 86400
        await run.judge()
        await run.deliverer.deliver(Key(Kind.PERSON, "ana0"))
        entry = await run.entry("ana0")
        assert (entry.outcome, entry.unique) == (Outcome.DELETED, {})
        await run.deliver(ana(2))
        assert await names(run) == {"ana1": "ana.muster", "ana2": "ana"}


async def test_who_is_forgotten_frees_the_name(backend: Backend) -> None:
    """Forgotten == nothing in Redis tells of the name, before or after, and the next one gets it."""
    async with delivery(backend, unique=NAMES) as run:
        key = Key(Kind.PERSON, "ana0")
        await run.deliver(ana(0))
        assert await run.deliverer.ledger.holder("userName", "ANA") == key
        told = await readable(backend.redis, backend.keys.at(TARGET, "unique"))
        assert "person:ana0" in told
        assert "ana" not in told.replace("person:ana0", "")
        await backend.forgotten.erase(key, [TARGET])
        assert await run.deliverer.ledger.holder("userName", "ANA") is None
        assert "ana0" not in await readable(backend.redis, backend.keys.prefix + "*")


async def test_deleted_behind_the_bridges_back(backend: Backend) -> None:
    """Somebody deletes the account at the directory == made anew, with the name that it had."""
    async with delivery(backend, unique=NAMES) as run:
        await run.deliver(ana(0), ana(1))
        path = f"{run.path}/Users/{(await run.user('ana1'))['id']}"
        async with run.direct.delete(path) as done:
            assert done.status == 204
        await run.deliver(ana(1, title="Lead"))
        assert (await run.user("ana1"))["userName"] == "ana.muster"


@pytest.mark.parametrize("seed", range(2))
async def test_no_two_accounts_have_the_same(backend: Backend, seed: int) -> None:
    """Newcomers at once, renames, leavers, lost answers, an emptied Redis == no nickname twice, and all stay.

    The server takes a nickname twice.
    """
    chance = random.Random(seed)  # noqa: S311 - the same each time
    nicks = {"nickName": NAMES["userName"]}
    match = ["externalId", "userName", "nickName"]
    retry = RetrySettings(attempts=1000)
    async with (
        delivery(backend, unique=nicks, match=match, retry=retry) as run,
        aiohttp.ClientSession() as session,
    ):
        hands = [run.deliverer, other(run, TARGET, session)]
        people: dict[str, dict[str, Any]] = {}
        had: dict[str, str] = {}
        for step in range(6):
            for id_ in chance.sample(sorted(had), min(len(had), 2)):
                people[id_] |= chance.choice([{"name": "Ana-Lena"}, {"lifecycle": "left"}, {"name": "Ana"}])
            people |= {f"p{len(people) + number}": {} for number in range(chance.randint(1, 3))}
            if chance.random() < 0.3:
                run.proxy.fail(at("POST", chance.choice([lost, dropped, answer(503)])))
            if step == 4:
                await run.forget_everything()
            await run.know(*(person(id_, **{"name": "Ana", **fields}) for id_, fields in people.items()))
            keys = [Key(Kind.PERSON, id_) for id_ in chance.sample(sorted(people), len(people))]
            await asyncio.gather(*(chance.choice(hands).deliver(key) for key in keys))
            now = {user["externalId"]: user["nickName"] for user in await run.users()}
            assert len({nick.casefold() for nick in now.values()}) == len(now)
            assert had.items() <= now.items()
            had = now
        assert len(had) > 4
