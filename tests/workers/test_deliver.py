"""The delivery protocol on real Redis and a real SCIM server: its promises, also under faults."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from bridge.metrics import Metrics
from bridge.model import Key, Kind, Outcome, State
from bridge.store.audit import Wanted
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person, team
from workers.testing.proxy import Proxy

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ANA, BEN = Key(Kind.PERSON, "ana"), Key(Kind.PERSON, "ben")


async def test_creates_with_the_mapped_attributes(run: Delivery) -> None:
    """A new person == an account with the default mapping's attributes."""
    await run.deliver(person("ana", name="Jürgen"))
    user = await run.user("ana")
    assert user["userName"] == "ana@example.com"
    assert user["name"] == {"givenName": "Jürgen", "familyName": "Muster"}
    assert user["active"] is True
    assert (await run.entry("ana")).outcome is Outcome.CREATED


async def test_latency_has_the_target_in_it(run: Delivery) -> None:
    """A target that takes seven seconds to answer == a latency of seven seconds, and no less."""

    async def slow(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        run.clock.now += 7 if request.method == "POST" else 0
        return await proxy.forward(request)

    run.proxy.fail_always(slow)
    await run.deliver(person("ana"))
    metrics = run.deliverer.observer
    assert isinstance(metrics, Metrics)
    assert metrics.registry.get_sample_value(
        "kenjo_bridge_latency_seconds_sum", {"target": "directory"}
    ) == pytest.approx(7)


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
    assert (await run.entry("ana")).revision == await run.newest(ANA)


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
    assert (await run.entry("ana")).revision == await run.newest(ANA)


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
    await run.add_member(group["id"], other["id"])
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


async def test_a_former_manager_does_not_stay(run: Delivery) -> None:
    """The manager changes to somebody who has no account yet == none, and not the former one."""
    await run.deliver(person("ben"), person("ana", manager="ben"), person("ana", manager="eve"))
    assert "manager" not in (await run.user("ana")).get(ENTERPRISE, {})


async def test_a_missing_required_attribute_is_skipped(run: Delivery) -> None:
    """Somebody without e-mail == skipped with the reason, no request."""
    await run.deliver(person("ana", email=""))
    entry = await run.entry("ana")
    assert (entry.state, run.proxy.seen) == (State.SKIPPED, [])
    assert "userName" in entry.reason


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
    events = await run.backend.audit.read(10, Wanted([str(ANA)]))
    assert [event["what"] for event in events] == ["created", "changed"]


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
    assert (await run.entry("ana")).revision == await run.newest(ANA)
