"""Limits count what happens to people's access, whatever record, setting or mapping it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from bridge.mapping.protected import Protected
from bridge.mapping.route import Route
from bridge.model import DAY, Key, Kind
from bridge.store.backend import Backend
from tests.delivery import TARGET, Delivery, delivery, person
from tests.polling import Watch, approve, ids, inactive, people, start, with_leavers
from workers.targets import load
from workers.testing.proxy import Proxy, answer

SALES = 'person.work.department == "Sales"'


async def reconfigured(run: Delivery, watch: Watch, protected: tuple[str, ...] = (), **changes: Any) -> Watch:
    """A service and a worker that start anew with another configuration."""
    await watch.poller.stand_down()
    settings = type(run.deliverer.route.settings).model_validate(
        {**run.deliverer.route.settings.model_dump(by_alias=True), **changes}
    )
    route = Route(TARGET, settings, load("scim").mapping, Protected(protected))
    object.__setattr__(run.deliverer, "route", route)
    new = Watch(run.backend, route, run.clock, run.deliverer)
    new.kenjo.snapshot = watch.kenjo.snapshot
    return new


async def polled(watch: Watch, times: int = 3) -> None:
    """Several polls, each with all the work that it brings."""
    for _ in range(times):
        watch.clock.now += 60
        await watch.round()


CAUSES: Mapping[str, dict[str, Any]] = {
    "a mapping that is never true": {"map": {"active": 'person.lifecycle == "aktiv"'}},
    "a mapping that gives nothing": {"map": {"active": "null"}},
    "a mapping that gives a wrong value": {"map": {"active": "person.work.jobTitle"}},
    "a scope": {"scope": 'person.work.department == "Sale"', "removal": {"out_of_scope": "deactivate"}},
}


@pytest.mark.parametrize("cause", CAUSES)
async def test_access_taken_by_a_setting_is_held(backend: Backend, cause: str) -> None:
    """A setting that closes all 10 accounts == none is closed, one hold on removals; approved, all are."""
    async with delivery(backend, rate=1000, scope=SALES) as run:
        watch = await reconfigured(run, await start(run, 10), **CAUSES[cause])
        await polled(watch)
        assert [user["active"] for user in await run.users()] == [True] * 10
        hold = await watch.hold()
        assert (hold.id, hold.count) == ("directory-remove", 10)
        if "gives" in cause:
            return  # whether the directory takes that is another matter
        await approve(watch)
        await polled(watch)
        assert [user.get("active", False) for user in await run.users()] == [False] * 10


async def test_the_mode_is_a_cause_like_others(backend: Backend) -> None:
    """8 of 10 leave under `upsert`, which keeps them; then the mode is `sync` == held."""
    async with delivery(backend, rate=1000, mode="upsert") as run:
        watch = await start(run, 10)
        await watch.round(*with_leavers(8))
        assert await inactive(run) == []
        watch = await reconfigured(run, watch, mode="sync")
        await polled(watch)
        assert await inactive(run) == []
        assert (await watch.hold()).count == 8


@pytest.mark.parametrize("cause", [name for name in CAUSES if "gives" not in name])
async def test_nothing_closes_the_account_of_somebody_protected(backend: Backend, cause: str) -> None:
    """A setting that closes all accounts, approved == all but the protected one's, which gets its changes."""
    async with delivery(backend, rate=1000, scope=SALES) as run:
        watch = await reconfigured(run, await start(run, 10), ("p003@example.com",), **CAUSES[cause])
        await polled(watch)
        await approve(watch)
        await polled(watch)
        assert [user["externalId"] for user in await run.users() if user.get("active")] == ["p003"]
        if "scope" not in cause:
            await watch.round(*people(ids(10), title="Lead"))
            assert (await run.user("p003"))["title"] == "Lead"
            assert (await run.user("p003"))["active"] is True


