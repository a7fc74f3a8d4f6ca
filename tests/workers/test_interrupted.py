"""Deliveries cut short, overtaken or forgotten: what the ledger does not tell is found and put right."""

from __future__ import annotations

import pytest
from aiohttp import web

from bridge.errors import LockLost
from bridge.model import Key, Kind, Outcome, State
from bridge.store.backend import Backend
from bridge.store.claims import Result
from tests.delivery import TARGET, Delivery, delivery, person, team
from workers.delivery.removing import LOOKS
from workers.testing.proxy import Fault, Proxy, answer, at, dropped, lost

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")


async def test_an_answer_lost_after_a_create_makes_no_second_account(run: Delivery) -> None:
    """The server creates, its answer is lost, the delivery is repeated == one account, adopted."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", lost))
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.RETRYING
    await run.deliverer.deliver(ANA)
    assert len(await run.users()) == 1
    assert (await run.entry("ana")).outcome is Outcome.ADOPTED


async def test_a_killed_delivery_makes_no_second_account(run: Delivery) -> None:
    """A worker dies after the create and before the ledger == the next one finds the account."""
    await run.know(person("ana"))
    claim = await run.deliverer.ledger.claim(ANA, "dead worker")
    assert claim is not None
    created = await run.create({"schemas": [USER], "userName": "ana@example.com", "externalId": "ana"})
    await run.deliverer.ledger.release(claim)  # as if the dead worker's lock had ended
    await run.deliverer.deliver(ANA)
    assert [user["id"] for user in await run.users()] == [created["id"]]


async def test_a_leaver_whom_redis_forgot_is_deactivated(run: Delivery) -> None:
    """Redis was emptied, and the person has left == the account with their Kenjo id is deactivated."""
    await run.deliver(person("ana"))
    await run.forget_everything()
    await run.deliver(person("ana", lifecycle="left"))
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["active"] is True  # the next poll counts the removal first
    await run.judge()
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["active"] is False


async def test_a_stranger_with_a_leavers_address_stays(run: Delivery) -> None:
    """An account that only shares a leaver's userName == not ours, not touched."""
    await run.create({"schemas": [USER], "userName": "ana@example.com"})
    await run.deliver(person("ana", lifecycle="left"))
    await run.deliverer.deliver(ANA)
    assert run.proxy.writes == []


async def test_a_member_given_without_an_answer_is_taken_out(run: Delivery) -> None:
    """A member is given, the answer is lost, and the person leaves the team == taken out again."""
    key = Key(Kind.TEAM, "t")
    await run.deliver(person("ana"), team("t"))
    await run.know(team("t", "ana"))

    run.proxy.fail(at("PATCH", lost))
    await run.deliverer.deliver(key)
    (group,) = await run.groups()
    assert len(group["members"]) == 1
    await run.deliver(team("t"))
    (group,) = await run.groups()
    assert not group.get("members")


