"""A match on an account that is somebody else's or inactive: never adopted, never switched on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from bridge.model import Key, Kind, Outcome, State
from bridge.store.backend import Backend
from bridge.store.gate import Survey
from tests.delivery import Delivery, delivery, person, team
from tests.polling import Watch
from tests.workers.quietly import quietly
from tests.workers.targets.odd_scim import Odd
from tests.workers.targets.quiet_scim import Quiet
from workers.delivery.first_contact import FirstContact
from workers.testing.proxy import Proxy

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


async def put(run: Delivery, name: str, **attributes: Any) -> str:
    """An account that somebody made before."""
    return str((await run.create({"schemas": [USER], "userName": name, **attributes}))["id"])


STRANGE = [
    ({"externalId": "hr-4711", "active": True}, "carries another external id"),
    ({"externalId": "5F3A"}, "carries another external id"),
    ({"externalId": "hr-4711", "active": False}, "carries another external id and is inactive"),
    ({"active": False}, "is inactive"),
    ({"externalId": " ", "active": False}, "is inactive"),
]


@pytest.mark.parametrize(("account", "words"), STRANGE)
async def test_a_stranger_is_left_to_a_person(backend: Backend, account: dict[str, Any], words: str) -> None:
    """Same userName, another external id or inactive == parked with the reason and the command, no write."""
    async with delivery(backend) as run:
        id_ = await put(run, "ana@example.com", **account)
        await run.deliver(person("5f3a", name="Ana", email="ana@example.com"))
        entry = await run.entry("5f3a")
        assert entry.state is State.FAILED
        assert words in entry.reason
        assert f"kenjo-bridge failures adopt directory person:5f3a {id_}" in entry.reason
        assert entry.candidates == (id_,)
        assert run.proxy.writes == []
        assert await run.deliverer.ledger.linked() == set()


@pytest.mark.parametrize("blank", [None, "", "  "])
async def test_an_account_of_nobody_is_adopted(backend: Backend, blank: str | None) -> None:
    """Same userName, no external id or a blank one, active == adopted and given the id."""
    async with delivery(backend) as run:
        id_ = await put(run, "ana@example.com", externalId=blank, active=True)
        await run.deliver(person("ana"))
        assert [(user["id"], user["externalId"]) for user in await run.users()] == [(id_, "ana")]


async def test_whoever_comes_back_finds_their_account(backend: Backend) -> None:
    """Inactive, with the person's own id, and Redis knows nothing of it == adopted and switched on."""
    async with delivery(backend) as run:
        id_ = await put(run, "other@example.com", externalId="ana", active=False)
        await put(run, "ana@example.com.old", externalId="someone", active=True)
        await run.deliver(person("ana"))
        user = await run.user("ana")
        assert (user["id"], user["active"], user["userName"]) == (id_, True, "ana@example.com")


async def test_of_several_the_one_with_the_own_id(backend: Backend) -> None:
    """Three accounts with one display name, one carries the person's id == that one."""
    async with delivery(backend, match=["displayName", "externalId"]) as run:
        await put(run, "a", displayName="Ana Muster", externalId="x")
        mine = await put(run, "b", displayName="Ana Muster", externalId="ana", active=False)
        await put(run, "c", displayName="Ana Muster")
        await run.deliver(person("ana"))
        assert (await run.user("ana"))["id"] == mine


async def test_inactive_ones_count_among_several(backend: Backend) -> None:
    """One active and one inactive account match == parked with both, nothing written."""
    async with delivery(backend, match=["displayName"]) as run:
        ids = {await put(run, name, displayName="Ana Muster", active=name == "a") for name in ("a", "b")}
        await run.deliver(person("ana"))
        assert set((await run.entry("ana")).candidates) == ids
        assert run.proxy.writes == []


async def test_a_group_of_another(backend: Backend) -> None:
    """A group has the team's name and another external id == parked, its members as they were."""
    async with delivery(backend) as run:
        await run.deliver(person("ana"))
        await run.create_group({"displayName": "Team t", "externalId": "other"})
        run.proxy.seen.clear()
        await run.deliver(team("t", "ana"))
        entry = await run.entry("t", Kind.TEAM)
        assert (entry.state, run.proxy.writes) == (State.FAILED, [])
        assert "carries another external id" in entry.reason


