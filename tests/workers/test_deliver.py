"""The delivery protocol on real Redis and a real SCIM server: its promises, also under faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bridge.backend import Backend
from bridge.errors import LockLost
from bridge.model import Key, Kind, Outcome, State
from bridge.settings import RetrySettings
from tests.delivery import TARGET, Delivery, delivery, person, team
from tests.workers.targets.proxy import Fault, Proxy, answer, dropped, echo, lost, page

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")


@pytest.fixture
async def run(backend: Backend) -> AsyncIterator[Delivery]:
    async with delivery(backend) as ready:
        yield ready


async def test_creates_with_the_mapped_attributes(run: Delivery) -> None:
    """A new person == an account with the default mapping's attributes."""
    await run.deliver(person("ana", name="Jürgen"))
    user = await run.user("ana")
    assert user["userName"] == "ana@example.com"
    assert user["name"] == {"givenName": "Jürgen", "familyName": "Muster"}
    assert user["active"] is True
    assert (await run.entry("ana")).outcome is Outcome.CREATED


async def test_a_delivered_revision_sends_nothing(run: Delivery) -> None:
    """Delivering the same revision again == no request at all."""
    await run.deliver(person("ana"))
    run.proxy.seen.clear()
    await run.deliverer.deliver(ANA)
    assert run.proxy.seen == []


async def test_an_equal_result_sends_nothing(run: Delivery) -> None:
    """A new revision that maps to what was last given == no request, and the ledger has the new revision."""
    await run.deliver(person("ana"))
    run.proxy.seen.clear()
    await run.deliver(person("ana"))
    assert run.proxy.seen == []
    assert (await run.entry("ana")).revision == 2


async def test_a_change_goes_back_to_an_earlier_value(run: Delivery) -> None:
    """A, B, A == the directory has A again."""
    for title in ("Clerk", "Lead", "Clerk"):
        await run.deliver(person("ana", title=title))
        assert (await run.user("ana"))["title"] == title


async def test_the_newest_record_is_what_is_delivered(run: Delivery) -> None:
    """Two jobs for an older and a newer revision, the newer one first == the newer value stays."""
    await run.know(person("ana", title="Old"))
    await run.know(person("ana", title="New"))
    await run.deliverer.deliver(ANA)
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "New"
    assert (await run.entry("ana")).revision == 2


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


async def test_two_workers_never_push_the_same_record_at_once(run: Delivery) -> None:
    """Ten deliveries of one record at the same time == one create."""
    await run.know(person("ana"))
    await asyncio.gather(*(run.deliverer.deliver(ANA) for _ in range(10)))
    assert len(await run.users()) == 1
    assert [seen.method for seen in run.proxy.writes] == ["POST"]


async def test_adopts_the_one_account_that_matches(run: Delivery) -> None:
    """An account with the person's userName that nobody owns == adopted and made equal."""
    created = await run.create({"schemas": [USER], "userName": "ANA@example.com", "title": "Old"})
    await run.deliver(person("ana"))
    (user,) = await run.users()
    assert (user["id"], user["title"], user["externalId"]) == (created["id"], "Clerk", "ana")
    assert (await run.entry("ana")).outcome is Outcome.ADOPTED


async def test_several_matches_are_parked(run: Delivery) -> None:
    """Two accounts with the same externalId == nothing written, the record parked with both candidates."""
    ids = set()
    for number in (1, 2):
        body = {"schemas": [USER], "userName": f"other{number}@example.com", "externalId": "ana"}
        ids.add((await run.create(body))["id"])
    await run.deliver(person("ana"))
    entry = await run.entry("ana")
    assert entry.state is State.FAILED
    assert set(entry.candidates) == ids
    assert run.proxy.writes == []


async def test_two_records_never_share_an_account(run: Delivery) -> None:
    """Ben comes with Ana's e-mail address == Ben is parked, Ana's account stays hers."""
    await run.deliver(person("ana"), person("ben", email="ana@example.com"))
    assert (await run.entry("ben")).state is State.FAILED
    assert (await run.user("ana"))["displayName"] == "Ana Muster"


