"""What happens to the accounts of those who should not have one any more, at a real SCIM server."""

from __future__ import annotations

import pytest

from bridge.model import State
from bridge.store.backend import Backend
from tests.delivery import person
from tests.workers.removing import REASONS, accounts, leave, served, wait


@pytest.mark.parametrize("reason", REASONS)
async def test_what_happens_by_default(backend: Backend, reason: str) -> None:
    """Inactive, left and gone == deactivated, out of scope == as it was; nothing is deleted in ten years."""
    async with served(backend) as run:
        before = await run.users()
        await leave(run, reason)
        stays = reason == "out_of_scope"
        assert await accounts(run) == [stays]
        if stays:
            assert await run.users() == before
        await wait(run, 3650)
        assert await accounts(run) == [stays]
        assert {seen.method for seen in run.proxy.writes} <= {"POST", "PATCH"}


@pytest.mark.parametrize("how", ["deactivate", "keep", "delete"])
@pytest.mark.parametrize("reason", REASONS)
async def test_each_reason_has_its_own_way(backend: Backend, reason: str, how: str) -> None:
    """Only this reason is set to `how`, the others to another == that is what happens to the account."""
    other = "keep" if how != "keep" else "deactivate"
    async with served(backend, {**dict.fromkeys(REASONS, other), reason: how}) as run:
        await leave(run, reason)
        entry = await run.entry("ana")
        assert await accounts(run) == [how == "keep"]
        assert entry.state is (State.SKIPPED if how == "keep" else State.REMOVED)
        await wait(run, 30)
        assert await accounts(run) == {"keep": [True], "deactivate": [False], "delete": []}[how]


async def test_out_of_scope_and_back(backend: Backend) -> None:
    """Configured to deactivate: out of the scope and back == inactive, then active with the same id."""
    async with served(backend, {"out_of_scope": "deactivate"}) as run:
        account = (await run.user("ana"))["id"]
        await leave(run, "out_of_scope")
        assert await accounts(run) == [False]
        await run.deliver(person("ana"))
        user = await run.user("ana")
        assert (user["id"], user["active"]) == (account, True)


async def test_who_leaves_from_outside_the_scope_is_a_leaver(backend: Backend) -> None:
    """Out of scope (kept), then the contract ends == deactivated."""
    async with served(backend) as run:
        await leave(run, "out_of_scope")
        assert await accounts(run) == [True]
        await run.deliver(person("ana", lifecycle="left", title="Elsewhere"))
        assert await accounts(run) == [False]


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("mode", ["create_only", "upsert"])
async def test_other_modes_remove_nobody(backend: Backend, mode: str, reason: str) -> None:
    """Not `sync` == nobody is deactivated or deleted, whatever the removal settings say."""
    removal = {**dict.fromkeys(REASONS, "delete"), "after_days": 1}
    async with served(backend, removal, mode=mode) as run:
        await leave(run, reason)
        await wait(run, 2)
        assert await accounts(run) == [True]
