"""Somebody changes at the target what was given: a look finds it, tells it, and gives it again if so set."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bridge.model import Key, Kind
from bridge.store.backend import Backend
from bridge.store.drifts import Drift
from bridge.store.gate import HALTED
from tests.delivery import TARGET, Delivery, delivery, person, team
from workers.delivery.drift import GONE, look_if_due

DAY = 86400.0 + 60  # and the time that a look takes
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ANA = Key(Kind.PERSON, "ana")


@pytest.fixture
async def run(backend: Backend) -> AsyncIterator[Delivery]:
    async with delivery(backend) as run:
        await run.deliver(person("ana"), person("ben"), team("t", "ana", "ben"))
        yield run


def setting(run: Delivery, **changes: object) -> None:
    route = run.deliverer.route
    route.settings = route.settings.model_copy(update=changes)


async def looked(run: Delivery, after: float = DAY) -> Drift | None:
    """A look when so many seconds have passed."""
    run.clock.now += after
    return await look_if_due(run.deliverer, run.backend, run.clock.now)


def before_ana_is_read(run: Delivery, act: Callable[[], Awaitable[None]]) -> None:
    """Let something happen each time that the target is asked for Ana's account."""

    class Before:
        def __getattr__(self, name: str) -> object:
            return getattr(target, name)

        async def read(self, key: Key, remote_id: str) -> object:
            if key == ANA:
                await act()
            return await target.read(key, remote_id)

    target = run.deliverer.target
    run.deliverer = dataclasses.replace(run.deliverer, target=Before())  # type: ignore[arg-type]


async def first(run: Delivery) -> None:
    """From here on the time counts."""
    assert await looked(run, 0) is None


async def test_what_somebody_changed_is_named(run: Delivery) -> None:
    """A title is changed by hand == the one person with this attribute, and nothing is written."""
    await first(run)
    await run.set_title("ana", "Pirate")
    writes = len(run.proxy.writes)
    drift = await looked(run)
    assert drift is not None
    assert (drift.looked, drift.unseen, dict(drift.records)) == (3, 0, {"person:ana": ("title",)})
    assert len(run.proxy.writes) == writes
    assert await run.deliverer.ledger.count_pending() == 0


async def test_a_member_who_was_taken_out(run: Delivery) -> None:
    """Somebody empties the group by hand, and deletes an account == both are named."""
    await first(run)
    (group,) = await run.groups()
    path = f"{run.path}/Groups/{group['id']}"
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    body = {"schemas": schemas, "Operations": [{"op": "remove", "path": "members"}]}
    headers = {"Content-Type": "application/scim+json"}
    async with run.direct.patch(path, json=body, headers=headers) as answer:
        assert answer.status in (200, 204)
    async with run.direct.delete(f"{run.path}/Users/{(await run.user('ben'))['id']}") as answer:
        assert answer.status == 204
    drift = await looked(run)
    assert drift is not None
    assert dict(drift.records) == {"person:ben": (GONE,), "team:t": ("members",)}


async def test_a_leaver_who_was_let_in_again(run: Delivery) -> None:
    """Somebody opens a leaver's account by hand == named, and closed again where that is so set."""
    await run.deliver(person("ben", lifecycle="left"))
    setting(run, drift="repair")
    await first(run)
    path = f"{run.path}/Users/{(await run.user('ben'))['id']}"
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    body = {"schemas": schemas, "Operations": [{"op": "replace", "path": "active", "value": True}]}
    async with run.direct.patch(path, json=body, headers={"Content-Type": "application/scim+json"}) as answer:
        assert answer.status in (200, 204)
    drift = await looked(run)
    assert drift is not None
    assert drift.records["person:ben"] == ("active",)
    ben = Key(Kind.PERSON, "ben")
    await run.deliverer.deliver(
        ben
    )  # it sees that the account is open, and waits until limits have counted it
    await run.judge()
    await run.deliverer.deliver(ben)
    assert (await run.user("ben"))["active"] is False


async def test_it_is_given_again(run: Delivery) -> None:
    """`drift: repair` == whoever differs is asked for, and a delivery gives what Kenjo says."""
    setting(run, drift="repair")
    await first(run)
    await run.set_title("ana", "Pirate")
    await looked(run)
    assert set(await run.deliverer.ledger.pending()) == {ANA}
    await run.deliverer.deliver(ANA)
    assert (await run.user("ana"))["title"] == "Clerk"
    drift = await looked(run)
    assert drift is not None
    assert not drift.records


async def test_accounts_of_people_whom_kenjo_does_not_have(run: Delivery) -> None:
    """Accounts carry Kenjo ids that nobody has == named while they are open; other ids are not ours."""
    await first(run)
    lost, closed, other = "5f3ac9d2e4b0a1c2d3e4f5a6", "5f3ac9d2e4b0a1c2d3e4f5a7", "hr-77"
    for id_ in (lost, closed, other):
        body = {
            "schemas": [USER],
            "userName": f"{id_}@example.com",
            "externalId": id_,
            "active": id_ != closed,
        }
        created = await run.create(body)
        if id_ == lost:
            account = created["id"]
    drift = await looked(run)
    assert drift is not None
    assert dict(drift.orphans) == {account: lost}
    assert not drift.records


async def test_what_is_delivered_meanwhile_is_no_drift(run: Delivery) -> None:
    """A title changes in Kenjo and is delivered between the reading and the comparing == nothing is told."""

    async def deliver_first() -> None:
        await dataclasses.replace(run, deliverer=given).deliver(person("ana", title="Boss"))

    given = run.deliverer
    await first(run)
    before_ana_is_read(run, deliver_first)
    drift = await looked(run)
    assert drift is not None
    assert not drift.records
    assert (await run.user("ana"))["title"] == "Boss"


async def test_once_a_day_and_by_one_worker(run: Delivery) -> None:
    """Before a day is over nobody looks, then one worker, and not while the target is paused."""
    await first(run)
    assert await looked(run, DAY - 120) is None
    await run.deliverer.gate.pause(HALTED, "no")
    assert await looked(run, 120) is None
    await run.deliverer.gate.resume()
    drifts = run.backend.drifts(TARGET)
    assert await drifts.may_look(DAY - 60, run.clock.now, 60)
    assert await looked(run, 0) is None  # another one is at it
    await drifts.end()
    assert await looked(run, 0) is not None


async def test_the_rest_is_compared_when_one_cannot_be(run: Delivery) -> None:
    """One account cannot be read == the others are compared, and it is counted."""

    async def fail() -> None:
        raise ZeroDivisionError

    before_ana_is_read(run, fail)
    await first(run)
    drift = await looked(run)
    assert drift is not None
    assert (drift.looked, drift.unseen) == (2, 1)
