"""`kenjo-bridge sync` through a provisioning job that works, and tells of it, only after a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from tests.workers.targets.entra_provisioning import Job
from tests.workers.targets.entra_tenant import Tenant, tenant_in
from tests.workers.targets.entra_uploads_rig import ROLES, VIA
from tests.world import expected
from workers.testing import proxy as faults
from workers.testing.proxy import Proxy

QUICK = {"confirm_after": 0.4, "confirm_every": 0.2}


async def at_work(job: Job) -> None:
    """Do what is staged, and tell of it one turn later; a tenth of a second is ten by the job's clock."""
    began = time.time()
    job.clock = lambda: began + (time.time() - began) * 100
    while True:
        await asyncio.sleep(0.15)
        job.tell()
        job.work(tell=False)


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    async with tenant_in(tmp_path, **VIA, **QUICK) as ready:
        ready.server.roles = set(ROLES)
        ready.world.config["retry"] = {"first": 0.2}
        working = asyncio.create_task(at_work(ready.server.job))
        yield ready
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


def everybody_is_there(tenant: Tenant) -> None:
    """Each active person has one account, that is as Kenjo says, with manager and groups."""
    people, users = expected(tenant.world.sandbox), tenant.by_kenjo_id()
    assert {id_ for id_, one in users.items() if one["accountEnabled"]} == people.keys()
    for id_, sections in people.items():
        user = users[id_]
        assert user["userPrincipalName"] == sections["account"]["email"]
        assert user["surname"] == sections["personal"]["lastName"]
        manager = users.get(sections["work"].get("reportsToId") or "", {}).get("id")
        assert tenant.directory.managers.get(user["id"]) == manager
        teams = {tenant.directory.groups[one]["uniqueName"] for one in tenant.groups_of(user)}
        assert teams == set(sections["work"].get("teamIds") or [])


async def test_joiner_mover_leaver_and_back(tenant: Tenant) -> None:
    """Each is uploaded, waited for and seen: nobody is lost or has two accounts, and then all is still."""
    await tenant.sync()
    everybody_is_there(tenant)
    actions, leaver = tenant.world.sandbox.actions, tenant.of_a_team()
    mover = next(one for one in expected(tenant.world.sandbox) if one != leaver)
    zoe = "zoe@nordlicht.example"
    actions.hire(first_name="Zoë", last_name="O'Neil", email=zoe, start="2020-01-01", active=True)
    actions.rename(employee=mover, last_name="Ñandú")
    actions.leave(employee=leaver)
    user = tenant.by_kenjo_id()[leaver]
    row = await tenant.sync()
    assert (row["created"], row["updated"] >= 1, row["deactivated"]) == (1, True, 1)
    everybody_is_there(tenant)
    assert tenant.directory.ended == [user["id"]]
    assert not tenant.groups_of(user)

    tenant.come_back(leaver)
    await tenant.sync()
    everybody_is_there(tenant)
    assert tenant.by_kenjo_id()[leaver] is user
    calls = list(tenant.server.job.calls)
    await tenant.sync()
    assert tenant.server.job.calls == calls


async def test_answers_to_uploads_that_are_lost(tenant: Tenant) -> None:
    """Every second upload is taken and its answer lost == in the end one account for each."""
    tenant.world.config["targets"]["entra"]["create_shows_within"] = 3  # the job needs less than one
    uploads = 0

    async def lose_some(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        nonlocal uploads
        uploads += request.path.endswith("/bulkUpload")
        loses = request.path.endswith("/bulkUpload") and uploads % 2
        return await (faults.lost if loses else Proxy.forward)(proxy, request)

    tenant.proxy.fail_always(lose_some)
    await tenant.sync()
    everybody_is_there(tenant)
