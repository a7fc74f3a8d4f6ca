"""`kenjo-bridge sync` with Entra ID as its target: a process of its own, real Redis, a made-up Kenjo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.workers.targets.entra_batches import reads
from tests.workers.targets.entra_tenant import Tenant, tenant_in
from tests.world import expected
from workers.testing import proxy as faults
from workers.testing.proxy import Proxy


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    async with tenant_in(tmp_path) as ready:
        yield ready


async def test_joiners(tenant: Tenant) -> None:
    """A first sync == an account for each active person with manager, a group for each team; no more then."""
    await tenant.sync()
    people, users = expected(tenant.world.sandbox), tenant.by_kenjo_id()
    assert users.keys() == people.keys()
    for id_, sections in people.items():
        user = users[id_]
        assert user["userPrincipalName"] == sections["account"]["email"]
        assert user["accountEnabled"]
        manager = users.get(sections["work"].get("reportsToId") or "", {}).get("id")
        assert tenant.directory.managers.get(user["id"]) == manager
    for team, row in tenant.world.sandbox.account.tables["teams"].items():
        group = tenant.directory.named(team)
        assert group is not None
        assert group["displayName"] == row["name"]
        wanted = {
            users[id_]["id"] for id_, one in people.items() if team in (one["work"].get("teamIds") or [])
        }
        assert set(tenant.directory.members[group["id"]]) == wanted
    tenant.proxy.seen.clear()
    row = await tenant.sync()
    assert tenant.proxy.seen == []
    assert row["unchanged"] == len(users) + len(tenant.directory.groups)


async def test_a_mover(tenant: Tenant) -> None:
    """Another name in Kenjo == one PATCH."""
    await tenant.sync()
    tenant.proxy.seen.clear()
    id_ = tenant.of_a_team()
    tenant.world.sandbox.actions.rename(employee=id_, last_name="Ñandú-O'Hara")
    assert (await tenant.sync())["updated"] == 1
    assert [one.method for one in tenant.proxy.writes] == ["PATCH"]
    assert tenant.by_kenjo_id()[id_]["surname"] == "Ñandú-O'Hara"


async def test_a_leaver_comes_back(tenant: Tenant) -> None:
    """Disabled, signed out and out of all groups; back again with the same account and in the groups."""
    await tenant.sync()
    id_ = tenant.of_a_team()
    user = tenant.by_kenjo_id()[id_]
    tenant.world.sandbox.actions.leave(employee=id_)
    assert (await tenant.sync())["deactivated"] == 1
    assert not user["accountEnabled"]
    assert tenant.directory.ended == [user["id"]]
    assert not tenant.groups_of(user)
    tenant.come_back(id_)
    await tenant.sync()
    assert tenant.by_kenjo_id()[id_]["id"] == user["id"]
    assert user["accountEnabled"]
    assert tenant.groups_of(user)


async def test_a_leaver_whose_sessions_cannot_be_ended_yet(tenant: Tenant) -> None:
    """The second request fails in one sync: that is no success, and the next sync ends the sessions."""
    await tenant.sync()
    id_ = tenant.of_a_team()
    user = tenant.by_kenjo_id()[id_]
    tenant.world.sandbox.actions.leave(employee=id_)

    async def no_sessions(proxy: Proxy, request: Any) -> Any:
        ends = request.path.endswith("/revokeSignInSessions")
        return await (faults.answer(500, "{}") if ends else Proxy.forward)(proxy, request)

    tenant.proxy.fail_always(no_sessions)
    await tenant.sync("--patience", "2", code=1)
    assert not user["accountEnabled"]
    assert tenant.directory.ended == []
    tenant.proxy.fail_always(None)
    await tenant.sync()
    assert tenant.directory.ended == [user["id"]]


async def test_a_leaver_who_was_deleted_comes_back(tenant: Tenant) -> None:
    """Deleted at once by the settings, back within 30 days: the same account is restored, not a new one."""
    tenant.world.config["targets"]["entra"]["removal"] = {
        "inactive": "delete",
        "left": "delete",
        "after_days": 0,
    }
    await tenant.sync()
    id_ = tenant.of_a_team()
    user = tenant.by_kenjo_id()[id_]
    tenant.world.sandbox.actions.leave(employee=id_)
    await tenant.sync()
    assert tenant.directory.deleted.keys() == {user["id"]}
    tenant.come_back(id_)
    await tenant.sync()
    assert tenant.by_kenjo_id()[id_]["id"] == user["id"]
    assert user["accountEnabled"]


@pytest.mark.parametrize("kind", ["late", "lost"])
async def test_nobody_is_created_twice(tenant: Tenant, kind: str) -> None:
    """Answers get lost, or nothing that was made is shown for a while: in the end one account for each."""
    if kind == "late":
        tenant.directory.late = True
    else:
        lost = 0

        async def lose_some(proxy: Proxy, request: Any) -> Any:
            nonlocal lost
            lost += request.method != "GET"
            loses = request.method != "GET" and lost % 3 == 0
            return await (faults.lost if loses else Proxy.forward)(proxy, request)

        tenant.proxy.fail_always(lose_some)
    await tenant.world.run("sync", "--json", "--patience", "3")
    tenant.directory.late = False
    tenant.directory.settle()
    tenant.proxy.fail_always(None)
    await tenant.sync()
    people = expected(tenant.world.sandbox)
    assert len(tenant.directory.users) == len(people)
    assert tenant.by_kenjo_id().keys() == people.keys()
    assert len(tenant.directory.groups) == len(tenant.world.sandbox.account.tables["teams"])


async def test_what_a_plan_shows(tenant: Tenant) -> None:
    """A plan and a check write nothing; the check names the tenant's users."""
    assert "11 people and 12 groups to create" in (await tenant.world.run("plan")).out
    done = await tenant.world.run("check")
    assert "Microsoft Graph, 0 users" in done.out + done.err
    assert all(map(reads, tenant.proxy.seen))
