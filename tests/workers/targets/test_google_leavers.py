"""Leavers at Google Workspace: suspended, signed out, shut out of what they let in; and who may not be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bridge.errors import RecordRejected, TryLater
from bridge.exchange import Applied, Wanted
from bridge.model import Key, Kind, Outcome
from tests.workers.targets.google_rig import ana, google_target
from tests.workers.targets.google_server import ADMIN, Workspace, error, google_server
from workers.targets.notebook import Scratch
from workers.testing.rig import Allowed

ANA = Key(Kind.PERSON, "kenjo-ana")


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with google_server() as workspace:
        yield workspace


@pytest.fixture
async def target(workspace: Workspace) -> AsyncIterator[Allowed]:
    async with google_target(workspace) as target:
        yield target


async def with_apps(workspace: Workspace, target: Allowed) -> str:
    """Somebody who has let two apps in, and has an application password."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    workspace.tokens[remote_id] = ["1.apps.example", "app/2"]
    workspace.passwords_of_apps[remote_id] = [7]
    workspace.bodies.clear()
    return remote_id


def writes(workspace: Workspace) -> list[tuple[str, str]]:
    return [(method, path.rpartition("/")[2]) for method, path, _ in workspace.bodies if method != "GET"]


def fail(workspace: Workspace, path: str, status: int, reason: str, times: int = 1) -> None:
    """Answer requests to a path with an error, so many times."""
    left = [times]

    def fault(request: web.Request) -> web.Response | None:
        if not request.path.endswith(path) or request.method == "GET" or not left[0]:
            return None
        left[0] -= 1
        return error(status, reason, "no")

    workspace.faults.append(fault)


async def test_a_leaver_is_shut_out_of_everything(workspace: Workspace, target: Allowed) -> None:
    """Suspended first, then signed out, and no app or application password is let in any more."""
    remote_id = await with_apps(workspace, target)
    assert await target.remove(ANA, remote_id) is Outcome.DEACTIVATED
    assert workspace.users[remote_id]["suspended"] is True
    assert workspace.signed_out == [remote_id]
    assert not workspace.tokens[remote_id]
    assert not workspace.passwords_of_apps[remote_id]
    assert writes(workspace)[:2] == [("PUT", remote_id), ("POST", "signOut")]
    assert workspace.bodies[1][2] == {"suspended": True}  # after the look


@pytest.mark.parametrize(("path", "times"), [("signOut", 1), ("app/2", 2), ("7", 3)])
async def test_what_fails_is_done_later(workspace: Workspace, target: Allowed, path: str, times: int) -> None:
    """Ending the sessions fails == tried again until all is done, though the account is suspended already."""
    remote_id = await with_apps(workspace, target)
    fail(workspace, path, 503, "backendError", times)
    for _ in range(times):
        with pytest.raises(TryLater):
            await target.remove(ANA, remote_id)
        assert workspace.users[remote_id]["suspended"] is True
    assert await target.remove(ANA, remote_id) is Outcome.DEACTIVATED
    assert workspace.signed_out[-1] == remote_id
    assert not workspace.tokens[remote_id]
    assert not workspace.passwords_of_apps[remote_id]
    workspace.bodies.clear()
    assert await target.remove(ANA, remote_id) is Outcome.UNCHANGED
    assert writes(workspace) == []


async def test_another_process_goes_on(workspace: Workspace) -> None:
    """The process ends between suspending and signing out == another one signs out."""
    notebook = Scratch()
    async with google_target(workspace, notebook) as first:
        remote_id = await with_apps(workspace, first)
        fail(workspace, "signOut", 503, "backendError")
        with pytest.raises(TryLater):
            await first.remove(ANA, remote_id)
    async with google_target(workspace, notebook) as second:
        assert await second.remove(ANA, remote_id) is Outcome.DEACTIVATED
    assert workspace.signed_out == [remote_id]
    assert await notebook.size() == 0


async def test_nothing_is_ended_before_the_account_is_closed(workspace: Workspace, target: Allowed) -> None:
    """The suspension is answered, but not shown == that is told, and nobody is signed out for nothing."""
    remote_id = await with_apps(workspace, target)
    user = dict(workspace.users[remote_id])

    def ignores(request: web.Request) -> web.Response | None:
        return web.json_response(user) if request.method == "PUT" else None

    workspace.faults.append(ignores)
    there = await target.target.read(ANA, remote_id)
    change = target.target.change(Wanted(ANA, {}, removal="deactivate"), there)
    assert change
    (receipt,) = await target.target.send([change], target.permit)
    assert isinstance(receipt, Applied)
    assert receipt.open is True
    assert workspace.signed_out == []


async def test_an_answer_that_shows_nothing(workspace: Workspace, target: Allowed) -> None:
    """The suspension is answered without the user == they are looked at, and signed out all the same."""
    remote_id = await with_apps(workspace, target)

    def answers_nothing(request: web.Request) -> web.Response | None:
        if request.method != "PUT":
            return None
        workspace.users[remote_id]["suspended"] = True
        return web.json_response({})

    workspace.faults.append(answers_nothing)
    assert await target.remove(ANA, remote_id) is Outcome.DEACTIVATED
    assert workspace.signed_out == [remote_id]