async def test_a_mapping_that_fails_takes_nothing(backend: Backend) -> None:
    """`active` cannot be evaluated for anybody == nobody is closed, and nothing waits."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 10)
        broken = {"active": 'person.work.jobTitle.matches("(")'}
        watch = await reconfigured(run, watch, map=broken)
        await polled(watch)
        assert await inactive(run) == []
        assert await backend.holds.all() == []


async def test_an_account_that_matches_is_not_closed_uncounted(backend: Backend) -> None:
    """10 open accounts that match, and a mapping that closes them == none is closed without a question."""
    limits = {"remove": {"count": 2, "percent": 10}}
    async with delivery(backend, rate=1000, limits=limits, map={"active": "false"}) as run:
        for id_ in ids(10):
            await run.create({"schemas": [USER], "userName": f"{id_}@example.com", "active": True})
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.round(*people(ids(10)))
        await polled(watch)
        assert [user["active"] for user in await run.users()] == [True] * 10
        assert (await watch.hold()).count == 10


USER = "urn:ietf:params:scim:schemas:core:2.0:User"


async def test_access_given_back_counts_as_given(backend: Backend) -> None:
    """3 of 10 return where 2 may be given access == none is opened; approved, all are."""
    limits = {"create": {"count": 2, "percent": 10}}
    async with delivery(backend, rate=1000, limits={**limits, "create": None}) as run:
        watch = await start(run, 10)
        await watch.round(*with_leavers(3))
        assert await inactive(run) == ids(3)
        watch = await reconfigured(run, watch, limits=limits)
        watch.clock.now += 2 * DAY
        await watch.round(*people(ids(10)))
        assert await inactive(run) == ids(3)
        assert (await watch.hold()).id == "directory-create"
        await approve(watch)
        await polled(watch)
        assert await inactive(run) == []


async def test_a_limit_looks_back(backend: Backend) -> None:
    """5 of 60 leave in each of ten polls == the first 5 are removed, and no more within the day."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 60)
        for number in range(5, 55, 5):
            watch.clock.now += 600
            await watch.round(*with_leavers(number, of=60))
        assert await inactive(run) == ids(5)
        hold = await watch.hold()
        assert hold.count == 45
        assert "would remove 45 people, with 5 others in the last 24 hours (83 % of 60 there)" in hold.reason


async def test_the_base_is_what_is_in_use(backend: Backend) -> None:
    """60 of 70 have left long ago; 6 of the last 10 leave == held: they are most of those who are there."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 70)
        await watch.poll(*with_leavers(60, of=70))
        await approve(watch)
        await watch.round()
        watch.clock.now += 3 * DAY
        await watch.round(*with_leavers(66, of=70))
        assert await inactive(run) == ids(60)
        assert "(60 % of 10 there)" in (await watch.hold()).reason


async def test_the_window_passes(backend: Backend) -> None:
    """5 leave, and 5 more when the window has passed == removed without a question; 1 hour is configured."""
    async with delivery(backend, rate=1000, limits={"window": 1}) as run:
        watch = await start(run, 40)
        for number, later in ((5, 0), (9, 3599), (9, 1)):
            watch.clock.now += later
            await watch.round(*with_leavers(number, of=40))
            assert await inactive(run) == ids(9 if later == 1 else 5)
        assert await backend.holds.all() == []


async def test_what_was_approved_does_not_count_afterwards(backend: Backend) -> None:
    """10 removals approved and done, then 4 more leave == removed; 2 more after those == held."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 40)
        await watch.poll(*with_leavers(10, of=40))
        await approve(watch)
        for number in (10, 14, 16):
            watch.clock.now += 60
            await watch.round(*with_leavers(number, of=40))
        assert await inactive(run) == ids(14)
        assert (await watch.hold()).count == 2


async def test_access_given_back_takes_its_removal_out(backend: Backend) -> None:
    """5 are removed by mistake and return, then 5 others leave == removed, all within the window."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 20)
        for records in (with_leavers(5, of=20), people(ids(20))):
            await watch.round(*records)
        assert await inactive(run) == []
        await watch.round(*people(ids(15)), *people(ids(5, 15), lifecycle="left"))
        assert await inactive(run) == ids(5, 15)


async def test_a_removal_whose_answer_is_lost_counts_once(backend: Backend) -> None:
    """5 removals are done and their answers lost, then tried again == no question, and 5 are counted."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 20)
        await watch.poll(*with_leavers(5, of=20))

        async def lost(proxy: Proxy, request: web.Request) -> web.StreamResponse:
            done = await proxy.forward(request)
            return await answer(500)(proxy, request) if request.method == "PATCH" else done

        run.proxy.fail_always(lost)
        await watch.work()
        run.proxy.fail_always(None)
        watch.clock.now += 3600
        await watch.round()
        assert await inactive(run) == ids(5)
        assert await backend.holds.all() == []
        await watch.round(*with_leavers(6, of=20))
        assert await inactive(run) == ids(5)
        assert "with 5 others" in (await watch.hold()).reason


