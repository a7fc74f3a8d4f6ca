"""What a target was told is believed when it shows it, not because it answered 200."""

from __future__ import annotations

import pytest
from aiohttp import web

from bridge.model import Kind, State
from bridge.store.backend import Backend
from tests.delivery import person, team
from tests.workers.quietly import quietly
from tests.workers.targets.quiet_scim import Quiet
from workers.delivery.removing import LOOKS
from workers.testing.proxy import Proxy


async def test_a_deactivation_that_did_not_happen(backend: Backend) -> None:
    """`active: false` is answered with 200 and an active account == failed, tried again when verified."""
    async with quietly(backend, Quiet(ignores_active=True)) as run:
        await run.to.deliver(person("ana"))
        await run.to.deliver(person("ana", lifecycle="left"))
        entry = await run.to.entry("ana")
        assert (entry.state, entry.reason) == (
            State.FAILED,
            "answered with success, but the account is still active",
        )
        sent = len(run.to.proxy.writes)
        assert (await run.again("ana")).state is State.FAILED
        assert len(run.to.proxy.writes) == sent
        assert (await run.verified("ana")).state is State.FAILED
        run.becomes(ignores_active=False)
        assert (await run.verified("ana")).state is State.REMOVED
        assert (await run.to.user("ana"))["active"] is False


async def test_an_answer_that_shows_nothing_is_read_back(backend: Backend) -> None:
    """204 and still active == looked at a few times more, then failed; seen inactive meanwhile == removed."""
    async with quietly(backend, Quiet(ignores_active=True, patch="204")) as run:
        await run.to.deliver(person("ana"), person("ben"))
        await run.to.deliver(person("ana", lifecycle="left"), person("ben", lifecycle="left"))
        assert (await run.to.entry("ana")).state is State.RETRYING
        for _ in range(LOOKS):
            entry = await run.again("ana", after=60)
        assert entry.state is State.FAILED
        assert "still active" in entry.reason
        run.becomes(ignores_active=False)
        assert (await run.again("ben", after=60)).state is State.REMOVED


async def test_access_that_was_given_and_is_not_there(backend: Backend) -> None:
    """Somebody comes back, and the account stays inactive == failed, in a sentence."""
    async with quietly(backend) as run:
        await run.to.deliver(person("ana"))
        await run.to.deliver(person("ana", lifecycle="left"))
        run.becomes(ignores_active=True)
        await run.to.deliver(person("ana"))
        entry = await run.to.entry("ana")
        assert (entry.state, "still inactive" in entry.reason) == (State.FAILED, True)


async def test_somebody_closes_it_in_between(backend: Backend) -> None:
    """The account is closed by hand between the look and the change == tried again, and opened."""
    async with quietly(backend) as run:

        async def closing(proxy: Proxy, request: web.Request) -> web.StreamResponse:
            if request.method == "PATCH":
                proxy.fail_always(None)
                (account,) = run.server.objects["Users"].values()
                account["active"] = False
            return await proxy.forward(request)

        await run.to.deliver(person("ana"))
        run.to.proxy.fail_always(closing)
        await run.to.deliver(person("ana", title="Lead"))
        assert (await run.to.entry("ana")).state is State.RETRYING
        assert (await run.again("ana", after=60)).state is State.APPLIED
        assert (await run.to.user("ana"))["active"] is True


async def test_a_create_without_access_in_its_answer(backend: Backend) -> None:
    """A create whose answer says nothing of `active` == read back; one that never shows it is believed."""
    async with quietly(backend, Quiet(shows_active=False)) as run:
        await run.to.deliver(person("ana"))
        assert (await run.to.entry("ana")).state is State.APPLIED
        assert [seen.method for seen in run.to.proxy.seen][-2:] == ["POST", "GET"]
        await run.to.deliver(person("ana", lifecycle="left"))
        assert (await run.to.entry("ana")).state is State.REMOVED


async def test_a_deletion_that_did_not_happen(backend: Backend) -> None:
    """DELETE is answered with 204 and the account stays == in the end failed; done once it is gone."""
    removal = {"left": "delete", "after_days": 0}
    async with quietly(backend, Quiet(ignores_delete=True), removal=removal) as run:
        await run.to.deliver(person("ana"))
        await run.to.deliver(person("ana", lifecycle="left"))
        for _ in range(LOOKS):
            entry = await run.again("ana", after=60)
        assert (entry.state, "still there" in entry.reason) == (State.FAILED, True)
        run.becomes(ignores_delete=False)
        assert (await run.verified("ana")).state is State.REMOVED
        assert await run.to.users() == []


@pytest.mark.parametrize(
    ("quiet", "said"),
    [
        (Quiet(takes_out=(), refusal=501), "no way of taking a member out"),
        (Quiet(takes_out=(), refusal=400), "no way of taking a member out"),
        (Quiet(does_not_take_out=("path", "value", "pathless")), "still in it: person:ben"),
    ],
)
async def test_a_member_who_cannot_be_taken_out(backend: Backend, quiet: Quiet, said: str) -> None:
    """Whatever is tried, a member stays == failed; still ours, and out as soon as the server can do it."""
    async with quietly(backend, quiet, patch_groups="always") as run:
        await run.to.deliver(person("ana"), person("ben"), team("t", "ana", "ben"))
        before = run.members()
        await run.to.deliver(team("t", "ana"))
        entry = await run.to.entry("t", Kind.TEAM)
        assert (entry.state, run.members()) == (State.FAILED, before)
        assert said in entry.reason
        assert set(entry.refs) == {"person:ana", "person:ben"}
        run.becomes(takes_out=("path",), does_not_take_out=())
        entry = await run.verified("t", Kind.TEAM)
        assert (entry.state, len(run.members())) == (State.APPLIED, 1)
        assert set(entry.refs) == {"person:ana"}


async def test_new_members_who_do_not_come(backend: Backend) -> None:
    """New members are answered with 200 and are not there == in the end failed."""
    async with quietly(backend, Quiet(ignores_new_members=True)) as run:
        await run.to.deliver(person("ana"), person("ben"), person("cem"))
        await run.to.deliver(team("big", "ana", "ben", "cem"), team("t", "ana"), team("t", "ana", "ben"))
        for _ in range(LOOKS):
            entry = await run.again("t", Kind.TEAM, after=60)
        assert (entry.state, "lacks" in entry.reason) == (State.FAILED, True)
        run.becomes(ignores_new_members=False)
        assert (await run.verified("t", Kind.TEAM)).state is State.APPLIED


async def test_each_new_member_is_waited_for(backend: Backend) -> None:
    """One comes late, and when that was waited for another one is added, who comes late too == not parked."""
    async with quietly(backend, Quiet(ignores_new_members=True)) as run:
        await run.to.deliver(person("ana"), person("cem"))
        await run.to.deliver(team("big", "ana", "cem"), team("t", "cem"), team("t", "cem", "ana", "ben"))
        for _ in range(LOOKS - 1):
            entry = await run.again("t", Kind.TEAM, after=60)
        assert (entry.state, entry.attempts) == (State.RETRYING, LOOKS)
        await run.to.deliver(person("ben"))
        for attempts in range(1, LOOKS + 1):
            entry = await run.again("t", Kind.TEAM, after=60)
            assert (entry.state, entry.attempts) == (State.RETRYING, attempts), entry.reason
        assert (await run.again("t", Kind.TEAM, after=60)).state is State.FAILED
