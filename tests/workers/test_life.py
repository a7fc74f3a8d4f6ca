"""The whole life of an employee at real SCIM servers: in the end memberships and states are right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from bridge.model import Kind, Record, State
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person, team
from tests.django_directory import django_directory
from tests.scim_server import scim_server

Server = Callable[[], AbstractAsyncContextManager[tuple[str, str]]]

SERVERS: dict[str, Server] = {
    "django-scim2": django_directory,
    "scim2-server": scim_server,
    "scim2-server without PATCH": partial(scim_server, without={"patch"}),
}


async def deliver(run: Delivery, *records: Record) -> None:
    """Deliver, and again what is retried: some servers do a thing at the second time of asking only."""
    for record in records:
        await run.deliver(record)
        for _ in range(3):
            if (await run.entry(record.key.id, record.key.kind)).state is not State.RETRYING:
                break
            await run.deliverer.deliver(record.key)


async def members(run: Delivery) -> dict[str, set[str]]:
    """Who is in which group, by Kenjo ids."""
    names = {user["id"]: user["externalId"] for user in await run.users()}
    return {
        group["displayName"]: {names[one["value"]] for one in group.get("members") or []}
        for group in await run.groups()
    }


@pytest.mark.parametrize("server", SERVERS)
async def test_the_life_of_an_employee(backend: Backend, server: str) -> None:
    """Hired, moved, renamed, in and out of groups, left, back, deleted == each time what Kenjo says."""
    removal = {"gone": "delete", "after_days": 1}
    async with delivery(backend, server=SERVERS[server], removal=removal) as run:
        await deliver(run, person("boss"), person("ana", manager="boss"), person("ben"))
        await deliver(run, team("a", "ana", "ben"), team("b", "ben"))
        assert await members(run) == {"Team a": {"ana", "ben"}, "Team b": {"ben"}}
        account = (await run.user("ana"))["id"]

        await deliver(run, person("ana", title="Head", manager="ben", name="Anna", email="anna@example.com"))
        await deliver(run, team("a", "ben"), team("b", "ana", "ben"))
        user = await run.user("ana")
        assert (user["userName"], user["id"]) == ("anna@example.com", account)
        assert (user["name"]["givenName"], user.get("title", "Head")) == (
            "Anna",
            "Head",
        )  # Django has no titles
        assert await members(run) == {"Team a": {"ben"}, "Team b": {"ana", "ben"}}

        await deliver(run, person("ana", lifecycle="left"), team("b", "ben"))
        assert (await run.user("ana"))["active"] is False
        assert (await run.entry("ana")).state is State.REMOVED
        assert await members(run) == {"Team a": {"ben"}, "Team b": {"ben"}}

        await deliver(run, person("ana"), team("a", "ana", "ben"))
        user = await run.user("ana")
        assert (user["active"], user["id"]) == (True, account)
        assert await members(run) == {"Team a": {"ana", "ben"}, "Team b": {"ben"}}

        await run.know(person("ana"), gone=True)
        await run.deliverer.deliver(person("ana").key)
        assert (await run.user("ana"))["active"] is False
        await deliver(run, team("a", "ben"))
        run.clock.now += 2 * 86400
        await run.judge()
        await run.deliverer.deliver(person("ana").key)
        assert (await run.entry("ana")).state is State.REMOVED
        assert len(await run.users()) == 2
        assert await members(run) == {"Team a": {"ben"}, "Team b": {"ben"}}
        assert (await run.entry("a", Kind.TEAM)).state is State.APPLIED


async def test_a_server_that_ignores_the_members_of_a_new_group(backend: Backend) -> None:
    """django-scim2's POST of a group drops its members == retried, and they are added to the same group."""
    async with delivery(backend, server=django_directory) as run:
        await run.deliver(person("ana"), team("a", "ana"))
        assert await members(run) == {"Team a": set()}
        entry = await run.entry("a", Kind.TEAM)
        assert entry.state is State.RETRYING
        assert "the group still lacks members whom it was given: person:ana" in entry.reason
        await run.deliverer.deliver(team("a").key)
        assert await members(run) == {"Team a": {"ana"}}
        assert (await run.entry("a", Kind.TEAM)).state is State.APPLIED


async def test_a_server_that_drops_attributes(backend: Backend) -> None:
    """django-scim2 drops most of what a user has == nothing is sent again while Kenjo says the same."""
    async with delivery(backend, server=django_directory) as run:
        await run.deliver(person("boss"), person("ana", manager="boss"))
        assert "title" not in await run.user("ana")
        run.proxy.seen.clear()
        await run.deliver(person("ana", manager="boss"))
        assert run.proxy.writes == []
        assert (await run.entry("ana")).state is State.APPLIED


async def test_groups_that_no_filter_finds(backend: Backend) -> None:
    """All forgotten, and filters of groups find nothing == found in the list after the 409, not doubled."""
    async with delivery(backend, server=django_directory) as run:
        await deliver(run, person("ana"), team("a", "ana"))
        before = [one["id"] for one in [*await run.users(), *await run.groups()]]
        await run.forget_everything()
        await deliver(run, person("ana"), team("a", "ana"))
        assert [one["id"] for one in [*await run.users(), *await run.groups()]] == before
        assert await members(run) == {"Team a": {"ana"}}
        assert (await run.entry("a", Kind.TEAM)).state is State.APPLIED