async def test_deletions_that_fall_due_are_held(backend: Backend) -> None:
    """20 of 60 are to be deleted on one day == none is; approved, all are."""
    removal = {"left": "delete", "after_days": 7}
    async with delivery(backend, rate=1000, removal=removal, limits={"remove": None}) as run:
        watch = await start(run, 60)
        await watch.round(*with_leavers(20, of=60))
        watch.clock.now += 8 * DAY
        await watch.round()
        assert len(await run.users()) == 60
        hold = await watch.hold()
        assert (hold.id, hold.kind, hold.count) == ("directory-delete", "delete", 20)
        assert "would delete 20 people" in hold.reason
        await approve(watch)
        await watch.round()
        assert len(await run.users()) == 40


async def test_deletions_of_several_days_count_together(backend: Backend) -> None:
    """4 deletions are due in the morning and 4 in the evening == the first 4 only."""
    removal = {"left": "delete", "after_days": 7}
    async with delivery(backend, rate=1000, removal=removal, limits={"remove": None}) as run:
        watch = await start(run, 20)
        for number in (4, 8):
            await watch.round(*with_leavers(number, of=20))
            watch.clock.now += 36_000
        for later in (7 * DAY - 72_000, 36_000):
            watch.clock.now += later
            await watch.round()
        assert len(await run.users()) == 16
        assert (await watch.hold()).id == "directory-delete"


async def test_who_is_inactive_already_does_not_count(backend: Backend) -> None:
    """All is forgotten, 24 of 60 left long ago and are inactive == the one who leaves now is removed."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 60)
        await watch.poll(*with_leavers(24, of=60))
        await approve(watch)
        await watch.round()
        await watch.poller.stand_down()
        await run.forget_everything()
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        watch.kenjo.say(*with_leavers(25, of=60))
        await polled(watch)
        assert await inactive(run) == ids(25)
        assert await backend.holds.all() == []


async def test_a_lost_ledger_removes_nobody_uncounted(backend: Backend) -> None:
    """Only the ledger is lost, 24 are inactive already and 20 more leave == these 20 are held."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 60)
        await watch.poll(*with_leavers(24, of=60))
        await approve(watch)
        await watch.round()
        await backend.redis.delete(backend.keys.at(TARGET, "ledger"), backend.keys.at(TARGET, "done"))
        watch.kenjo.say(*with_leavers(44, of=60))
        await polled(watch)
        assert await inactive(run) == ids(24)
        assert (await watch.hold()).count == 20


async def test_who_leaves_before_a_poll_knows_of_the_account_is_counted(backend: Backend) -> None:
    """10 people leave while their accounts are made == open until a poll has counted them, and then held."""
    async with delivery(backend, rate=1000) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(*people(ids(10)))
        asked = await watch.take()
        await watch.poll(*with_leavers(10))  # nobody has an account yet: nothing to remove
        await watch.take()
        for id_ in ids(10):
            await run.create(
                {"schemas": [USER], "userName": f"{id_}@example.com", "externalId": id_, "active": True}
            )
        for key in asked:
            await run.deliverer.deliver(key)
        await polled(watch)
        assert await inactive(run) == []
        assert (await watch.hold()).count == 10


async def test_what_was_opened_by_hand_is_counted_before_it_is_closed(backend: Backend) -> None:
    """10 of 20 have left, are opened by hand and read back == held; nobody is closed without a question."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 20)
        await watch.poll(*with_leavers(10, of=20))
        await approve(watch)
        await watch.round()
        for id_ in ids(10):
            path = f"Users/{(await run.user(id_))['id']}"
            await run._patch(path, {"op": "replace", "path": "active", "value": True})
        await run.deliverer.ledger.doubt([Key(Kind.PERSON, id_) for id_ in ids(20)])
        await polled(watch)
        assert await inactive(run) == []
        assert (await watch.hold()).count == 10


async def test_one_who_was_opened_by_hand_is_closed_again(backend: Backend) -> None:
    """One of them == closed by the poll after the one that read it back."""
    async with delivery(backend, rate=1000) as run:
        watch = await start(run, 3)
        await watch.round(person("p000", lifecycle="left"), *people(ids(2, 1)))
        path = f"Users/{(await run.user('p000'))['id']}"
        await run._patch(path, {"op": "replace", "path": "active", "value": True})
        await run.deliverer.ledger.doubt([Key(Kind.PERSON, "p000")])
        await polled(watch)
        assert await inactive(run) == ["p000"]
