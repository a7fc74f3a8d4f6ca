"""Deliveries to Entra ID through a provisioning job: real Redis, and the ledger that knows the tickets."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bridge.config.settings import RetrySettings
from bridge.mapping.route import Route
from bridge.model import Entry, Key, Kind, Outcome, Record, State
from bridge.store.backend import Backend
from tests.delivery import TARGET, Delivery, delivery
from tests.delivery import person as sample
from tests.workers.targets.entra_directory import EXTENSIONS, Thing
from tests.workers.targets.entra_uploads_rig import Uploading, uploading
from workers.connect import open_target
from workers.targets.entra.target import ADAPTER
from workers.testing.rig import person as rig_person

ANA, BOSS = "5f3a00000000000000000001", "5f3a00000000000000000002"


def person(
    id_: str = ANA, *, lifecycle: str = "active", manager: str | None = None, title: str = "Clerk"
) -> Record:
    number = id_[-1]
    named = {"email": f"p{number}@example.com", "name": f"Person {number}", "title": title}
    record = sample(id_, lifecycle=lifecycle, manager=manager, **named)
    work = {**record.data["work"], "office": "Berlin", "employeeNumber": number}
    return Record(record.key, {**record.data, "work": work})


@dataclass(frozen=True)
class Tenant:
    """A delivery to a tenant with a provisioning job."""

    run: Delivery
    up: Uploading

    async def again(self, id_: str = ANA, *, after: float = 600.0) -> Entry:
        """Deliver somebody once more, as a retry does, after a while for all."""
        self.run.clock.now += after
        self.up.clock.now += after
        await self.run.deliverer.deliver(Key(Kind.PERSON, id_))
        return await self.run.entry(id_)

    async def through(self, record: Record) -> Entry:
        """Deliver a record, let the job work, and deliver it until nothing is on its way."""
        await self.run.deliver(record)
        for _ in range(3):
            self.up.job.work()
            entry = await self.again(record.key.id)
            if entry.state is not State.RETRYING:
                break
        return entry

    def user(self, id_: str = ANA) -> Thing:
        users = self.up.directory.users.values()
        (found,) = [one for one in users if one[EXTENSIONS]["extensionAttribute15"] == id_]
        return found


@pytest.fixture
async def tenant(backend: Backend) -> AsyncIterator[Tenant]:
    async with uploading() as up, delivery(backend, retry=RetrySettings(attempts=3)) as run:
        settings = ADAPTER.settings.model_validate(up.rig.settings(up.proxy.url))
        route = Route(TARGET, settings, ADAPTER.mapping)
        run.deliverer = dataclasses.replace(run.deliverer, route=route, target=up.target)
        up.clock.now = run.clock.now
        yield Tenant(run, up)


async def test_a_whole_life(tenant: Tenant) -> None:
    """Hired, moved, left, hired again == one upload each, told as it was, one account, sessions ended."""
    expected = [
        (person(), Outcome.CREATED, State.APPLIED),
        (person(title="Boss"), Outcome.UPDATED, State.APPLIED),
        (person(title="Boss", lifecycle="left"), Outcome.DEACTIVATED, State.REMOVED),
        (person(title="Chief"), Outcome.UPDATED, State.APPLIED),
    ]
    for calls, (record, outcome, state) in enumerate(expected, 1):
        entry = await tenant.through(record)
        assert (entry.outcome, entry.state, entry.ticket, entry.attempts) == (outcome, state, "", 0), entry
        assert len(tenant.up.job.calls) == calls
        user = tenant.user()
        assert user["accountEnabled"] is (state is State.APPLIED)
        assert tenant.up.directory.ended == ([user["id"]] if calls > 2 else [])
    assert user["jobTitle"] == "Chief"
    assert len(tenant.up.directory.users) == 1


async def test_a_manager_who_is_new_too(tenant: Tenant) -> None:
    """A report waits for the manager's account, and then is uploaded with the manager."""
    await tenant.run.deliver(person(manager=BOSS))
    await tenant.through(person(BOSS))
    entry = await tenant.through(person(manager=BOSS))
    assert entry.state is State.APPLIED
    assert tenant.up.directory.managers == {tenant.user()["id"]: tenant.user(BOSS)["id"]}


async def test_one_who_is_refused_by_the_job(tenant: Tenant) -> None:
    """Parked with the job's reason and without the name in it; the next change is uploaded again."""
    tenant.up.job.refused[ANA] = "The address p1@example.com of Person 1 Muster is taken."
    entry = await tenant.through(person())
    assert entry.state is State.FAILED
    assert "InvalidUserPrincipalName" in entry.reason
    assert "Muster" not in entry.reason
    assert "p1@" not in entry.reason
    tenant.up.job.refused.clear()
    assert (await tenant.through(person(title="Boss"))).state is State.APPLIED


async def test_what_the_job_never_does_is_a_failure_in_the_end(tenant: Tenant) -> None:
    """An attribute that the job does not map == a failure that names it after some attempts; no calls."""
    await tenant.through(person())
    del tenant.up.job.mapping["jobTitle"]
    await tenant.run.deliver(person(title="Boss"))
    for _ in range(12):
        tenant.up.job.work()
        entry = await tenant.again(after=1200)
        if entry.state is State.FAILED:
            break
    assert entry.state is State.FAILED
    assert "still differs in jobTitle" in entry.reason
    calls = len(tenant.up.job.calls)
    assert calls <= 5
    await tenant.again(after=1200)
    assert len(tenant.up.job.calls) == calls


async def test_a_leaver_waits_for_nothing(tenant: Tenant) -> None:
    """A leaver whose promotion is still on its way is uploaded at once, and ends disabled and signed out."""
    await tenant.through(person())
    await tenant.run.deliver(person(title="Boss"))
    await tenant.run.deliver(person(title="Boss", lifecycle="left"))
    assert len(tenant.up.job.calls) == 3
    for _ in range(3):
        tenant.up.job.work()
        entry = await tenant.again()
    assert entry.state is State.REMOVED
    assert tenant.user()["accountEnabled"] is False
    assert tenant.up.directory.ended == [tenant.user()["id"]]


async def test_a_day_without_calls(tenant: Tenant) -> None:
    """All calls of the day are used up == whoever waits uses up no attempt, and comes when a call is free."""
    tenant.up.purse._calls += [tenant.up.clock.now] * 1900
    await tenant.run.deliver(person())
    for _ in range(6):
        entry = await tenant.again(after=3600)
        assert (entry.state, entry.attempts) == (State.RETRYING, 0)
        assert "used up" in entry.reason
    assert tenant.up.job.calls == []
    tenant.run.clock.now += 86_400
    tenant.up.clock.now += 86_400
    assert (await tenant.through(person())).state is State.APPLIED


async def test_all_workers_count_the_same_calls(tenant: Tenant, backend: Backend) -> None:
    """A target as workers open it counts its uploads in Redis, where `status` finds them."""
    route = tenant.run.deliverer.route
    for _ in range(2):
        target = open_target(route, backend, tenant.up.session).target
        change = target.change(rig_person(tenant.up.rig, 1), None)
        assert change is not None
        await target.send([change], tenant.up.permit)
    assert await backend.budget(TARGET).used() == 2
