"""Values that change hands among records of ours: addresses and group names that no two may share."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from bridge.model import Entry, Key, Kind, State
from bridge.store.backend import Backend
from tests.delivery import person
from tests.workers.sharing import STRICT, STUBBORN, addresses, ben, groups, serving, team, work
from tests.workers.targets.odd_scim import Odd
from workers.delivery.failing import PATIENCE
from workers.testing.proxy import Proxy

CHANGES = {
    "chain": {"1": "b", "2": "c", "3": "d"},
    "swap": {"1": "b", "2": "a", "3": "c"},
    "circle": {"1": "b", "2": "c", "3": "a"},
}
BEFORE = {"1": "a", "2": "b", "3": "c"}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("order", list(itertools.permutations("123")))
async def test_addresses_change_hands(backend: Backend, change: str, order: tuple[str, ...]) -> None:
    """A chain, a swap, a circle of three, delivered in any order == each in its account."""
    async with serving(backend, *(ben(*pair) for pair in BEFORE.items())) as (run, watch):
        accounts = {user["externalId"]: user["id"] for user in await run.users()}
        await watch.poll(*(ben(*pair) for pair in CHANGES[change].items()))
        await work(run, watch, [Key(Kind.PERSON, id_) for id_ in order])
        assert await addresses(run) == CHANGES[change]
        assert {user["externalId"]: user["id"] for user in await run.users()} == accounts
        for id_ in order:
            entry = await run.entry(id_)
            assert (entry.state, entry.attempts, entry.awaits) == (State.APPLIED, 0, "")
        assert await watch.take() == []


@pytest.mark.parametrize("change", CHANGES)
async def test_names_of_teams_change_hands(backend: Backend, change: str) -> None:
    """The same among teams, where no two groups may share a name == nobody loses a membership on the way."""
    people = [ben(id_, id_) for id_ in "xyz"]
    members = {"1": "x", "2": "y", "3": "z"}
    before = [team(id_, name, members[id_]) for id_, name in BEFORE.items()]
    async with serving(backend, *people, *before) as (run, watch):
        await watch.poll(*people, *(team(id_, n, members[id_]) for id_, n in CHANGES[change].items()))
        await work(run, watch)
        assert await groups(run) == {id_: (n, {members[id_]}) for id_, n in CHANGES[change].items()}
        assert not any('"remove"' in seen.body.decode() for seen in run.proxy.writes)


async def test_two_workers_at_once(backend: Backend) -> None:
    """A circle of four, a chain and a swap, two workers in any order, again and again == all arrive."""
    before = {str(n): f"a{n}" for n in range(1, 10)}
    names = list(before.values())
    after = dict(zip(before, [*names[1:4], names[0], *names[5:7], "new", names[8], names[7]], strict=True))
    async with serving(backend, *(ben(*pair) for pair in before.items())) as (run, watch):
        await watch.poll(*(ben(*pair) for pair in after.items()))
        keys = [Key(Kind.PERSON, id_) for id_ in before]
        chance = random.Random(7)  # noqa: S311 - an order of jobs
        for _ in range(12):
            order = [key for _ in range(2) for key in chance.sample(keys, len(keys))]
            await asyncio.gather(*(run.deliverer.deliver(key) for key in order))
            run.clock.now += 1
        await work(run, watch)
        assert await addresses(run) == after


async def test_killed_in_the_middle_of_a_swap(backend: Backend) -> None:
    """The worker dies right after the value for the time being was written == right soon after."""
    async with serving(backend, ben("1", "a"), ben("2", "b")) as (run, watch):
        await watch.poll(ben("1", "b"), ben("2", "a"))
        await watch.take()
        for id_ in "121":
            await run.deliverer.deliver(Key(Kind.PERSON, id_))
        assert "kenjo-bridge.1" in (await addresses(run)).values()
        # As after a kill: the entry of before, a claim that nobody settled, no jobs.
        entry = await run.entry("1")
        await run.deliverer.ledger.write(Key(Kind.PERSON, "1"), replace(entry, revision=1, awaits=""))
        claim = await run.deliverer.ledger.claim(Key(Kind.PERSON, "1"), "killed")
        assert claim
        await run.deliverer.ledger.release(claim)
        await backend.redis.delete(backend.queue.name("directory"))
        run.clock.now += 60
        await watch.poll()
        await work(run, watch)
        assert await addresses(run) == {"1": "b", "2": "a"}


async def test_the_target_takes_no_value_for_the_time_being(backend: Backend) -> None:
    """A swap where such a value is refused == both parked naming each other, right after a change."""
    async with serving(backend, ben("1", "a"), ben("2", "b"), odd=STUBBORN) as (run, watch):
        await watch.poll(ben("1", "b"), ben("2", "a"))
        await work(run, watch)
        for id_, other in (("1", "person:2"), ("2", "person:1")):
            entry = await run.entry(id_)
            assert (entry.state, entry.awaits) == (State.FAILED, other)
        assert await addresses(run) == {"1": "a", "2": "b"}
        assert await watch.take() == []
        await watch.poll(ben("1", "new"), ben("2", "a"))
        await work(run, watch)
        assert await addresses(run) == {"1": "new", "2": "a"}


async def test_look_ups_that_lag(backend: Backend) -> None:
    """A server refuses a swap, and does not find yet who has the addresses == tried again, and done."""

    async def nothing_yet(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        if request.method == "GET" and "filter" in request.query:
            return web.json_response({"totalResults": 0, "Resources": []})
        return await proxy.forward(request)

    async with serving(backend, ben("1", "a"), ben("2", "b")) as (run, watch):
        run.proxy.fail_always(nothing_yet)
        await watch.poll(ben("1", "b"), ben("2", "a"))
        for key in await watch.take():
            await run.deliverer.deliver(key)
        assert [(await run.entry(id_)).state for id_ in ("1", "2")] == [State.RETRYING] * 2
        run.proxy.fail_always(None)
        await work(run, watch)
        assert await addresses(run) == {"1": "b", "2": "a"}


async def test_a_newcomer_with_an_address_given_up(backend: Backend) -> None:
    """Somebody new gets an address that another is just giving up == waits, one new account."""
    async with serving(backend, ben("1", "a")) as (run, watch):
        await watch.poll(ben("1", "b"), ben("2", "a"))
        await work(run, watch, [Key(Kind.PERSON, "2"), Key(Kind.PERSON, "1")])
        assert await addresses(run) == {"1": "b", "2": "a"}


async def test_an_account_that_was_found_and_never_taken(backend: Backend) -> None:
    """A delivery reserved an account and was cut off, and its record got another one == it is free."""
    async with serving(backend, ben("1", "a")) as (run, watch):
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
        account = await run.create({"schemas": schemas, "userName": "b@example.com", "active": True})
        assert await run.deliverer.ledger.own(account["id"], Key(Kind.PERSON, "1")) == Key(Kind.PERSON, "1")
        await watch.poll(ben("1", "a"), ben("2", "b"))
        await work(run, watch)
        assert await addresses(run) == {"1": "a", "2": "b"}
        assert (await run.user("2"))["id"] == account["id"]


async def test_an_account_reserved_for_somebody_who_has_none(backend: Backend) -> None:
    """A delivery reserved an account and was cut off, and its record can have none == it is free."""
    async with serving(backend) as (run, watch):
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
        await run.create({"schemas": schemas, "userName": "a@example.com", "externalId": "a stranger's"})
        account = await run.create({"schemas": schemas, "userName": "b@example.com", "active": True})
        await run.deliverer.ledger.own(account["id"], Key(Kind.PERSON, "1"))
        await watch.poll(ben("1", "a"), ben("2", "b"))
        await work(run, watch)
        assert (await run.entry("1")).state is State.FAILED
        assert (await run.user("2"))["id"] == account["id"]


async def test_an_account_reserved_by_who_works_on_it(backend: Backend) -> None:
    """A delivery has reserved an account, and may still be about to take it == nobody else does."""
    async with serving(backend) as (run, watch):
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
        account = await run.create({"schemas": schemas, "userName": "b@example.com", "active": True})
        ledger = run.deliverer.ledger
        await watch.poll(ben("1", "a"), ben("2", "b"))
        await ledger.write(Key(Kind.PERSON, "1"), Entry(state=State.FAILED))  # of an earlier revision
        assert await ledger.claim(Key(Kind.PERSON, "1"), "another worker's")
        await ledger.own(account["id"], Key(Kind.PERSON, "1"))
        await run.deliverer.deliver(Key(Kind.PERSON, "2"))
        entry = await run.entry("2")
        assert (entry.state, entry.awaits) == (State.RETRYING, "person:1")


async def test_waiting_ends(backend: Backend) -> None:
    """Who has the address is held back == no attempt is used, parked after an hour, delivered after all."""
    async with serving(backend, ben("1", "a"), ben("2", "b")) as (run, watch):
        await watch.poll(ben("1", "b"), ben("2", "c"))
        await backend.holds.hold_back("directory", ["person:2"], "some-hold")
        await watch.take()
        key = Key(Kind.PERSON, "1")
        for _ in range(20):
            await run.deliverer.deliver(key)
            run.clock.now += PATIENCE / 18
        entry = await run.entry("1")
        assert (entry.state, entry.attempts, entry.awaits) == (State.FAILED, 0, "person:2")
        await backend.holds.release("directory", ["person:2"])
        await run.deliverer.deliver(Key(Kind.PERSON, "2"))
        await work(run, watch)
        assert await addresses(run) == {"1": "b", "2": "c"}


async def test_a_clock_that_jumps_ends_no_wait(backend: Backend) -> None:
    """Hours ahead at one try and right at the next == waits still, and is delivered."""
    async with serving(backend, ben("1", "a"), ben("2", "b")) as (run, watch):
        await watch.poll(ben("1", "b"), ben("2", "c"))
        await watch.take()
        for jump in (0.0, 1.5 * PATIENCE, -1.5 * PATIENCE, 1.5 * PATIENCE):
            run.clock.now += jump
            await run.deliverer.deliver(Key(Kind.PERSON, "1"))
            assert (await run.entry("1")).state is State.RETRYING
        await run.deliverer.deliver(Key(Kind.PERSON, "2"))
        await work(run, watch)
        assert await addresses(run) == {"1": "b", "2": "c"}


async def test_an_address_that_a_leaver_keeps(backend: Backend) -> None:
    """The address is a leaver's, whose account is kept == parked naming them, the account as it was."""
    async with serving(backend, ben("1", "a"), ben("2", "b")) as (run, watch):
        left = person("2", name="Ben", email="b@example.com", lifecycle="left")
        await watch.poll(ben("1", "b"), left)
        await work(run, watch)
        entry = await run.entry("1")
        assert (entry.state, entry.awaits) == (State.FAILED, "person:2")
        assert await addresses(run) == {"1": "a", "2": "b"}