async def test_what_is_not_ours_is_not_touched(run: Delivery) -> None:
    """An account that matches nobody == unchanged after others were created, changed and deactivated."""
    other = await run.create({"schemas": [USER], "userName": "cto@example.com", "title": "CTO"})
    await run.deliver(person("ana"), person("ana", title="Lead"), person("ana", lifecycle="inactive"))
    (left,) = [user for user in await run.users() if user["id"] == other["id"]]
    assert left == other


async def test_nobody_is_created_who_has_left(run: Delivery) -> None:
    """A first contact with somebody inactive, left or upcoming == looked up at most, never written."""
    for lifecycle in ("inactive", "left", "upcoming"):
        await run.deliver(person(lifecycle, lifecycle=lifecycle))
    assert run.proxy.writes == []
    assert await run.users() == []


async def test_a_leaver_whom_redis_forgot_is_deactivated(run: Delivery) -> None:
    """Redis was emptied, and the person has left == the account with their Kenjo id is deactivated."""
    await run.deliver(person("ana"))
    await empty(run)
    await run.deliver(person("ana", lifecycle="left"))
    assert (await run.user("ana"))[
        "active"
    ] is True  # only recognised: the removal is counted by the next poll
    assert (await run.entry("ana")).config == ""
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


async def test_a_leaver_is_deactivated_and_a_returner_activated(run: Delivery) -> None:
    """Active, inactive, active again == the same account, with a real boolean each time."""
    await run.deliver(person("ana"))
    first = (await run.user("ana"))["id"]
    await run.deliver(person("ana", lifecycle="inactive"))
    assert (await run.user("ana"))["active"] is False
    await run.deliver(person("ana"))
    assert ((await run.user("ana"))["id"], (await run.user("ana"))["active"]) == (first, True)


async def test_somebody_gone_from_kenjo_is_deactivated_not_deleted(run: Delivery) -> None:
    """A record that vanished == its account is inactive and still there."""
    await run.deliver(person("ana"))
    await run.know(person("ana"), gone=True)
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["active"] is False


async def test_a_leaver_is_deactivated_once(run: Delivery) -> None:
    """Further changes of somebody who has left == no request."""
    await run.deliver(person("ana"), person("ana", lifecycle="inactive"))
    run.proxy.seen.clear()
    await run.deliver(person("ana", lifecycle="inactive", title="Gone"))
    assert run.proxy.seen == []


async def test_a_manager_is_filled_in_when_there(run: Delivery) -> None:
    """Ana before her manager Ben == Ben's creation asks for Ana again, who then has her manager."""
    await run.deliver(person("ana", manager="ben"))
    assert "manager" not in (await run.user("ana")).get(ENTERPRISE, {})
    await run.deliver(person("ben"))
    assert list(await run.deliverer.ledger.pending()) == [ANA]
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))[ENTERPRISE]["manager"]["value"] == (await run.user("ben"))["id"]


async def test_members_are_filled_in_and_taken_out(run: Delivery) -> None:
    """A team before its member, then with, then without == the group follows; a member by hand stays."""
    key = Key(Kind.TEAM, "t")
    await run.deliver(team("t", "ana"), person("ana"))
    await run.deliverer.deliver(key)
    (group,) = await run.groups()
    ana = (await run.user("ana"))["id"]
    assert [member["value"] for member in group["members"]] == [ana]
    other = await run.create({"schemas": [USER], "userName": "cto@example.com"})
    await add_member(run, group["id"], other["id"])
    await run.deliver(team("t"))
    (group,) = await run.groups()
    assert [member["value"] for member in group["members"]] == [other["id"]]


async def test_a_team_that_is_gone_loses_our_members(run: Delivery) -> None:
    """A team that vanished == an empty group, not deleted."""
    await run.deliver(person("ana"), team("t", "ana"))
    await run.know(team("t", "ana"), gone=True)
    await run.deliverer.deliver(Key(Kind.TEAM, "t"))
    (group,) = await run.groups()
    assert not group.get("members")


