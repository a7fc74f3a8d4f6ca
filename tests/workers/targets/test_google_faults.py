"""When Google Workspace asks to wait, refuses, shows late what was made, or answers what it never answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from bridge.errors import NotFound, RecordRejected, TargetHalted, TryLater
from bridge.model import Key, Kind, Outcome
from tests.workers.targets.google_rig import GoogleRig, ana, google_target, sales
from tests.workers.targets.google_server import Workspace, error, google_server
from workers.testing.proxy import at, lost
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


def always(workspace: Workspace, answer: Callable[[], web.Response], method: str = "") -> None:
    workspace.faults.append(lambda request: answer() if method in ("", request.method) else None)


# Asked to wait


@pytest.mark.parametrize(
    ("status", "reason", "headers", "after"),
    [
        (403, "userRateLimitExceeded", {}, 5),
        (403, "rateLimitExceeded", {"Retry-After": "20"}, 20),
        (403, "quotaExceeded", {}, 5),
        (403, "dailyLimitExceeded", {}, 3600),
        (429, "rateLimitExceeded", {"Retry-After": "7"}, 7),
        (503, "backendError", {"Retry-After": "9"}, 9),
        (503, "backendError", {}, None),
    ],
)
async def test_throttled(
    workspace: Workspace, target: Allowed, status: int, reason: str, headers: dict[str, str], after: Any
) -> None:
    """Each form in which Google asks to wait == TryLater with its seconds, for a read as for a write."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    always(workspace, lambda: error(status, reason, "Slow down", **headers))
    with pytest.raises(TryLater) as caught:
        await target.target.read(ANA, remote_id)
    assert caught.value.after == after
    assert not caught.value.unreachable


async def test_throttled_while_writing(workspace: Workspace, target: Allowed) -> None:
    """A 403 that asks to wait is no refusal of the record."""
    always(workspace, lambda: error(403, "quotaExceeded", "Quota exceeded"), "POST")
    with pytest.raises(TryLater) as caught:
        await target.upsert(ana(), None)
    assert caught.value.after == 5


# Refused


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("forbidden", "the administrator named in `admin` lacks the privilege"),
        ("notAuthorized", "the administrator named in `admin` lacks the privilege"),
        ("insufficientPermissions", "the token lacks a scope"),
        ("accessNotConfigured", "enable the Admin SDK API"),
        ("domainCannotUseApis", "allow API access in the Admin console"),
    ],
)
async def test_refused(workspace: Workspace, target: Allowed, reason: str, says: str) -> None:
    """A 403 at reading halts the target, at writing it rejects the one record; either says what to do."""
    always(workspace, lambda: error(403, reason, "Not Authorized to access this resource/API"), "POST")
    with pytest.raises(RecordRejected, match=says):
        await target.upsert(ana(), None)
    always(workspace, lambda: error(403, reason, "Not Authorized to access this resource/API"), "GET")
    with pytest.raises(TargetHalted, match=says):
        await target.find(ana())


async def test_an_address_in_a_foreign_domain(workspace: Workspace, target: Allowed) -> None:
    """Google says 403 to the look-up of a foreign address == that person is rejected, the others go on."""

    def foreign(request: web.Request) -> web.Response | None:
        if "elsewhere" in request.path:
            return error(403, "forbidden", "Not Authorized to access this resource/API")
        return None

    workspace.faults.append(foreign)
    with pytest.raises(RecordRejected, match="in none of this account's domains"):
        await target.find(ana(primaryEmail="ana@elsewhere.example"))
    assert await target.find(ana()) == []


async def test_a_scope_that_was_taken_away(workspace: Workspace, target: Allowed) -> None:
    """The token is good for less than before == halted, with a word about the scope."""
    await target.find(ana())
    for given in workspace.sign_in.given.values():
        given.scopes.clear()
    with pytest.raises(TargetHalted, match="the token lacks a scope"):
        await target.find(ana())


# Shown late, or deleted


async def test_a_new_account_is_shown_late(workspace: Workspace, target: Allowed) -> None:
    """Just created, and answered 404 == looked at again later; it is not called gone."""
    workspace.lateness = 2
    remote_id = (await target.upsert(ana(), None)).remote_id
    for _ in range(2):
        with pytest.raises(TryLater, match="created a moment ago"):
            await target.upsert(ana(active=False), remote_id)
    assert (await target.upsert(ana(active=False), remote_id)).outcome is Outcome.UPDATED


async def test_a_new_account_is_not_complete(workspace: Workspace, target: Allowed) -> None:
    """412 "User creation is not complete" == looked at again later."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    always(workspace, lambda: error(412, "conditionNotMet", "User creation is not complete."), "PUT")
    with pytest.raises(TryLater) as caught:
        await target.upsert(ana(active=False), remote_id)
    assert not caught.value.of_the_target


async def test_an_account_that_was_deleted(workspace: Workspace, target: Allowed) -> None:
    """412 "User is deleted" == not there, also for one that was created a moment ago."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    workspace.deleted[remote_id] = workspace.users.pop(remote_id)
    with pytest.raises(NotFound):
        await target.upsert(ana(), remote_id)