async def test_who_comes_back(workspace: Workspace, target: Allowed) -> None:
    """Back again == open; what was still to be ended is ended before."""
    remote_id = await with_apps(workspace, target)
    fail(workspace, "signOut", 503, "backendError")
    with pytest.raises(TryLater):
        await target.remove(ANA, remote_id)
    workspace.bodies.clear()
    assert (await target.upsert(ana(), remote_id)).open is True
    assert writes(workspace)[0] == ("POST", "signOut")
    assert writes(workspace)[-1] == ("PUT", remote_id)
    assert not workspace.tokens[remote_id]
    assert (await target.upsert(ana(), remote_id)).outcome is Outcome.UNCHANGED


async def test_who_is_closed_by_the_mapping(workspace: Workspace, target: Allowed) -> None:
    """Inactive with another name == suspended alone first, so that no other value keeps the account open."""
    remote_id = await with_apps(workspace, target)
    away = ana(**{"active": False, "name.familyName": "Şahin", "primaryEmail": "ana@example.org"})
    assert (await target.upsert(away, remote_id)).open is False
    puts = [body for method, _, body in workspace.bodies if method == "PUT"]
    assert puts[0] == {"suspended": True}
    assert puts[1].keys() == {"name", "primaryEmail"}


async def test_a_suspended_user_who_cannot_be_signed_out(workspace: Workspace, target: Allowed) -> None:
    """Google refuses to sign out who is suspended == there is no session, and the rest is ended."""
    workspace.signs_out = False
    remote_id = await with_apps(workspace, target)
    assert await target.remove(ANA, remote_id) is Outcome.DEACTIVATED
    assert not workspace.tokens[remote_id]


async def test_without_the_privilege(workspace: Workspace, target: Allowed) -> None:
    """The administrator may not end sessions == suspended, and a sentence that names the privilege."""
    workspace.security = False
    remote_id = await with_apps(workspace, target)
    for _ in range(2):
        with pytest.raises(RecordRejected, match="User Security Management"):
            await target.remove(ANA, remote_id)
    assert workspace.users[remote_id]["suspended"] is True
    workspace.security = True
    assert await target.remove(ANA, remote_id) is Outcome.DEACTIVATED
    assert workspace.signed_out == [remote_id]


async def test_sessions_are_left_where_nobody_wants_them_ended(workspace: Workspace) -> None:
    """`end_sessions` is false == suspended, and nothing else is asked for or allowed."""
    async with google_target(workspace, end_sessions=False) as target:
        remote_id = await with_apps(workspace, target)
        assert await target.remove(ANA, remote_id) is Outcome.DEACTIVATED
    assert writes(workspace) == [("PUT", remote_id)]
    assert all("security" not in claims["scope"] for claims in workspace.sign_in.asked)


async def test_a_super_administrator_by_another_one(workspace: Workspace, target: Allowed) -> None:
    """The bridge acts for a super administrator == another one who leaves is suspended."""
    remote_id = await with_apps(workspace, target)
    workspace.users[remote_id]["isAdmin"] = True
    assert await target.remove(ANA, remote_id) is Outcome.DEACTIVATED


async def test_a_super_administrator_by_a_lesser_one(workspace: Workspace, target: Allowed) -> None:
    """The bridge acts for a lesser administrator == the refusal says who can do it."""
    remote_id = await with_apps(workspace, target)
    workspace.users[remote_id]["isAdmin"] = True
    workspace.super_admin = False
    with pytest.raises(RecordRejected, match="super administrator, whom only another one can suspend"):
        await target.remove(ANA, remote_id)
    assert workspace.users[remote_id]["suspended"] is False


async def test_the_administrator_of_the_bridge_stays(workspace: Workspace, target: Allowed) -> None:
    """Who the bridge acts for is never suspended by it: it would lock itself out."""
    remote_id = workspace.user(ADMIN)["id"]
    with pytest.raises(RecordRejected, match="name another one in `admin` first"):
        await target.remove(ANA, remote_id)
    with pytest.raises(RecordRejected, match="name another one in `admin` first"):
        await target.upsert(ana(primaryEmail=ADMIN, active=False), remote_id)
    assert workspace.users[remote_id]["suspended"] is False


@pytest.mark.parametrize("reason", ["ABUSE", "UNDER13", "WEB_LOGIN_REQUIRED"])
async def test_what_google_has_suspended(workspace: Workspace, target: Allowed, reason: str) -> None:
    """Suspended by Google itself == never opened by the bridge; a leaver's is left as it is."""
    remote_id = await with_apps(workspace, target)
    workspace.users[remote_id] |= {"suspended": True, "suspensionReason": reason}
    with pytest.raises(RecordRejected, match=f"Google itself has suspended the account .{reason}."):
        await target.upsert(ana(), remote_id)
    assert await target.remove(ANA, remote_id) is Outcome.UNCHANGED
    assert writes(workspace) == []


async def test_an_archived_user(workspace: Workspace, target: Allowed) -> None:
    """Archived == no access, so nothing is to be taken, and only a person brings it back."""
    remote_id = await with_apps(workspace, target)
    workspace.users[remote_id]["archived"] = True
    assert await target.shows(ANA, remote_id) is False
    assert await target.remove(ANA, remote_id) is Outcome.UNCHANGED
    with pytest.raises(RecordRejected, match="archived"):
        await target.upsert(ana(), remote_id)
    assert writes(workspace) == []


async def test_a_leaver_who_was_deleted_there(workspace: Workspace, target: Allowed) -> None:
    """Deleted by hand, which Google says with 412 for 20 days == gone, and no error."""
    remote_id = await with_apps(workspace, target)
    workspace.deleted[remote_id] = workspace.users.pop(remote_id)
    assert await target.remove(ANA, remote_id) is Outcome.UNCHANGED
    assert await target.target.read(ANA, remote_id) is None
