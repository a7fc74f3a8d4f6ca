"""Creates that are accepted without showing an account, and accounts that a server hides."""

from __future__ import annotations

import pytest

from bridge.model import Kind, State
from bridge.store.backend import Backend
from tests.delivery import person, team
from tests.workers.quietly import quietly
from tests.workers.targets.quiet_scim import Quiet
from workers.testing import proxy as faults
from workers.testing.proxy import Proxy

LATE = 1e9
"""Seconds: until `_waiting` is cleared."""


@pytest.mark.parametrize("create", ["202", "location", "201 empty"])
async def test_an_account_that_shows_later(backend: Backend, create: str) -> None:
    """A create is accepted, its account shows minutes later == only look-ups meanwhile, one account."""
    async with quietly(backend, Quiet(create=create, late=LATE)) as run:
        await run.to.deliver(person("ana"))
        for _ in range(4):
            assert (await run.again("ana", after=100)).state is State.RETRYING
        await run.to.deliver(person("ana", title="Boss"))
        assert (await run.to.entry("ana")).state is State.RETRYING
        run.server._waiting.clear()
        assert (await run.again("ana", after=100)).state is State.APPLIED
        assert (await run.to.user("ana"))["title"] == "Boss"
        assert run.server.creates == 1
        assert (await run.to.entry("ana")).accepted == 0


async def test_an_account_that_never_shows(backend: Backend) -> None:
    """It does not show within the setting == failed for a person; no second create, also when she changes."""
    async with quietly(backend, Quiet(create="202", late=LATE), create_shows_within=300) as run:
        await run.to.deliver(person("ana"))
        assert (await run.again("ana", after=299)).state is State.RETRYING
        entry = await run.again("ana", after=2)
        assert (entry.state, "did not show it within 300 s" in entry.reason) == (State.FAILED, True)
        await run.to.deliver(person("ana", title="Boss"))
        assert (await run.to.entry("ana")).state is State.FAILED
        assert (await run.verified("ana")).state is State.FAILED
        assert run.server.creates == 1
        run.server._waiting.clear()
        assert (await run.verified("ana")).state is State.APPLIED


async def test_a_leaver_whose_account_shows_later(backend: Backend) -> None:
    """She leaves before her account shows == it is found and closed."""
    async with quietly(backend, Quiet(create="202", late=LATE)) as run:
        await run.to.deliver(person("ana"))
        await run.to.deliver(person("ana", lifecycle="left"))
        assert (await run.again("ana", after=100)).state is State.RETRYING
        run.server._waiting.clear()
        await run.again("ana", after=100)
        await run.to.judge()
        await run.again("ana")
        await run.to.judge()
        assert (await run.again("ana")).state is State.REMOVED
        assert (await run.to.user("ana"))["active"] is False


async def test_the_look_up_after_an_accepted_create_fails(backend: Backend) -> None:
    """The server breaks down right after it accepted a create == remembered all the same."""
    async with quietly(backend, Quiet(create="202", late=LATE), follow_schemas=False) as run:
        two = [Proxy.forward] * 3  # two look-ups and the create
        run.to.proxy.fail(*two, faults.answer(500, "{}"), faults.answer(500, "{}"))
        await run.to.deliver(person("ana"))
        assert run.server.creates == 1
        assert (await run.again("ana", after=60)).state is State.RETRYING
        assert run.server.creates == 1


async def test_an_inactive_account_that_is_hidden(backend: Backend) -> None:
    """A server answers 404 for inactive accounts; she comes back == the known account is active again."""
    async with quietly(backend, Quiet(hides_inactive=True)) as run:
        await run.to.deliver(person("ana"))
        account = (await run.to.user("ana"))["id"]
        await run.to.deliver(person("ana", lifecycle="left"))
        assert (await run.to.entry("ana")).state is State.REMOVED
        await run.to.deliver(person("ana", title="Boss"))
        assert (await run.to.entry("ana")).state is State.APPLIED
        user = await run.to.user("ana")
        assert (user["id"], user["active"], user["title"]) == (account, True, "Boss")
        assert run.server.creates == 1


async def test_a_hidden_account_without_a_link(backend: Backend) -> None:
    """Nobody knows the hidden account's id any more == in the end parked, and the reason says what to do."""
    async with quietly(backend, Quiet(hides_inactive=True)) as run:
        await run.to.deliver(person("ana"))
        await run.to.deliver(person("ana", lifecycle="left"))
        await run.to.forget_everything()
        await run.to.know(person("ana"))
        for _ in range(7):
            entry = await run.again("ana", after=100)
        assert (entry.state, "may be hidden there" in entry.reason) == (State.FAILED, True)


@pytest.mark.parametrize("spelled", ["ANA@EXAMPLE.COM", "Ana@Example.com", "aNA@example.com"])
async def test_an_account_in_other_letter_case(backend: Backend, spelled: str) -> None:
    """Filters mind the letter case and uniqueness does not == the conflict leads to the account."""
    async with quietly(backend, Quiet(case_exact=True)) as run:
        core = "urn:ietf:params:scim:schemas:core:2.0:User"
        run.server.objects["Users"]["x"] = {"id": "x", "schemas": [core], "userName": spelled, "active": True}
        await run.to.deliver(person("ana"))
        (user,) = await run.to.users()
        assert user["externalId"] == "ana"


async def test_a_leaver_whose_new_account_shows_later(backend: Backend) -> None:
    """The create is answered with an id, she leaves before the account is shown == closed when it is."""
    async with quietly(backend, Quiet(late=LATE)) as run:
        await run.to.deliver(person("ana"))
        await run.to.deliver(person("ana", lifecycle="left"))
        entry = await run.again("ana", after=10)
        assert (entry.state, "does not show it yet" in entry.reason) == (State.RETRYING, True)
        run.server._waiting.clear()
        assert (await run.again("ana", after=10)).state is State.REMOVED
        assert (await run.to.user("ana"))["active"] is False


async def test_a_leaver_whose_account_was_deleted_by_hand(backend: Backend) -> None:
    """It is not shown, and is not new == out at once."""
    async with quietly(backend) as run:
        await run.to.deliver(person("ana"))
        run.server.objects["Users"].clear()
        run.to.clock.now += 60
        await run.to.deliver(person("ana", lifecycle="left"))
        assert (await run.to.entry("ana")).state is State.REMOVED


async def test_a_new_group_that_is_not_shown_yet(backend: Backend) -> None:
    """A group is made, and cannot be read back at once == only looked for, one group with its members."""
    async with quietly(backend, Quiet(hides_members=True)) as run:
        await run.to.deliver(person("ana"))
        run.becomes(late=LATE)
        await run.to.deliver(team("t", "ana"))
        assert (await run.again("t", Kind.TEAM, after=10)).state is State.RETRYING
        run.server._waiting.clear()
        assert (await run.again("t", Kind.TEAM, after=10)).state is State.APPLIED
        assert len(run.members()) == 1