@pytest.mark.parametrize("searchable", [True, False])
async def test_a_create_without_an_answer(workspace: Workspace, searchable: bool) -> None:
    """The answer gets lost == the account is found once, as ours, also while the search lags behind."""
    workspace.searchable = searchable
    rig = GoogleRig(workspace)
    async with rig.reached() as (target, line):
        await target.find(ana())
        line.fail(at("POST", lost))  # type: ignore[attr-defined]
        with pytest.raises(TryLater) as caught:
            await target.upsert(ana(), None)
        assert caught.value.unreachable
        (found,) = await target.find(ana())
    assert found.ours
    assert await rig.count(Kind.PERSON) == 1


# Not Google's words


@pytest.mark.parametrize("body", ["<html>not found</html>", "{}", '{"error": "not_found"}'])
async def test_a_404_that_is_not_googles(workspace: Workspace, target: Allowed, body: str) -> None:
    """A wrong address, or a gateway, answers 404 == nobody is called gone, found absent or removed."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    always(workspace, lambda: web.Response(status=404, text=body, content_type="application/json"))
    for call in (target.remove(ANA, remote_id), target.find(ana()), target.upsert(ana(), remote_id)):
        with pytest.raises(TryLater, match="is base_url right"):
            await call


@pytest.mark.parametrize("body", [{}, {"kind": "admin#directory#groups"}, {"users": []}, []])
async def test_what_is_no_list(workspace: Workspace, target: Allowed, body: Any) -> None:
    """JSON without the kind of a list of users proves nobody's absence."""
    always(workspace, lambda: web.json_response(body))
    with pytest.raises(TryLater):
        await target.find(ana())
    with pytest.raises(TryLater):
        _ = [page async for page in target.target.inventory(Kind.PERSON)]


async def test_a_user_without_an_id(workspace: Workspace, target: Allowed) -> None:
    """An object that is none is not taken for the account."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    always(workspace, lambda: web.json_response({"ok": True}))
    with pytest.raises(TryLater):
        await target.target.read(ANA, remote_id)


# Lists


async def test_a_long_list(workspace: Workspace, target: Allowed) -> None:
    """1,100 users, 500 on a page == all of them, whole on the last page only, and counted."""
    for number in range(1100):
        workspace.add_user(f"u{number}@example.com")
    pages = [page async for page in target.target.inventory(Kind.PERSON)]
    assert [(len(page.remotes), page.whole) for page in pages] == [(500, False), (500, False), (101, True)]
    assert await target.target.size() == 1101


async def test_a_list_without_an_end(workspace: Workspace, target: Allowed) -> None:
    """The same page again and again == it ends, is not whole, and proves nobody's absence."""
    remote_id = (await target.upsert(ana(), None)).remote_id
    page = {"kind": "admin#directory#users", "nextPageToken": "x", "users": [{"id": remote_id}]}
    always(workspace, lambda: web.json_response(page), "GET")
    pages = [page async for page in target.target.inventory(Kind.PERSON)]
    assert len(pages) <= 3
    assert not any(page.whole for page in pages)
    with pytest.raises(TryLater, match="without an end"):
        await target.find(ana())


async def test_one_domain_only(workspace: Workspace) -> None:
    """`domain` == only its accounts and groups are listed and counted."""
    workspace.add_user("a@example.org")
    workspace.add_group("g@example.org")
    workspace.add_group("g@example.com")
    async with google_target(workspace, domain="example.org") as target:
        assert await target.target.size() == 1
        groups = [page async for page in target.target.inventory(Kind.TEAM)]
        assert [remote.external_id for page in groups for remote in page.remotes] == [""]
        assert (await target.check()).facts == ("Google Workspace, example.com, 1 user, 1 group",)


async def test_no_value_of_a_person_in_a_refusal(workspace: Workspace, target: Allowed) -> None:
    """Google repeats what was sent == the error text does not."""
    always(workspace, lambda: error(400, "invalid", "Invalid Input: ana@example.com, Müller"), "POST")
    with pytest.raises(RecordRejected) as caught:
        await target.upsert(ana(), None)
    assert "ana@" not in str(caught.value)
    assert "Müller" not in str(caught.value)
    password = json.dumps([body for _, _, body in workspace.bodies if body])
    assert "password" in password
    assert not any(word in str(caught.value) for word in password.split('"') if len(word) > 40)


async def test_a_group_is_not_looked_for_in_half_a_list(workspace: Workspace, target: Allowed) -> None:
    """The list of groups has no end == no group is created beside one that may be in its rest."""
    page = {"kind": "admin#directory#groups", "nextPageToken": "x"}
    workspace.faults.append(
        lambda request: web.json_response(page) if request.path.endswith("/groups") else None
    )
    with pytest.raises(TryLater, match="without an end"):
        await target.find(sales([]))
