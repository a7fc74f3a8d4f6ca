"""The whole life of an employee at real SCIM servers: in the end memberships and states are right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from bridge.backend import Backend
from bridge.model import Kind, State
from tests.delivery import Delivery, delivery, person, team
from tests.scim_server import scim_server

Server = Callable[[], AbstractAsyncContextManager[tuple[str, str]]]

SERVERS: dict[str, Server] = {
    "scim2-server": scim_server,
    "scim2-server without PATCH": partial(scim_server, without={"patch"}),
}


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
        await run.deliver(person("boss"), person("ana", manager="boss"), person("ben"))
        await run.deliver(team("a", "ana", "ben"), team("b", "ben"))
        assert await members(run) == {"Team a": {"ana", "ben"}, "Team b": {"ben"}}
        account = (await run.user("ana"))["id"]

        await run.deliver(person("ana", title="Head", manager="ben", name="Anna", email="anna@example.com"))
        await run.deliver(team("a", "ben"), team("b", "ana", "ben"))
        user = await run.user("ana")
        assert (user["userName"], user["title"], user["id"]) == ("anna@example.com", "Head", account)
        assert await members(run) == {"Team a": {"ben"}, "Team b": {"ana", "ben"}}

        await run.deliver(person("ana", lifecycle="left"), team("b", "ben"))
        assert (await run.user("ana"))["active"] is False
        assert (await run.entry("ana")).state is State.REMOVED
        assert await members(run) == {"Team a": {"ben"}, "Team b": {"ben"}}

        await run.deliver(person("ana"), team("a", "ana", "ben"))
        user = await run.user("ana")
        assert (user["active"], user["id"]) == (True, account)
        assert await members(run) == {"Team a": {"ana", "ben"}, "Team b": {"ben"}}

        await run.know(person("ana"), gone=True)
        await run.deliverer.deliver(person("ana").key)
        assert (await run.user("ana"))["active"] is False
        await run.deliver(team("a", "ben"))
        run.clock.now += 2 * 86400
        await run.judge()
        await run.deliverer.deliver(person("ana").key)
        assert (await run.entry("ana")).state is State.REMOVED
        assert len(await run.users()) == 2
        assert await members(run) == {"Team a": {"ben"}, "Team b": {"ben"}}
        assert (await run.entry("a", Kind.TEAM)).state is State.APPLIED