async def test_where_external_ids_are_dropped(backend: Backend) -> None:
    """The server keeps no external ids == an active account is adopted, an inactive one is not."""
    async with delivery(backend, odd=Odd(external_id="dropped")) as run:
        await put(run, "ana@example.com", active=True)
        await put(run, "ben@example.com", active=False)
        await run.deliver(person("ana"), person("ben"))
        assert (await run.entry("ana")).outcome is Outcome.ADOPTED
        assert (await run.entry("ben")).state is State.FAILED
        active = {user["userName"]: user["active"] for user in await run.users()}
        assert active == {"ana@example.com": True, "ben@example.com": False}


async def test_first_contact_counts_them(backend: Backend) -> None:
    """Of four people two match strangers == their own number, neither created nor adopted."""
    async with delivery(backend) as run:
        await put(run, "ana@example.com", externalId="x")
        await put(run, "ben@example.com", active=False)
        await put(run, "cleo@example.com", active=True)
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(*(person(id_) for id_ in ("ana", "ben", "cleo", "dora")))
        assert await FirstContact(run.deliverer, backend).passed()
        config = run.deliverer.route.configuration
        assert await run.deliverer.gate.survey() == Survey(config, 3, 4, create=1, adopt=1, undecided=2)


async def test_users_and_groups_are_numbered_from_one(backend: Backend) -> None:
    """User 1 and group 1, user 2 and group 2 at one server == all are delivered, each to its own."""
    async with delivery(backend, odd=Odd(numbered=True)) as run:
        await run.deliver(person("ana"), person("ben"), team("t", "ana"), team("s", "ben"))
        assert [(user["id"], user["externalId"]) for user in await run.users()] == [
            ("1", "ana"),
            ("2", "ben"),
        ]
        assert [(group["id"], group["externalId"]) for group in await run.groups()] == [
            ("1", "t"),
            ("2", "s"),
        ]
        assert await run.deliverer.ledger.owner(Kind.TEAM, "1") == Key(Kind.TEAM, "t")


@pytest.mark.parametrize(("account", "words"), STRANGE)
async def test_look_ups_that_show_little(backend: Backend, account: dict[str, Any], words: str) -> None:
    """A list shows nothing but id and userName == the account is read before it is taken for nobody's."""

    async def little(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        answer = await proxy.forward(request)
        if request.method != "GET" or not request.path.endswith("/Users"):
            return answer
        assert isinstance(answer.body, bytes)
        listed = json.loads(answer.body)
        for user in listed.get("Resources", []):
            user.pop("active", None)
            user.pop("externalId", None)
        return web.json_response(listed)

    async with delivery(backend) as run:
        id_ = await put(run, "ana@example.com", **account)
        await put(run, "ben@example.com", active=True)
        run.proxy.fail_always(little)
        await run.deliver(person("5f3a", name="Ana", email="ana@example.com"), person("ben"))
        entry = await run.entry("5f3a")
        assert (entry.state, entry.candidates) == (State.FAILED, (id_,))
        assert words in entry.reason
        assert (await run.entry("ben")).outcome is Outcome.ADOPTED
        assert {seen.path.rpartition("/")[2] for seen in run.proxy.writes} == {(await run.user("ben"))["id"]}


@pytest.mark.parametrize("with_body", [True, False])
async def test_a_create_that_gives_back_a_strangers(backend: Backend, *, with_body: bool) -> None:
    """An account is in the way, and the answer to the create names it with 201 == not taken."""
    async with quietly(backend, Quiet(hides_inactive=with_body, case_exact=True)) as run:
        stranger = {"id": "x", "schemas": [USER], "userName": "ANA@example.com", "externalId": "hr-1"}
        run.server.objects["Users"]["x"] = {**stranger, "active": False}

        async def as_created(proxy: Proxy, request: web.Request) -> web.StreamResponse:
            if request.method != "POST":
                return await proxy.forward(request)
            if with_body:
                return web.json_response(run.server.objects["Users"]["x"], status=201)
            return web.Response(status=201, headers={"Location": "/scim/Users/x"})

        run.to.proxy.fail_always(as_created)
        await run.to.deliver(person("ana"))
        for _ in range(7):
            entry = await run.again("ana", after=100)
        await run.to.deliver(person("ana", title="Boss"))
        assert entry.state is State.FAILED
        assert run.server.objects["Users"]["x"] == {**stranger, "active": False}
        assert await run.to.deliverer.ledger.linked() == set()
