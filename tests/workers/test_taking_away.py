"""A target that will not take one attribute does not keep anybody's access by that."""

from __future__ import annotations

import pytest
from aiohttp import web

from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person, team
from workers.testing.proxy import Fault, Proxy, answer, dropped

REFUSED = b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"%d","scimType":"%s"}'


def refusing(word: str, status: int, scim_type: str = "invalidValue") -> Fault:
    """Refuse every write that carries a value."""

    async def fault(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        if request.method != "GET" and word.encode() in await request.read():
            body = REFUSED % (status, scim_type.encode())
            return web.Response(status=status, body=body, content_type="application/scim+json")
        return await proxy.forward(request)

    return fault


async def members(run: Delivery) -> set[str]:
    """Who is in the only group, by Kenjo ids."""
    names = {user["id"]: user["externalId"] for user in await run.users()}
    (group,) = await run.groups()
    return {names[one["value"]] for one in group.get("members") or []}


@pytest.mark.parametrize("status", [400, 409, 500])
async def test_a_member_leaves_a_group_whose_name_is_refused(run: Delivery, status: int) -> None:
    """A team is renamed to a name that the target refuses, and loses a member == out, and still failing."""
    await run.deliver(person("ana"), person("ben"), team("a", "ana", "ben"))
    run.proxy.fail_always(refusing("Refused", status))
    await run.deliver(team("a", "ben", name="Refused"))
    assert await members(run) == {"ben"}
    entry = await run.entry("a", Kind.TEAM)
    assert entry.state in (State.FAILED, State.RETRYING)
    run.proxy.fail_always(None)
    await run.deliver(team("a", "ben", name="Taken"))
    assert (await run.entry("a", Kind.TEAM)).state is State.APPLIED
    assert await members(run) == {"ben"}


def refusing_and_losing(value: str, lost: int) -> Fault:
    """Refuse what has a value, and break the connection at so many of the other writes."""
    left = lost

    async def fault(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        nonlocal left
        if request.method == "GET":
            return await proxy.forward(request)
        if value.encode() in await request.read():
            return await answer(400)(proxy, request)
        left -= 1
        return await (dropped(proxy, request) if left >= 0 else proxy.forward(request))

    return fault


async def test_who_is_to_leave_goes_when_the_connection_is_back(backend: Backend) -> None:
    """The name is refused, and the rest gets no answer == tried again, not parked; then out, and closed."""
    active = 'person.work.jobTitle != "Leaver"'
    async with delivery(backend, map={"active": active}) as run:
        await run.deliver(person("ana", title="Head"), person("ben"), team("a", "ana", "ben"))
        for key, record in (
            (Key(Kind.TEAM, "a"), team("a", "ben", name="Refused")),
            (Key(Kind.PERSON, "ana"), person("ana", title="Leaver", name="Refused")),
        ):
            run.proxy.fail_always(refusing_and_losing("Refused", 1))
            await run.deliver(record)
            assert (await run.entry(key.id, key.kind)).state is State.RETRYING
            run.clock.now += 120
            await run.deliverer.deliver(key)
            assert (await run.entry(key.id, key.kind)).state is State.FAILED
        assert await members(run) == {"ben"}
        assert (await run.user("ana"))["active"] is False
        assert (await run.entry("ana")).open is False


@pytest.mark.parametrize("status", [400, 409, 500])
async def test_access_ends_with_a_refused_name(backend: Backend, status: int) -> None:
    """A mapping closes the account together with a change that the target refuses == closed, and failing."""
    active = 'person.work.jobTitle != "Leaver"'
    async with delivery(backend, map={"active": active}) as run:
        await run.deliver(person("ana", title="Head"))
        run.proxy.fail_always(refusing("Refused", status))
        await run.deliver(person("ana", title="Leaver", name="Refused"))
        assert (await run.user("ana"))["active"] is False
        entry = await run.entry("ana")
        assert entry.state in (State.FAILED, State.RETRYING)
        assert entry.open is False


@pytest.mark.parametrize("status", [400, 409, 500])
async def test_who_loses_a_manager_keeps_access(run: Delivery, status: int) -> None:
    """A name is refused and the manager is gone == the account stays open, and fails for its name."""
    await run.deliver(person("ben"), person("ana", manager="ben"))
    run.proxy.fail_always(refusing("Refused", status))
    await run.deliver(person("ana", name="Refused"))
    assert (await run.user("ana"))["active"] is True
    assert (await run.entry("ana")).state in (State.FAILED, State.RETRYING)


@pytest.mark.parametrize("status", [400, 409, 500])
async def test_a_renamed_team_keeps_whom_it_has(run: Delivery, status: int) -> None:
    """A team's new name is refused and one of its members left == all others are in it still."""
    people = [person(name) for name in ("ana", "ben", "cem")]
    await run.deliver(*people, team("a", "ana", "ben", "cem"))
    run.proxy.fail_always(refusing("Refused", status))
    await run.deliver(team("a", "ben", "cem", name="Refused"))
    assert await members(run) == {"ben", "cem"}


@pytest.mark.parametrize(("status", "state"), [(400, State.FAILED), (409, State.RETRYING)])
async def test_access_that_was_refused_is_not_in_use(run: Delivery, status: int, state: State) -> None:
    """Who comes back is refused for another value == the ledger says that the account is closed, as it is."""
    await run.deliver(person("ana"))
    await run.deliver(person("ana", lifecycle="left"))
    run.proxy.fail_always(refusing("Refused", status))
    await run.deliver(person("ana", title="Refused"))
    assert (await run.user("ana"))["active"] is False
    entry = await run.entry("ana")
    assert (entry.state, entry.open) == (state, False)