async def test_a_riddle_is_parked(backend: Backend) -> None:
    """The address is that of an account of nobody == parked at once, naming the account."""
    async with serving(backend, ben("1", "a")) as (run, watch):
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
        account = await run.create({"schemas": schemas, "userName": "b@example.com"})
        await watch.poll(ben("1", "b"))
        await work(run, watch)
        entry = await run.entry("1")
        assert (entry.state, account["id"] in entry.reason) == (State.FAILED, True)


@pytest.mark.parametrize("odd", [STRICT, None])
@pytest.mark.parametrize("first", ["old", "new"])
async def test_a_team_is_made_anew(backend: Backend, odd: Odd | None, first: str) -> None:
    """Deleted and made anew under its name, in any order == the same group, nobody out for a moment."""
    people = [ben(id_, id_) for id_ in "xyz"]
    async with serving(backend, *people, team("old", "Sales", "x", "y"), odd=odd) as (run, watch):
        (group,) = await run.groups()
        await watch.poll(*people, team("new", "Sales", "x", "z"))
        both = [Key(Kind.TEAM, id_) for id_ in ("old", "new")]
        await work(run, watch, both if first == "old" else both[::-1])
        assert await groups(run) == {"new": ("Sales", {"x", "z"})}
        assert [one["id"] for one in await run.groups()] == [group["id"]]
        old = await run.entry("old", Kind.TEAM)
        assert (old.state, old.reason) == (State.SKIPPED, "its account was handed over to team:new")
        assert (await run.entry("new", Kind.TEAM)).refs == ("person:x", "person:z")
        taken_out = [seen for seen in run.proxy.writes if '"remove"' in seen.body.decode()]
        assert len(taken_out) == 1  # y, who is not in the new one
        await watch.poll(*people, team("new", "Sales", "x", "z"))
        assert await watch.take() == []