async def test_an_account_deleted_by_hand_comes_back(run: Delivery) -> None:
    """The account was deleted at the directory, the person changes == one new account."""
    await run.deliver(person("ana"))
    async with run.direct.delete(f"/v2/Users/{(await run.user('ana'))['id']}") as gone:
        assert gone.status == 204
    await run.deliver(person("ana", title="Lead"))
    assert (await run.user("ana"))["title"] == "Lead"


async def test_a_new_account_takes_its_places(run: Delivery) -> None:
    """A member's account was deleted by hand and comes back with another id == the group has the new one."""
    await run.deliver(person("ana"), team("t", "ana"))
    async with run.direct.delete(f"/v2/Users/{(await run.user('ana'))['id']}") as gone:
        assert gone.status == 204
    await run.deliver(person("ana", title="Lead"))
    await run.deliverer.deliver(Key(Kind.TEAM, "t"))
    (group,) = await run.groups()
    assert (await run.user("ana"))["id"] in [member["value"] for member in group["members"]]


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
    await set_title(run, "Old")  # the stopped worker's request arrives only now
    with pytest.raises(LockLost):
        await run.deliverer.ledger.settle(stale, await run.entry("ana"), stale.link)
    await run.deliverer.ledger.doubt([ANA])  # as `deliver` does when it finds its lock gone
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "New"