async def test_a_worker_that_lost_its_lock_writes_nothing(run: Delivery) -> None:
    """Stopped after its look-up for longer than its lock == no write, and the record is looked at again."""
    await run.know(person("ana"))

    async def stopped(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        await run.backend.redis.set(run.backend.keys.lock(TARGET, ANA), "another worker")
        return await proxy.forward(request)

    run.proxy.fail(stopped)
    await run.deliverer.deliver(ANA)
    assert run.proxy.writes == []
    assert await run.users() == []
    assert await run.deliverer.ledger.unsettled() == {ANA}


async def test_a_late_write_of_a_stopped_worker_is_repaired(run: Delivery) -> None:
    """An old value lands after the newer one, the old worker finds its lock gone == the newer value wins."""
    await run.deliver(person("ana", title="Old"))
    stale = await run.deliverer.ledger.claim(ANA, "stopped worker")
    assert stale is not None
    await run.backend.redis.delete(stale.lock)
    await run.deliver(person("ana", title="New"))
    await run.set_title("ana", "Old")  # the stopped worker's request arrives only now
    with pytest.raises(LockLost):
        await run.deliverer.ledger.settle(Result(stale, await run.entry("ana"), stale.link))
    await run.deliverer.ledger.doubt([ANA])  # as `deliver` does when it finds its lock gone
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "New"


async def test_an_overtaken_write_is_repaired(run: Delivery) -> None:
    """Stopped between the check of its lock and its write, which arrives after a newer one == the newer wins.

    A server that knows versions refuses it (If-Match); at another one it is repaired.
    """
    await run.deliver(person("ana", title="First"))
    await run.know(person("ana", title="Stale"))

    async def late(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        await run.backend.redis.delete(run.backend.keys.lock(TARGET, ANA))
        await run.know(person("ana", title="New"))
        await run.deliverer.deliver(ANA)  # by another worker, to its end
        return await proxy.forward(request)

    run.proxy.fail(at("PATCH", late))
    await run.deliverer.deliver(ANA)
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "New"


async def test_a_doubt_during_a_delivery_outlives_it(run: Delivery) -> None:
    """A stopped worker wakes up while another one delivers == the same delivery looks again."""
    await run.deliver(person("ana", title="First"))
    await run.know(person("ana", title="New"))

    async def doubted(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        done = await proxy.forward(request)
        await run.set_title("ana", "Stale")
        await run.deliverer.ledger.doubt([ANA])
        return done

    run.proxy.fail(at("PATCH", doubted))
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "New"
    assert await run.deliverer.ledger.unsettled() == set()


@pytest.mark.parametrize("fault", [answer(500), answer(503)])
async def test_a_doubt_outlives_a_look_that_fails(run: Delivery, fault: Fault) -> None:
    """A leaver's account is open again though the ledger calls it closed, and the first look fails == closed.

    So it is where Redis has gone back to a time before somebody came back, and they have left again.
    """
    await run.deliver(person("ana"), person("ana", lifecycle="left"))
    await run.set_active("ana")
    await run.deliverer.ledger.doubt([ANA])
    run.proxy.fail(at("GET", fault))
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.RETRYING
    await run.judge()
    await run.deliverer.deliver(ANA)
    await run.judge()  # it has been seen that it is open, so closing it counts as a removal
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["active"] is False
    assert await run.deliverer.ledger.unsettled() == set()


async def test_a_doubt_about_a_parked_record(run: Delivery) -> None:
    """The same of somebody who is back, parked before anybody looks, and leaves again == closed."""
    await run.deliver(person("ana"), person("ana", lifecycle="left"))
    await run.set_active("ana")
    await run.deliverer.ledger.doubt([ANA])
    await run.deliver(person("ana", manager=7))  # type: ignore[arg-type] # no id
    assert (await run.entry("ana")).state is State.FAILED
    await run.deliver(person("ana", lifecycle="left"))
    await run.judge()
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["active"] is False


async def test_a_leaver_whose_create_was_cut_short_is_deactivated(run: Delivery) -> None:
    """The account was created but never noted, and its person leaves == it is found and deactivated."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", lost))
    await run.deliverer.deliver(ANA)
    await run.deliver(person("ana", lifecycle="left"))
    await run.judge()
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["active"] is False


async def test_a_matched_account_is_remembered_when_it_refuses(run: Delivery) -> None:
    """Matched, then the change of it is refused, then the person leaves == deactivated."""
    await run.create({"schemas": [USER], "userName": "ana@example.com"})
    await run.know(person("ana"))
    run.proxy.fail(at("PATCH", answer(400)))
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.FAILED
    await run.deliver(person("ana", lifecycle="left"))
    await run.judge()  # the directory does not show whether it is active: so it is counted
    await run.deliverer.deliver(ANA)
    (user,) = await run.users()
    assert user["active"] is False


async def test_a_conflict_that_nobody_finds_is_tried_again(run: Delivery) -> None:
    """409 though no account is found, as where new accounts are found late == later, not for ever parked."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", answer(409)))
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.RETRYING
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).outcome is Outcome.CREATED


