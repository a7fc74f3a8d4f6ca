"""Uploads of a day, what `check` says of a job, and settings that do not fit together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bridge.errors import TargetHalted, TryLater
from bridge.exchange import Accepted, Wanted
from tests.workers.targets.entra_server import CLIENT, SECRET, TENANT
from tests.workers.targets.entra_uploads_rig import VIA, error_of, uploading
from workers.targets.entra.settings import EntraSettings
from workers.testing.rig import person


def settings(**own: Any) -> EntraSettings:
    usual = {"kind": "entra", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET}
    return EntraSettings.model_validate(usual | own)


# The uploads of a day


async def test_the_last_calls_are_for_leavers() -> None:
    """Of 20 calls in 24 hours 19 are for everybody; the last is a leaver's; a day later all are free."""
    async with uploading(uploads_per_day=20, uploads_per_second=40) as up:
        user = await up.made(person(up.rig, 1))
        for number in range(2, 20):
            assert isinstance(await up.send(person(up.rig, number)), Accepted)
        up.clock.now += 3600
        error = error_of(await up.send(person(up.rig, 20)))
        assert isinstance(error, TryLater)
        assert error.after == pytest.approx(86_400 - 3600, abs=1)
        assert len(up.job.calls) == 19
        leaves = Wanted(person(up.rig, 1).key, {}, removal="deactivate")
        assert isinstance(await up.send(leaves, user["id"]), Accepted)
        assert await up.purse.used() == 20
        assert isinstance(error_of(await up.send(leaves, user["id"])), TryLater)
        up.clock.now += 86_400
        assert isinstance(await up.send(person(up.rig, 20)), Accepted)


async def test_no_more_in_a_moment_than_microsoft_takes() -> None:
    """More calls than five seconds take == the next waits some seconds, and Microsoft is not asked."""
    async with uploading(uploads_per_second=1) as up:
        for number in range(5):
            assert isinstance(await up.send(person(up.rig, number)), Accepted)
        error = error_of(await up.send(person(up.rig, 6)))
        assert isinstance(error, TryLater)
        assert error.after == pytest.approx(5.0, abs=0.1)
        assert len(up.job.calls) == 5


# check


async def test_a_good_tenant() -> None:
    """Users are counted and the job is seen where that is allowed; nothing is uploaded."""
    async with uploading() as up:
        greeting = await up.target.check()
        assert greeting.problems == ()
        assert greeting.facts[0] == "Microsoft Graph, 0 users"
        assert "was not looked at, which takes Synchronization.Read.All" in greeting.facts[1]
        up.server.roles.add("Synchronization.Read.All")
        greeting = await up.another().check()
        assert greeting.facts[1:] == ("the provisioning job is there",)
        assert not up.proxy.writes
        assert up.job.calls == []


@pytest.mark.parametrize(
    ("role", "says"),
    [
        ("SynchronizationData-User.Upload", "SynchronizationData-User.Upload to upload people"),
        ("ProvisioningLog.Read.All", "ProvisioningLog.Read.All to read in the provisioning logs"),
        ("User.RevokeSessions.All", "User.RevokeSessions.All to end the sessions"),
        ("Group.ReadWrite.All", "Group.ReadWrite.All to read and change groups"),
    ],
)
async def test_a_missing_permission(role: str, says: str) -> None:
    """Each that is missing is one sentence, which names it and what it is for."""
    async with uploading() as up:
        up.server.roles.remove(role)
        (problem,) = (await up.target.check()).problems
        assert says in problem


async def test_a_missing_permission_for_deletions() -> None:
    """Deleting goes by Microsoft Graph, and needs its permission only where leavers are deleted."""
    async with uploading(removal={"left": "delete"}) as up:
        (problem,) = (await up.target.check()).problems
        assert "User.DeleteRestore.All" in problem


async def test_wrong_credentials_are_something_else() -> None:
    """A wrong secret halts the target, with what to do about the secret and without it."""
    async with uploading(client_secret="planted-one") as up:
        with pytest.raises(TargetHalted, match="the Value, not the Secret ID") as caught:
            await up.target.check()
        assert "planted-one" not in str(caught.value)


@pytest.mark.parametrize(
    ("own", "state", "says"),
    [
        ({"job": "API2AAD.other"}, "Active", "there is no such provisioning job"),
        ({"service_principal": "0000"}, "Active", "compare service_principal and job"),
        ({}, "Paused", "does not run"),
        ({}, "Quarantine", "in quarantine"),
    ],
)
async def test_a_job_that_takes_nothing(own: dict[str, str], state: str, says: str) -> None:
    """A job that is not there, does not run or is in quarantine == a sentence with what to do."""
    async with uploading(**own) as up:
        up.server.roles.add("Synchronization.Read.All")
        up.job.state = state
        (problem,) = (await up.target.check()).problems
        assert says in problem


# Settings


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"via": "provisioning"}, "needs service_principal and job"),
        ({**VIA, "job": ""}, "needs service_principal and job"),
        ({"job": "API2AAD.x"}, "job is only used with via: provisioning"),
        ({"uploads_per_day": 100}, "uploads_per_day is only used with via: provisioning"),
        ({**VIA, "job": "../../users"}, "job"),
        ({**VIA, "external_id": "displayName"}, "external_id"),
    ],
)
def test_settings_that_do_not_fit(own: dict[str, Any], says: str) -> None:
    """What is missing or not used is named."""
    with pytest.raises(ValidationError, match=says):
        settings(**own)


def test_other_defaults() -> None:
    """Uploads have defaults of their own, which settings override; Microsoft Graph has one, `rate`."""
    given = settings(**VIA, rate=30)
    assert (given.rate, given.concurrency, given.create_shows_within) == (30, 50, 3600)
    assert given.calls_per_day == 2000
    usual = settings()
    assert (usual.rate, usual.concurrency, usual.create_shows_within) == (20, 10, 600)
    assert usual.calls_per_day is None
    assert SECRET not in repr(given)
