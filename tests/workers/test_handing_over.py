"""An account passes from somebody who has left to another record, by a person's word, for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from aiohttp import web

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.model import DAY, Key, Kind, Record, State
from bridge.store import Ledger
from bridge.store.backend import Backend
from service.operations import adopting, failures
from service.operations.assembly import Bridge
from tests.delivery import TARGET, Delivery, delivery, person, team
from tests.polling import Watch
from workers.testing.proxy import Proxy, answer, at

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OLD, NEW = Key(Kind.PERSON, "5f01"), Key(Kind.PERSON, "5f02")


def ana(key: Key, **fields: Any) -> Record:
    """Ana under one of her ids."""
    return person(key.id, **{"name": "Ana", "email": "ana@example.com", **fields})


class Desk:
    """A person at the command line."""

    def __init__(self, run: Delivery) -> None:
        class Here:
            backend = run.backend
            routes = {TARGET: run.deliverer.route}  # noqa: RUF012 - read only
            values = BridgeSettings()

        self._bridge = cast("Bridge", Here())

    async def adopt(self, key: Key, account: str) -> None:
        """`failures adopt`."""
        await adopting.adopt(self._bridge, TARGET, str(key), account)

    async def retry(self, key: Key) -> None:
        """`failures retry`."""
        await failures.retry(self._bridge, TARGET, str(key))


@asynccontextmanager
async def hired_again(
    backend: Backend, *others: Record, lifecycle: str = "left", **settings: Any
) -> AsyncIterator[tuple[Delivery, Watch, str]]:
    """Ana left, and was hired again under a new id, which is parked."""
    async with delivery(backend, **settings) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(ana(OLD), *others)
        await watch.work()
        account = (await run.user(OLD.id))["id"]
        await watch.poll(ana(OLD, lifecycle=lifecycle), *others)
        await watch.work()
        await watch.poll(ana(OLD, lifecycle=lifecycle), ana(NEW), *others)
        await watch.work()
        assert (await run.entry(NEW.id)).candidates == (account,)
        yield run, watch, account


async def owned_by_new(run: Delivery, account: str) -> None:
    """The one account is the new record's, active, with the new id."""
    users = {user["id"]: user for user in await run.users()}
    assert (users[account]["externalId"], users[account]["active"]) == (NEW.id, True)
    assert not [user for user in users.values() if user.get("externalId") == OLD.id]


async def test_a_record_that_was_given_another_account_meanwhile(backend: Backend) -> None:
    """Its address changed and it was created, while somebody decided == refused, its link stays."""
    async with hired_again(backend) as (run, watch, account):
        await watch.poll(ana(OLD, lifecycle="left"), ana(NEW, email="ana2@example.com"))
        await watch.work()
        ledger, other = run.deliverer.ledger, (await run.user(NEW.id))["id"]
        assert other != account
        assert await ledger.hand_over(account, NEW, OLD, run.clock.now, config="any") is None
        assert await ledger.links([str(OLD), str(NEW)]) == {str(OLD): account, str(NEW): other}


async def test_an_object_that_is_being_made(backend: Backend) -> None:
    """It takes several requests, and its link is noted after them all == it passes to nobody meanwhile."""
    old, new = Key(Kind.TEAM, "t1"), Key(Kind.TEAM, "t2")
    async with delivery(backend) as run:
        await run.know(team("t1"), team("t2"))
        ledger, lock = run.deliverer.ledger, backend.keys.lock(TARGET, old)
        await ledger.own("g1", old)
        await backend.redis.set(lock, "another worker's", px=10_000)
        assert await ledger.hand_over("g1", new, old, run.clock.now, config="any") is None
        assert await ledger.owner(Kind.TEAM, "g1") == old
        await backend.redis.delete(lock)
        assert await ledger.hand_over("g1", new, old, run.clock.now, config="any")
        assert await ledger.owner(Kind.TEAM, "g1") == new