@pytest.mark.parametrize("reserved", [True, False])
async def test_a_team_is_made_anew_whose_creation_was_cut_short(backend: Backend, reserved: bool) -> None:
    """The group was created and nothing written of it, then the team made anew == who left is taken out."""
    people = [ben(id_, id_) for id_ in "xy"]
    async with serving(backend, *people, team("old", "Sales", "x")) as (run, watch):
        (group,) = await run.groups()
        ledger, old = run.deliverer.ledger, Key(Kind.TEAM, "old")
        await ledger.write(old, Entry(refs=("person:x",)))  # what is noted before the request
        links: Any = backend.redis.hdel(backend.keys.at("directory", "links"), str(old))
        await links
        if not reserved:
            await ledger.disown(Kind.TEAM, group["id"])
        await watch.poll(*people, team("new", "Sales", "y"))
        await work(run, watch, [Key(Kind.TEAM, "new"), old])
        await watch.poll()  # that somebody is taken out has to be counted first
        await work(run, watch)
        assert await groups(run) == {"new": ("Sales", {"y"})}
        assert [one["id"] for one in await run.groups()] == [group["id"]]


@pytest.mark.parametrize("first", ["old", "new"])
async def test_a_team_is_made_anew_before_the_old_one_is_deleted(backend: Backend, first: str) -> None:
    """The new one is parked while both are there, then the old one goes == the same group, nobody out."""
    people = [ben(id_, id_) for id_ in "xyz"]
    async with serving(backend, *people, team("old", "Sales", "x", "y")) as (run, watch):
        (group,) = await run.groups()
        await watch.poll(*people, team("old", "Sales", "x", "y"), team("new", "Sales", "x", "y"))
        await work(run, watch)
        assert (await run.entry("new", Kind.TEAM)).awaits == "team:old"
        await watch.poll(*people, team("new", "Sales", "x", "y"))
        both = [Key(Kind.TEAM, id_) for id_ in ("old", "new")]
        await work(run, watch, both if first == "old" else both[::-1])
        assert await groups(run) == {"new": ("Sales", {"x", "y"})}
        assert [one["id"] for one in await run.groups()] == [group["id"]]
        assert not [seen for seen in run.proxy.writes if '"remove"' in seen.body.decode()]