async def test_an_emptied_redis_makes_no_second_account(run: Delivery) -> None:
    """All keys of the account are gone, the records come again == matched, none created twice."""
    await run.deliver(person("ana"), person("ben"))
    await run.forget_everything()
    await run.deliver(person("ana"), person("ben"))
    assert len(await run.users()) == 2
    assert (await run.entry("ana")).outcome is Outcome.ADOPTED


async def test_many_forgotten_leavers_are_counted_before_any_is_deactivated(backend: Backend) -> None:
    """Redis was emptied, seven of seven have left, all are met == held as one removal, none deactivated."""
    async with delivery(backend) as run:
        names = [f"p{number}" for number in range(7)]
        await run.deliver(*(person(name) for name in names))
        await run.forget_everything()
        await run.deliver(*(person(name, lifecycle="left") for name in names))
        for _ in range(2):
            for name in names:
                await run.deliverer.deliver(Key(Kind.PERSON, name))
            await run.judge()
        assert {user["active"] for user in await run.users()} == {True}
        (hold,) = await run.backend.holds.all()
        assert (hold.kind, hold.count) == ("remove", 7)


async def test_a_create_is_tried_again_where_nothing_may_be_changed(backend: Backend) -> None:
    """Mode create_only, and the first try gets a 500 == created by the second one."""
    async with delivery(backend, mode="create_only") as run:
        await run.know(person("ana"))
        run.proxy.fail(at("POST", answer(500)))
        await run.deliverer.deliver(ANA)
        await run.deliverer.deliver(ANA)
        assert len(await run.users()) == 1


async def test_a_member_given_by_an_overtaken_worker_is_taken_out(run: Delivery) -> None:
    """A worker is stopped before it adds a member, another one delivers the team without == not a member."""
    key = Key(Kind.TEAM, "t")
    await run.deliver(person("ana"), team("t"))
    await run.know(team("t", "ana"))

    async def late(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        await run.backend.redis.delete(run.backend.keys.lock(TARGET, key))
        await run.know(team("t"))
        await run.deliverer.deliver(key)  # by another worker, to its end
        return await proxy.forward(request)

    run.proxy.fail(at("PATCH", late))
    await run.deliverer.deliver(key)
    assert len((await run.groups())[0]["members"]) == 1
    await run.deliverer.deliver(key)
    assert not (await run.groups())[0].get("members")


async def test_an_account_that_is_found_late_is_deactivated(run: Delivery) -> None:
    """A create without answer, the person leaves, its account is found at the third look == deactivated."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", lost))
    await run.deliverer.deliver(ANA)
    nobody = answer(200, '{"totalResults": 0, "Resources": []}')
    run.proxy.fail(*[nobody] * 4)  # by externalId and by userName, twice
    await run.know(person("ana", lifecycle="left"))
    for _ in range(3):
        await run.deliverer.deliver(ANA)
    await run.judge()
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["active"] is False


async def test_a_create_that_never_was_is_looked_for_a_few_times(run: Delivery) -> None:
    """A create that did not arrive, and the person leaves == looked for some times, then nothing to do."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", dropped))
    await run.deliverer.deliver(ANA)
    await run.know(person("ana", lifecycle="left"))
    for _ in range(2 * LOOKS):
        await run.deliverer.deliver(ANA)
    entry = await run.entry("ana")
    assert (entry.state, entry.reason) == (State.SKIPPED, "contract ended; was never given to this target")
    assert len(run.proxy.seen) < 4 * LOOKS


async def test_a_parked_record_keeps_an_account_that_is_found_late(run: Delivery) -> None:
    """A create without answer, then one that is refused, the account found late == parked, linked."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", lost))
    await run.deliverer.deliver(ANA)
    await run.know(person("ana", title="Refused"))
    nobody = answer(200, '{"totalResults": 0, "Resources": []}')
    run.proxy.fail(nobody, nobody, at("POST", answer(400)))
    await run.deliverer.deliver(ANA)
    run.proxy.fail(at("PATCH", answer(400)))
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.FAILED
    assert await run.deliverer.ledger.linked() == {str(ANA)}