async def test_an_overtaken_write_is_repaired(run: Delivery) -> None:
    """Stopped between the check of its lock and its write, which then lands after a newer one == repaired."""
    await run.deliver(person("ana", title="First"))
    await run.know(person("ana", title="Stale"))

    async def late(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        await run.backend.redis.delete(run.backend.keys.lock(TARGET, ANA))
        await run.know(person("ana", title="New"))
        await run.deliverer.deliver(ANA)  # by another worker, to its end
        return await proxy.forward(request)

    run.proxy.fail(at("PATCH", late))
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "Stale"
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "New"


async def test_a_doubt_during_a_delivery_outlives_it(run: Delivery) -> None:
    """A stopped worker wakes up while another one delivers == the same delivery looks again."""
    await run.deliver(person("ana", title="First"))
    await run.know(person("ana", title="New"))

    async def doubted(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        done = await proxy.forward(request)
        await set_title(run, "Stale")
        await run.deliverer.ledger.doubt([ANA])
        return done

    run.proxy.fail(at("PATCH", doubted))
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "New"
    assert await run.deliverer.ledger.unsettled() == set()


async def test_a_leaver_whose_create_was_cut_short_is_deactivated(run: Delivery) -> None:
    """The account was created but never noted, and its person leaves == it is found and deactivated."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", lost))
    await run.deliverer.deliver(ANA)
    await run.deliver(person("ana", lifecycle="left"))
    assert (await run.user("ana"))["active"] is False


async def test_a_matched_account_is_remembered_when_it_refuses(run: Delivery) -> None:
    """Matched, then the change of it is refused, then the person leaves == deactivated."""
    await run.create({"schemas": [USER], "userName": "ana@example.com"})
    await run.know(person("ana"))
    run.proxy.fail(at("PATCH", answer(400)))
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.FAILED
    await run.deliver(person("ana", lifecycle="left"))
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


async def test_a_former_manager_does_not_stay(run: Delivery) -> None:
    """The manager changes to somebody who has no account yet == none, and not the former one."""
    await run.deliver(person("ben"), person("ana", manager="ben"), person("ana", manager="eve"))
    assert "manager" not in (await run.user("ana")).get(ENTERPRISE, {})


async def test_one_bad_record_does_not_stop_another(run: Delivery) -> None:
    """The directory refuses Ana with 400 == Ana is parked with its words, Ben is created."""
    await run.know(person("ana"), person("ben"))
    run.proxy.fail(at("POST", echo(400)))
    await run.deliverer.deliver(ANA)
    await run.deliverer.deliver(BEN)
    entry = await run.entry("ana")
    assert entry.state is State.FAILED
    assert "400" in entry.reason
    assert [user["externalId"] for user in await run.users()] == ["ben"]


async def test_a_failure_names_no_value(run: Delivery) -> None:
    """The directory repeats everything it was sent in its error == none of it is in the ledger's reason."""
    await run.know(person("ana", name="Planted", email="planted@example.com", title="Planted title"))
    run.proxy.fail(at("POST", echo(400)))
    await run.deliverer.deliver(ANA)
    reason = (await run.entry("ana")).reason
    assert "lanted" not in reason
    assert "Muster" not in reason


async def test_a_refusal_of_a_read_names_no_value(run: Delivery) -> None:
    """The directory names the person when its account is read == the name is not in the ledger's reason."""
    await run.deliver(person("ana", name="Planted"))
    run.proxy.fail(answer(400, '{"detail": "Planted Muster is locked"}'))
    await run.deliver(person("ana", name="Planted", title="Lead"))
    reason = (await run.entry("ana")).reason
    assert "is locked" in reason
    assert "Planted" not in reason


async def test_a_parked_record_is_tried_again_when_it_changes(run: Delivery) -> None:
    """Parked, then changed in Kenjo == delivered."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", answer(400)))
    await run.deliverer.deliver(ANA)
    await run.deliver(person("ana", title="Lead"))
    assert (await run.entry("ana")).state is State.APPLIED


async def test_a_parked_record_is_left_alone(run: Delivery) -> None:
    """Parked, and nothing has changed == no request."""
    await run.know(person("ana"))
    run.proxy.fail(at("POST", answer(400)))
    await run.deliverer.deliver(ANA)
    run.proxy.seen.clear()
    await run.deliverer.deliver(ANA)
    assert run.proxy.seen == []


async def test_throttling_waits_as_long_as_asked(run: Delivery) -> None:
    """429 with Retry-After: 90 == the next try is due after 90 seconds and not before."""
    await run.know(person("ana"))
    run.proxy.fail(answer(429, Retry_After="90"))
    await run.deliverer.deliver(ANA)
    entry = await run.entry("ana")
    assert (entry.state, entry.retry_at) == (State.RETRYING, run.clock.now + 90)


async def test_waiting_grows_and_ends(backend: Backend) -> None:
    """A target that answers 500 for ever == growing waits, then parked as failed."""
    async with delivery(backend, retry=RetrySettings(first=1, longest=8, attempts=6)) as run:
        await run.know(person("ana"))
        run.proxy.fail_always(answer(500))
        waits = []
        for _ in range(6):
            await run.deliverer.deliver(ANA)
            waits.append((await run.entry("ana")).retry_at - run.clock.now)
        assert [low <= wait <= 2 * low for low, wait in zip((0.5, 1, 2, 4, 4), waits, strict=False)] == [
            True
        ] * 5
        entry = await run.entry("ana")
        assert entry.state is State.FAILED
        assert "gave up after 6 attempts" in entry.reason


async def test_an_unreachable_target_uses_up_no_attempts(backend: Backend) -> None:
    """No answer at all, more often than the attempts allow == still to be tried."""
    async with delivery(backend, retry=RetrySettings(attempts=2)) as run:
        await run.know(person("ana"))
        run.proxy.fail_always(dropped)
        for _ in range(4):
            await run.deliverer.deliver(ANA)
        assert (await run.entry("ana")).state is State.RETRYING


async def test_refused_credentials_pause_the_target(run: Delivery) -> None:
    """401 == the target is paused with the reason, and no further request is sent."""
    await run.know(person("ana"), person("ben"))
    run.proxy.fail(answer(401))
    await run.deliverer.deliver(ANA)
    run.proxy.seen.clear()
    await run.deliverer.deliver(BEN)
    paused = await run.deliverer.gate.paused()
    assert (paused["state"], run.proxy.seen) == ("halted", [])
    assert "401" in paused["reason"]


async def test_a_page_instead_of_json_is_a_passing_fault(run: Delivery) -> None:
    """A gateway's HTML with 200 == nothing is created, tried again later."""
    await run.know(person("ana"))
    run.proxy.fail(page())
    await run.deliverer.deliver(ANA)
    assert (await run.entry("ana")).state is State.RETRYING
    assert run.proxy.writes == []


async def test_a_missing_required_attribute_is_skipped(run: Delivery) -> None:
    """Somebody without e-mail == skipped with the reason, no request."""
    await run.deliver(person("ana", email=""))
    entry = await run.entry("ana")
    assert (entry.state, run.proxy.seen) == (State.SKIPPED, [])
    assert "userName" in entry.reason


async def test_an_expression_that_fails_parks_that_person(backend: Backend) -> None:
    """A mapping that cannot be evaluated for Ana == Ana parked, Ben created."""
    async with delivery(backend, map={"title": "person.work.jobTitle + 'x'"}) as run:
        await run.deliver(person("ana", title=None), person("ben"))
        assert (await run.entry("ana")).state is State.FAILED
        assert (await run.user("ben"))["title"] == "Clerkx"


async def test_out_of_scope_stays_as_it_is(backend: Backend) -> None:
    """A person who leaves the scope == the account is kept unchanged; somebody never in scope has none."""
    async with delivery(backend, scope='person.work.jobTitle == "Clerk"') as run:
        await run.deliver(person("ana"), person("ana", title="Lead"), person("ben", title="Lead"))
        assert [(user["title"], user["active"]) for user in await run.users()] == [("Clerk", True)]


@pytest.mark.parametrize(("mode", "titles"), [("create_only", ["Clerk"]), ("upsert", ["Lead"])])
async def test_modes_that_remove_nobody(backend: Backend, mode: str, titles: list[str]) -> None:
    """create_only never changes, upsert changes, neither deactivates."""
    async with delivery(backend, mode=mode) as run:
        await run.deliver(person("ana"), person("ana", title="Lead"), person("ana", lifecycle="left"))
        users = await run.users()
        assert [user["title"] for user in users] == titles
        assert [user["active"] for user in users] == [True]


async def test_a_doubled_job_counts_once(run: Delivery) -> None:
    """A job that finds nothing to do == noted as unchanged, not as another create."""
    await run.deliver(person("ana"))
    await run.deliverer.deliver(ANA)
    events = await run.backend.audit.read(10, [str(ANA)])
    assert [event["what"] for event in events] == ["created", "changed"]


async def test_an_emptied_redis_makes_no_second_account(run: Delivery) -> None:
    """All keys of the account are gone, the records come again == matched, none created twice."""
    await run.deliver(person("ana"), person("ben"))
    await empty(run)
    await run.deliver(person("ana"), person("ben"))
    assert len(await run.users()) == 2
    assert (await run.entry("ana")).outcome is Outcome.ADOPTED


async def test_another_server_is_given_everything(backend: Backend) -> None:
    """The target's base_url changes to another server == everybody is created there, not taken as known."""
    async with delivery(backend) as first, delivery(backend) as second:
        await first.deliver(person("ana"))
        await second.deliverer.deliver(ANA)
        assert len(await second.users()) == 1


async def test_a_newer_revision_during_a_delivery_is_delivered_too(run: Delivery) -> None:
    """Kenjo changes while the old value is being written == the new value is there without another job."""
    await run.know(person("ana", title="Old"))

    async def meanwhile(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        await run.know(person("ana", title="New"))
        return await proxy.forward(request)

    run.proxy.fail(meanwhile)
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "New"
    assert (await run.entry("ana")).revision == 2


async def empty(run: Delivery) -> None:
    """Delete everything that the bridge remembers of this account."""
    keys = [key async for key in run.backend.redis.scan_iter(run.backend.keys.prefix + "*")]
    await run.backend.redis.delete(*keys)


def at(method: str, fault: Fault) -> Fault:
    """The fault at the first request with this method; the ones before go through."""

    async def waiting(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        if request.method == method:
            return await fault(proxy, request)
        proxy.fail(waiting)
        return await proxy.forward(request)

    return waiting


async def set_title(run: Delivery, title: str) -> None:
    await patch(
        run, f"Users/{(await run.user('ana'))['id']}", {"op": "replace", "path": "title", "value": title}
    )


async def add_member(run: Delivery, group: str, user: str) -> None:
    await patch(run, f"Groups/{group}", {"op": "add", "path": "members", "value": [{"value": user}]})


async def patch(run: Delivery, path: str, operation: dict[str, Any]) -> None:
    body = {"schemas": [PATCH], "Operations": [operation]}
    async with run.direct.patch(f"/v2/{path}", json=body) as done:
        assert done.status in (200, 204)