async def test_a_name_that_a_team_gives_up(backend: Backend) -> None:
    """A team is renamed, another one is made with its name == two groups, each with its members."""
    people = [ben(id_, id_) for id_ in "xy"]
    async with serving(backend, *people, team("1", "Sales", "x")) as (run, watch):
        await watch.poll(*people, team("1", "Old Sales", "x"), team("2", "Sales", "y"))
        await work(run, watch, [Key(Kind.TEAM, "2"), Key(Kind.TEAM, "1")])
        assert await groups(run) == {"1": ("Old Sales", {"x"}), "2": ("Sales", {"y"})}


async def test_who_waits_is_not_waited_for_in_vain(backend: Backend) -> None:
    """A team is gone, and the one with its name is refused == the old one is emptied after all."""
    people = [ben("x", "x")]
    async with serving(backend, *people, team("old", "Sales", "x"), odd=None) as (run, watch):
        await run.create_group({"displayName": "Sales"})  # so that two groups match the new one
        await watch.poll(*people, team("new", "Sales", "x"))
        await work(run, watch)
        run.clock.now += 60
        await watch.poll()
        await work(run, watch)
        assert (await run.entry("new", Kind.TEAM)).state is State.FAILED
        assert not any(group.get("members") for group in await run.groups())


async def test_a_team_made_anew_is_no_removal(backend: Backend) -> None:
    """Three of eight teams are made anew, removals are limited to one == nothing is held."""
    people = [ben("x", "x")]
    old = [team(f"old{n}", f"Team {n}", "x") for n in range(8)]
    new = [team(f"new{n}", f"Team {n}", "x") for n in range(3)]
    async with serving(backend, *people, *old, limits={"remove": {"count": 1, "percent": 1}}) as (run, watch):
        await watch.poll(*people, *new, *old[3:])
        assert await backend.holds.all() == []
        await work(run, watch)
        ids = {group["externalId"] for group in await run.groups()}
        assert ids == {record.key.id for record in (*new, *old[3:])}
        await watch.poll(*people, *old[3:])
        assert len((await watch.hold()).keys) == 3