async def test_handed_over(backend: Backend) -> None:
    """`adopt` == the next delivery writes everything, the old entry says so and never acts again."""
    async with hired_again(backend) as (run, watch, account):
        assert f"belongs to {OLD}" in (await run.entry(NEW.id)).reason
        await Desk(run).adopt(NEW, account)
        await watch.work()
        await owned_by_new(run, account)
        old = await run.entry(OLD.id)
        assert (old.state, old.reason) == (State.SKIPPED, f"its account was handed over to {NEW}")
        await watch.poll(ana(OLD, lifecycle="left", title="Other"), ana(NEW))
        await watch.work()
        assert (await run.entry(OLD.id)).reason == f"its account was handed over to {NEW}"
        await owned_by_new(run, account)
        await run.deliverer.ledger.doubt_everything()
        await run.deliverer.ledger.doubt([OLD])
        await watch.poll()
        await watch.work()
        await owned_by_new(run, account)


async def test_an_account_that_was_never_noted_as_theirs(backend: Backend) -> None:
    """The answer to the create of the old one, who reported to Ben, was lost == handed over without Ben."""

    async def lost(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        done = await proxy.forward(request)
        return await answer(500)(proxy, request) if request.method == "POST" else done

    ben = person("5f0b", name="Ben", email="ben@example.com")
    async with delivery(backend) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.round(ben)
        run.proxy.fail_always(lost)
        await watch.round(ana(OLD, manager=ben.key.id), ben)
        run.proxy.fail_always(None)
        theirs = await run.user(OLD.id)
        account = theirs["id"]
        assert theirs[ENTERPRISE]["manager"]
        cem = person("5f0c", name="Cem", email="cem@example.com", lifecycle="upcoming")
        await watch.poll(ana(OLD, lifecycle="left"), ana(NEW, manager=cem.key.id), ben, cem)
        await watch.take()
        await run.deliverer.deliver(NEW)
        assert (await run.entry(NEW.id)).candidates == (account,)
        await Desk(run).adopt(NEW, account)
        await watch.work()
        await owned_by_new(run, account)
        assert not (await run.user(NEW.id)).get(ENTERPRISE, {}).get("manager")


async def test_who_is_served_keeps_the_account(backend: Backend) -> None:
    """The old owner is served still == refused with a sentence, nothing changed."""
    async with delivery(backend) as run:
        await run.deliver(ana(OLD), ana(NEW))
        entry = await run.entry(NEW.id)
        assert (entry.state, entry.candidates) == (State.FAILED, ())
        account = (await run.user(OLD.id))["id"]
        with pytest.raises(ConfigurationError, match=f"belongs to {OLD}, who is served at directory still"):
            await Desk(run).adopt(NEW, account)
        assert await run.deliverer.ledger.links([str(OLD), str(NEW)]) == {str(OLD): account}


async def test_a_deletion_that_is_due_is_not_done(backend: Backend) -> None:
    """The old one's account is due for deletion when it is handed over == it is never deleted."""
    removal = {"left": "delete", "after_days": 7}
    async with hired_again(backend, removal=removal) as (run, watch, account):
        run.clock.now += 8 * DAY
        await watch.poll()
        asked = await watch.take()
        assert OLD in asked
        await Desk(run).adopt(NEW, account)
        for key in (*asked, NEW, OLD):
            await run.deliverer.deliver(key)
        run.clock.now += 8 * DAY
        await watch.poll()
        await watch.work()
        await owned_by_new(run, account)


async def test_a_removal_that_was_held_is_not_done(backend: Backend) -> None:
    """The old one's removal is held, handed over, the hold approved == the account stays open."""
    limits = {"remove": {"count": 0, "percent": 0}}
    async with delivery(backend, limits=limits) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(ana(OLD))
        await watch.work()
        account = (await run.user(OLD.id))["id"]
        await watch.poll(ana(OLD, lifecycle="left"), ana(NEW))
        hold = await watch.hold()
        await watch.work()
        await Desk(run).adopt(NEW, account)
        await backend.holds.approve(hold, "Petra", run.clock.now)
        await watch.poll()
        await watch.work()
        await run.deliverer.deliver(OLD)
        await owned_by_new(run, account)
        await watch.poll()
        assert await backend.holds.all() == []


async def test_claimed_at_the_same_moment(backend: Backend) -> None:
    """A worker has the old record's lock == `adopt` waits for it, and then hands over."""
    async with hired_again(backend) as (run, watch, account):
        claim = await run.deliverer.ledger.claim(OLD, "worker")
        assert claim
        adopting = asyncio.create_task(Desk(run).adopt(NEW, account))
        await asyncio.sleep(0.5)
        assert not adopting.done()
        await run.deliverer.ledger.release(claim)
        await adopting
        await watch.work()
        await owned_by_new(run, account)


async def test_what_a_late_worker_does_is_repaired(backend: Backend) -> None:
    """The old one's worker lost its lock, and writes after the hand-over == the account is open."""
    async with delivery(backend) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(ana(OLD))
        await watch.work()
        account = (await run.user(OLD.id))["id"]
        await watch.poll(ana(OLD, lifecycle="left"), ana(NEW))
        await run.deliverer.deliver(NEW)
        late: list[str] = []

        async def frozen(proxy: Proxy, request: web.Request) -> web.StreamResponse:
            if request.method == "PATCH" and not late:
                late.append("its request leaves long after its lock has ended")
                await backend.redis.delete(backend.keys.lock(TARGET, OLD))
                await Desk(run).adopt(NEW, account)
                await run.deliverer.deliver(NEW)
                await owned_by_new(run, account)
            return await proxy.forward(request)

        run.proxy.fail_always(frozen)
        await run.deliverer.deliver(OLD)
        assert late
        await watch.poll()
        await watch.work()
        await owned_by_new(run, account)


async def test_memberships_and_reports_go_with_it(backend: Backend) -> None:
    """In a team and a manager of somebody == out of the team where the new one is not in it, manager kept."""
    ben = person("5f0b", name="Ben", email="ben@example.com", manager=OLD.id)
    teams = (team("in", OLD.id), team("out", OLD.id))
    async with delivery(backend, removal={"left": "keep"}) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(ana(OLD), ben, *teams)
        await watch.work()
        account = (await run.user(OLD.id))["id"]
        left = ana(OLD, lifecycle="left")
        ben = person("5f0b", name="Ben", email="ben@example.com", manager=NEW.id)
        await backend.holds.hold_back(TARGET, ["team:in", "team:out"], "x")
        await watch.poll(left, ana(NEW), ben, team("in", NEW.id), team("out"))
        await watch.work()
        await backend.redis.delete(backend.keys.at(TARGET, "held"))
        await Desk(run).adopt(NEW, account)
        await watch.poll()
        await watch.work()
        await watch.poll()
        await watch.work()
        await owned_by_new(run, account)
        members = {group["externalId"]: group.get("members") or [] for group in await run.groups()}
        assert [one["value"] for one in members["in"]] == [account]
        assert members["out"] == []


async def test_a_report_that_is_created_at_that_moment(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leaver's account passes on while a report of theirs is created == the heir is nobody's manager."""
    ben = person("5f0b", name="Ben", email="ben@example.com", manager=OLD.id)
    async with hired_again(backend) as (run, watch, account):
        await watch.poll(ana(OLD, lifecycle="left"), ana(NEW), ben)
        announce = Ledger.announce

        async def late(ledger: Ledger, *arguments: Any) -> None:
            """The link was read, and nobody knows yet that it was."""
            monkeypatch.undo()
            await Desk(run).adopt(NEW, account)
            await announce(ledger, *arguments)

        monkeypatch.setattr(Ledger, "announce", late)
        await run.deliverer.deliver(ben.key)
        await watch.work()
        await owned_by_new(run, account)
        enterprise = (await run.user("5f0b")).get(ENTERPRISE, {})
        assert not enterprise.get("manager"), enterprise


async def test_redis_was_lost_between(backend: Backend) -> None:
    """Nobody remembers the old one's account but the id that it carries == parked naming whose it is."""
    async with hired_again(backend) as (run, watch, account):
        await run.forget_everything()
        await watch.poll(ana(NEW), ana(OLD, lifecycle="left"))
        await watch.work()
        assert f"belongs to {OLD}" in (await run.entry(NEW.id)).reason
        await Desk(run).adopt(NEW, account)
        for _ in range(3):
            await watch.poll()
            await watch.work()
        await owned_by_new(run, account)


async def test_a_retry_beside_a_delivery_is_not_lost(run: Delivery) -> None:
    """Parked; a delivery with nothing to do has read that, and ends after `failures retry` == tried again."""
    await run.know(ana(NEW))
    run.proxy.fail(at("POST", answer(400)))
    await run.deliverer.deliver(NEW)
    claim = await run.deliverer.ledger.claim(NEW, "a delivery")
    assert claim
    await Desk(run).retry(NEW)
    await run.deliverer.carry(claim)
    assert (await run.entry(NEW.id)).state is State.APPLIED


async def test_an_account_that_passed_before_redis_went_back(backend: Backend) -> None:
    """Redis has forgotten a hand-over, and the former owner leaves == not closed; it is the new one's."""
    async with delivery(backend) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(ana(OLD))
        await watch.work()
        account = (await run.user(OLD.id))["id"]
        await run._patch(f"Users/{account}", {"op": "replace", "path": "externalId", "value": NEW.id})
        await watch.poll(ana(OLD, lifecycle="left"), ana(NEW))
        await run.deliverer.ledger.doubt([OLD])
        await run.deliverer.deliver(OLD)
        assert (await run.user(NEW.id))["active"] is True
        entry = await run.entry(OLD.id)
        assert (entry.state, "carries the id" in entry.reason) == (State.SKIPPED, True)
        await watch.work()
        await owned_by_new(run, account)
        assert len(await run.users()) == 1


async def test_who_was_parked_for_an_account_of_nobodys(backend: Backend) -> None:
    """It had the address that somebody else gets; a person gives it to whose it is == both get theirs."""
    async with delivery(backend) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        stranger = await run.create(
            {"schemas": [USER], "userName": "ana@example.com", "externalId": "another", "active": True}
        )
        ben = person(NEW.id, name="Ben", email="ben@example.com")
        await watch.poll(ana(OLD), ben)
        await watch.work()
        assert (await run.entry(OLD.id)).candidates == (stranger["id"],)
        await watch.poll(
            ana(OLD, email="ben@example.com"), person(NEW.id, name="Ben", email="ana@example.com")
        )
        await run.deliverer.deliver(NEW)
        assert f"the account {stranger['id']} has this userName" in (await run.entry(NEW.id)).reason
        await Desk(run).adopt(OLD, stranger["id"])
        for _ in range(5):
            run.clock.now += 60
            await watch.work()
        names = {user["id"]: user["userName"] for user in await run.users()}
        assert names[stranger["id"]] == "ben@example.com"
        assert (await run.user(NEW.id))["userName"] == "ana@example.com"


async def test_memberships_whose_link_was_lost(backend: Backend) -> None:
    """Redis has lost whose account it was before they left the team, and it passes on == out of the team."""
    async with delivery(backend, removal={"left": "keep"}) as run:
        watch = Watch(backend, run.deliverer.route, run.clock, run.deliverer)
        await watch.poll(ana(OLD), team("out", OLD.id))
        await watch.work()
        account = (await run.user(OLD.id))["id"]
        await watch.poll(ana(OLD, lifecycle="left"), ana(NEW), team("out", OLD.id))
        await watch.work()
        assert await cast("Any", backend.redis).hdel(backend.keys.at(TARGET, "links"), str(OLD)) == 1
        await watch.poll(ana(OLD, lifecycle="left"), ana(NEW), team("out"))
        await run.deliverer.deliver(Key(Kind.TEAM, "out"))
        assert (await run.entry("out", Kind.TEAM)).refs == (str(OLD),)
        await Desk(run).adopt(NEW, account)
        for _ in range(2):  # what is taken from a group is counted by a poll first
            await watch.poll()
            await watch.work()
        await owned_by_new(run, account)
        (group,) = await run.groups()
        assert not group.get("members")
