"""Accounts are deleted only where that is configured, and only after their days."""

from __future__ import annotations

import pytest
from aiohttp import web

from bridge.config.settings import RetrySettings
from bridge.model import DAY, Key, Kind, Outcome, State
from bridge.store.backend import Backend
from tests.delivery import delivery, person, team
from tests.polling import Watch
from tests.workers.removing import ANA, accounts, leave, reconfigured, served, wait
from workers.testing.proxy import Proxy, answer


async def test_deleted_after_the_days_and_not_before(backend: Backend) -> None:
    """`delete` with 7 days == deactivated at once, there a second before the 7 days, gone after them."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        await leave(run, "left")
        assert (await run.entry("ana")).outcome is Outcome.DEACTIVATED
        await wait(run, 7 - 1 / DAY)
        assert await accounts(run) == [False]
        await wait(run, 1 / DAY)
        assert await accounts(run) == []
        assert (await run.entry("ana")).outcome is Outcome.DELETED
        assert await run.deliverer.ledger.linked() == set()
        run.proxy.seen.clear()
        await wait(run, 100)
        assert run.proxy.seen == []


async def test_the_days_are_counted_from_the_deactivation(backend: Backend) -> None:
    """Looked at again meanwhile, also for another reason == deleted when the first days are over."""
    async with served(backend, {"left": "delete", "gone": "delete", "after_days": 7}) as run:
        await leave(run, "left")
        await wait(run, 3)
        await run.deliver(person("ana", lifecycle="left", title="Lead"))
        await leave(run, "gone")
        await wait(run, 3.9)
        assert await accounts(run) == [False]
        await wait(run, 0.1)
        assert await accounts(run) == []


async def test_the_poll_asks_for_what_is_due(backend: Backend) -> None:
    """Nothing changes in Kenjo for 7 days == the poll after them asks for the deletion, no other does."""
    async with delivery(backend, removal={"left": "delete", "after_days": 7}) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        for lifecycle in ("active", "left"):
            await watch.poll(person("ana", lifecycle=lifecycle), person("ben"))
            await watch.work()
        for days, asked in ((3, []), (3.9, []), (0.1, [ANA]), (1, [])):
            run.clock.now += days * DAY
            await watch.poll()
            assert await watch.work() == asked
        assert [user["externalId"] for user in await run.users()] == ["ben"]


async def test_a_returner_is_not_deleted(backend: Backend) -> None:
    """Back before the day == the same account is active, also long after it; the next leave counts anew."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        account = (await run.user("ana"))["id"]
        await leave(run, "left")
        await wait(run, 6)
        await run.deliver(person("ana"))
        await wait(run, 30)
        user = await run.user("ana")
        assert (user["id"], user["active"]) == (account, True)
        await leave(run, "left")
        await wait(run, 6.9)
        assert await accounts(run) == [False]
        await wait(run, 0.1)
        assert await accounts(run) == []


async def test_a_returner_on_the_day_itself_is_not_deleted(backend: Backend) -> None:
    """Due, and back in Kenjo before the worker comes to it == active."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        await leave(run, "left")
        run.clock.now += 8 * DAY
        await run.deliver(person("ana"))
        assert await accounts(run) == [True]


async def test_a_returner_after_the_deletion_gets_a_new_account(backend: Backend) -> None:
    """Deleted, then back == one new account."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        account = (await run.user("ana"))["id"]
        await leave(run, "left")
        await wait(run, 7)
        await run.deliver(person("ana"))
        user = await run.user("ana")
        assert user["active"] is True
        assert user["id"] != account


async def test_what_was_deleted_by_hand_is_no_error(backend: Backend) -> None:
    """The account is deleted at the directory before its day == noted as deleted."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        await leave(run, "left")
        async with run.direct.delete(f"/v2/Users/{(await run.user('ana'))['id']}") as gone:
            assert gone.status == 204
        await wait(run, 7)
        assert (await run.entry("ana")).outcome is Outcome.DELETED


async def test_a_deletion_that_fails_is_repeated_and_ends(backend: Backend) -> None:
    """DELETE gets 500 for ever == tried as often as configured, then parked as failed."""
    retry = RetrySettings(attempts=3)
    async with served(backend, {"left": "delete", "after_days": 7}, retry=retry) as run:
        await leave(run, "left")
        run.clock.now += 7 * DAY
        run.proxy.seen.clear()
        run.proxy.fail_always(no_deletions)
        for _ in range(12):
            await wait(run, 0.1)
        assert [seen.method for seen in run.proxy.writes] == ["DELETE"] * 3
        assert (await run.entry("ana")).state is State.FAILED


async def no_deletions(proxy: Proxy, request: web.Request) -> web.StreamResponse:
    return await (answer(500)(proxy, request) if request.method == "DELETE" else proxy.forward(request))


async def test_a_deletion_that_fails_once_is_done_later(backend: Backend) -> None:
    """DELETE gets 503, then the directory is well again == deleted."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        await leave(run, "left")
        run.proxy.fail(answer(503), answer(503))
        await wait(run, 7)
        assert await accounts(run) == [False]
        for _ in range(3):
            await wait(run, 0.1)
        assert await accounts(run) == []


@pytest.mark.parametrize("setting", ["deactivate", "keep"])
async def test_a_deletion_that_is_no_longer_wanted(backend: Backend, setting: str) -> None:
    """Due while nothing ran, then started with `delete` taken out of the configuration == not deleted."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        await leave(run, "left")
        run.clock.now += 8 * DAY
        await reconfigured(run, removal={"left": setting})
        await wait(run, 365)
        assert await accounts(run) == [False]


async def test_due_but_protected(backend: Backend) -> None:
    """Due, and now protected in the configuration == not deleted."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        await leave(run, "left")
        run.clock.now += 8 * DAY
        await reconfigured(run, ("ANA@example.com",))
        await wait(run, 365)
        assert await accounts(run) == [False]


async def test_more_days_count_for_those_who_wait_already(backend: Backend) -> None:
    """`after_days` from 7 to 30 while Ana waits == deleted after 30 days."""
    async with served(backend, {"left": "delete", "after_days": 7}) as run:
        await leave(run, "left")
        await reconfigured(run, removal={"left": "delete", "after_days": 30})
        await wait(run, 29.9)
        assert await accounts(run) == [False]
        await wait(run, 0.1)
        assert await accounts(run) == []


async def test_deactivated_long_ago(backend: Backend) -> None:
    """`delete` comes into the configuration a year after == not deleted at once but after its days."""
    async with served(backend) as run:
        await leave(run, "left")
        run.clock.now += 365 * DAY
        await reconfigured(run, removal={"left": "delete", "after_days": 7})
        await wait(run, 6.9)
        assert await accounts(run) == [False]
        await wait(run, 0.1)
        assert await accounts(run) == []


async def test_a_team_that_is_gone_is_deleted_where_wanted(backend: Backend) -> None:
    """A team is gone, `delete` after 7 days == empty at once, deleted after them."""
    async with served(backend, {"gone": "delete", "after_days": 7}) as run:
        await run.deliver(team("t", "ana"))
        await run.know(team("t", "ana"), gone=True)
        key = Key(Kind.TEAM, "t")
        await run.deliverer.deliver(key)
        (group,) = await run.groups()
        assert not group.get("members")
        run.clock.now += 7 * DAY
        await run.judge()
        await run.deliverer.deliver(key)
        assert await run.groups() == []
