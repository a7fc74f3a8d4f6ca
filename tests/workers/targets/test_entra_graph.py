"""Signing in, permissions, throttling and pages of Microsoft Graph; settings that are wrong."""

from __future__ import annotations

import dataclasses
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import ValidationError

from bridge.errors import RecordRejected, TargetHalted, TryLater
from bridge.model import Kind
from bridge.wire.tokens import Pocket, Token
from tests.workers.targets.entra_directory import EXTENSIONS
from tests.workers.targets.entra_rig import EntraRig, World, world
from tests.workers.targets.entra_server import CLIENT, SECRET, TENANT, entra_server
from workers.targets.base import Tools
from workers.targets.entra.settings import EntraSettings
from workers.targets.entra.target import ADAPTER
from workers.testing import proxy as faults
from workers.testing.proxy import Proxy
from workers.testing.rig import Allowed, connected, person


def settings(**own: Any) -> EntraSettings:
    usual = {"kind": "entra", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET}
    return EntraSettings.model_validate(usual | own)


# Signing in


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"client_secret": "planted-one"}, "the Value, not the Secret ID"),
        ({"client_secret": "expired"}, "has expired"),
        ({"client_id": "another"}, "no application with this client_id"),
        ({"tenant": "elsewhere.example"}, "no such tenant"),
    ],
)
async def test_a_refused_sign_in_says_what_to_do(own: dict[str, str], says: str) -> None:
    """Each of Microsoft's codes halts the target, in a sentence without the secret."""
    async with entra_server() as server:
        server.secrets["expired"] = "expired"
        rig = EntraRig(server)
        async with connected(ADAPTER, rig.settings(rig.origin) | own) as target:
            with pytest.raises(TargetHalted, match=says) as caught:
                await target.check()
        secret = own.get("client_secret", SECRET)
        assert secret == "expired" or secret not in str(caught.value)


async def test_another_code_is_told_in_microsofts_words() -> None:
    """A code that nobody foresaw halts the target too, with its number."""

    async def handle(_request: web.Request) -> web.Response:
        body = {"error_description": "AADSTS99999: No luck today.", "error_codes": [99999]}
        return web.json_response(body, status=400)

    application = web.Application()
    application.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    login_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with world(login_url=login_url) as w:
        with pytest.raises(TargetHalted, match="AADSTS99999"):
            await w.target.check()
    await runner.cleanup()


async def test_one_sign_in_for_all_requests() -> None:
    """A token is asked for once."""
    async with world() as w:
        await w.target.upsert(person(w.rig, 1), None)
        assert (await w.target.find(person(w.rig, 1)))[0].ours
        assert w.server.sign_ins == 1


async def test_a_token_that_ends_in_the_middle() -> None:
    """Another process's token, a minute old, is used; once it is refused another one is fetched."""
    async with entra_server() as server, aiohttp.ClientSession() as session:
        given = EntraSettings.model_validate(EntraRig(server).settings(server.public))
        vault = MinuteLater()
        await ADAPTER.connect(given, Tools(session, vault=vault)).size()
        target = ADAPTER.connect(given, Tools(session, vault=vault))
        await target.size()
        assert server.sign_ins == 1
        server.revoke_tokens()
        with pytest.raises(TryLater, match="401"):
            await target.size()
        await target.size()
        assert server.sign_ins == 2


async def test_tokens_of_others_are_not_used() -> None:
    """Who signs in with another secret gets a token of their own, or none, whatever the vault has."""
    async with entra_server() as server, aiohttp.ClientSession() as session:
        given, vault = EntraRig(server).settings(server.public), Pocket()
        await ADAPTER.connect(EntraSettings.model_validate(given), Tools(session, vault=vault)).size()
        wrong = EntraSettings.model_validate(given | {"client_secret": "planted-one"})
        with pytest.raises(TargetHalted):
            await ADAPTER.connect(wrong, Tools(session, vault=vault)).size()


class MinuteLater(Pocket):
    """A vault that is asked a minute after it was given a token."""

    async def get(self, name: str) -> Token | None:
        token = await super().get(name)
        return token and dataclasses.replace(token, made=token.made - 60)


async def test_a_token_that_was_revoked_when_it_was_young() -> None:
    """A token that is refused as soon as it was given says that the credentials are at fault."""
    async with world() as w:
        await w.target.target.size()
        w.server.revoke_tokens()
        with pytest.raises(TargetHalted, match="401"):
            await w.target.target.size()


def test_no_secret_is_shown() -> None:
    """Neither the settings nor what stands for them in a log show the secret."""
    shown = settings()
    assert SECRET not in f"{shown!r} {shown} {shown.model_dump()} {shown.server}"


async def test_no_secret_is_told() -> None:
    """No error of a sign-in or a request repeats the secret or a token."""
    async with world() as w:
        await w.target.target.size()
        (token,) = w.server.tokens
        w.proxy.fail_always(faults.answer(400, f'{{"error": {{"message": "{token} {SECRET}"}}}}'))
        with pytest.raises(RecordRejected) as caught:
            await w.target.target.size()
        assert token not in str(caught.value)
    async with world(client_secret="planted-and-wrong") as w:
        with pytest.raises(TargetHalted) as halted:
            await w.target.target.size()
        assert "planted" not in str(halted.value)


# Permissions, and what else a check sees


async def test_a_check_tells_what_there_is() -> None:
    """The number of users, and no problems."""
    async with world() as w:
        for number in range(3):
            await w.target.upsert(person(w.rig, number), None)
        greeting = await w.target.check()
        assert greeting.facts == ("Microsoft Graph, 3 users",)
        assert greeting.problems == ()


async def test_a_check_names_missing_permissions() -> None:
    """Those for sessions and groups are named, unless neither is asked for."""
    async with world() as w:
        w.server.roles = {"User.ReadWrite.All"}
        problems = (await w.target.check()).problems
        assert ["User.RevokeSessions.All" in problems[0], "Group.ReadWrite.All" in problems[1]] == [
            True,
            True,
        ]
    async with world(end_sessions=False, groups={"from": []}) as w:
        w.server.roles = {"User.ReadWrite.All"}
        assert (await w.target.check()).problems == ()
    async with world() as w:
        w.server.roles = {"User.Read.All"}
        assert any("User.ReadWrite.All" in one for one in (await w.target.check()).problems)


async def test_without_any_permission() -> None:
    """Nothing can be read: the target halts, and the sentence names the permission and where it is given."""
    async with world() as w:
        w.server.roles = set()
        for call in (w.target.check(), w.target.find(person(w.rig, 1))):
            with pytest.raises(TargetHalted, match=r"User\.ReadWrite\.All.*Grant admin consent"):
                await call


async def test_a_permission_to_read_only() -> None:
    """Users can be read and not written: the first write halts the target with the permission."""
    async with world() as w:
        w.server.roles = {"User.Read.All"}
        with pytest.raises(TargetHalted, match=r"User\.ReadWrite\.All"):
            await w.target.upsert(person(w.rig, 1), None)


async def test_a_permission_that_was_granted_meanwhile() -> None:
    """The token of before lacks it: a record that is refused is tried again with a new one."""
    async with entra_server() as server, aiohttp.ClientSession() as session:
        rig, vault = EntraRig(server), MinuteLater()
        given = EntraSettings.model_validate(rig.settings(server.public))
        server.roles = {"User.Read.All"}
        assert (await ADAPTER.connect(given, Tools(session, vault=vault)).check()).problems
        server.roles = {"User.ReadWrite.All", "User.RevokeSessions.All", "Group.ReadWrite.All"}
        target = Allowed(ADAPTER.connect(given, Tools(session, vault=vault)))
        with pytest.raises(TryLater, match="granted meanwhile"):
            await target.upsert(person(rig, 1), None)
        assert (await target.upsert(person(rig, 1), None)).remote_id
        assert not (await target.check()).problems


async def test_a_check_sees_that_the_place_for_ids_is_taken() -> None:
    """Another value than a Kenjo id in the attribute for ids is a problem, told with the number of users."""
    async with world() as w:
        w.put_user("ana", **{EXTENSIONS: {"extensionAttribute15": "0123456789abcdef01234567"}})
        assert not (await w.target.check()).problems
        w.put_user("ben", **{EXTENSIONS: {"extensionAttribute15": "badge 7"}})
        (problem,) = (await w.target.check()).problems
        assert "extensionAttribute15 of 1 user" in problem
        assert "badge" not in problem


# Throttling and passing faults


async def test_throttled() -> None:
    """429 with Retry-After holds back all requests for so long."""
    async with world() as w:
        w.server.throttled = 17
        with pytest.raises(TryLater) as caught:
            await w.target.find(person(w.rig, 1))
        assert caught.value.after == 17
        seen = len(w.proxy.seen)
        with pytest.raises(TryLater):
            await w.target.upsert(person(w.rig, 1), None)
        assert len(w.proxy.seen) == seen


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "Directory_ConcurrencyViolation"),
        (412, "PreconditionFailed"),
        (423, "Locked"),
        (503, "UnknownError"),
        (504, "UnknownError"),
    ],
)
async def test_passing_faults(status: int, code: str) -> None:
    """What may pass is tried later."""
    async with world() as w:
        await w.target.target.size()
        body = f'{{"error": {{"code": "{code}", "message": "Try again."}}}}'
        w.proxy.fail(faults.answer(status, body))
        with pytest.raises(TryLater):
            await w.target.upsert(person(w.rig, 1), None)


async def test_a_refusal_has_the_id_of_the_request() -> None:
    """Microsoft's support asks for it."""
    async with world() as w:
        with pytest.raises(RecordRejected, match=r"verified domain.* \(request-id [0-9a-f-]{36}\)"):
            await w.target.upsert(person(w.rig, 1, userPrincipalName="ana@elsewhere.example"), None)


# Lists


async def listed(w: World, kind: Kind = Kind.PERSON) -> tuple[list[str], bool]:
    pages = [page async for page in w.target.target.inventory(kind)]
    return [one.id for page in pages for one in page.remotes], pages[-1].whole


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_list_is_whole_at_its_end(kind: Kind) -> None:
    """All objects on many pages, once each; whole is the last page, and none before."""
    async with world() as w:
        w.server.page = 3
        for number in range(10):
            w.put_user(f"u{number:02d}")
            w.put_group(f"g{number:02d}")
        pages = [page async for page in w.target.target.inventory(kind)]
        assert [page.whole for page in pages][:-1] == [False] * (len(pages) - 1)
        ids, whole = await listed(w, kind)
        assert whole
        assert len(ids) == len(set(ids)) == 10


async def test_the_deleted_are_in_the_list() -> None:
    """By their Kenjo id, and as closed: whoever may get an account back is looked up, others are not."""
    async with world() as w:
        remote_id = (await w.target.upsert(person(w.rig, 1), None)).remote_id
        await w.target.remove(person(w.rig, 1).key, remote_id, "delete")
        pages = [page async for page in w.target.target.inventory(Kind.PERSON)]
        (one,) = (one for page in pages for one in page.remotes)
        assert one.open is False
        assert one.keys == {("kenjoId", w.rig.person(1)["kenjoId"])}


async def test_a_page_without_objects_is_no_end() -> None:
    """A page may be empty and name a next one: the list goes on."""
    async with world() as w:
        w.put_user("ana")

        async def empty_first(_proxy: Proxy, _request: Any) -> web.Response:
            link = f"{w.proxy.url}/v1.0/users?$select=id"
            return web.json_response({"value": [], "@odata.nextLink": link})

        w.proxy.fail(empty_first)
        ids, whole = await listed(w)
        assert (ids, whole) == (["id-ana"], True)


async def test_a_next_page_elsewhere_is_not_fetched() -> None:
    """The token goes to nobody else: not to another host, port, scheme or path."""
    async with world() as w:
        for link in (
            "https://evil.example/v1.0/users?$skiptoken=1",
            w.proxy.url.replace("127.0.0.1", "localhost") + "/v1.0/users",
            w.proxy.url + "/beta/users?$skiptoken=1",
            "http://[",
        ):
            w.proxy.seen.clear()
            w.proxy.fail(faults.answer(200, f'{{"value": [], "@odata.nextLink": "{link}"}}'))
            with pytest.raises(TryLater, match="another address"):
                await listed(w)
            assert len(w.proxy.seen) == 1


async def test_pages_that_go_round() -> None:
    """A next page that was fetched before ends the list, which is not whole."""
    async with world() as w:
        link = f"{w.proxy.url}/v1.0/users?$skiptoken=1"
        w.proxy.fail_always(faults.answer(200, f'{{"value": [], "@odata.nextLink": "{link}"}}'))
        with pytest.raises(TryLater, match="without an end"):
            await listed(w)
        assert len(w.proxy.seen) == 2


async def test_an_odd_answer_is_no_list() -> None:
    """JSON that is no list of Microsoft Graph is not an empty one: nobody is created because of it."""
    async with world() as w:
        for body in ("[]", "{}", '{"value": {}}', "7"):
            w.proxy.fail(faults.answer(200, body))
            with pytest.raises(TryLater, match="base_url"):
                await w.target.find(person(w.rig, 1))


async def test_a_look_up_that_fails_finds_nobody_missing() -> None:
    """A refused filter is no proof that nobody is there."""
    async with world() as w:
        w.proxy.fail(faults.answer(400, '{"error": {"code": "Request_UnsupportedQuery", "message": "no"}}'))
        with pytest.raises(RecordRejected):
            await w.target.find(person(w.rig, 1))


# Settings


@pytest.mark.parametrize(
    "own",
    [
        {"tenant": ""},
        {"tenant": "a/b"},
        {"tenant": None},
        {"client_id": ""},
        {"client_secret": " "},
        {"login_url": "ftp://x"},
        {"base_url": "graph"},
        {"kenjo_id_attribute": "employeeId"},
        {"kenjo_id_attribute": "extensionAttribute16"},
        {"match": ["jobTitle"]},
        {"match": []},
        {"match_groups": ["mail"]},
        {"only_at_create": ["nickName"]},
        {"map": {"extensionAttribute15": "person.id"}},
    ],
)
def test_settings_that_are_wrong(own: dict[str, Any]) -> None:
    """Each is refused by its name, and the secret is not shown."""
    with pytest.raises(ValidationError) as caught:
        settings(**own)
    assert next(iter(own)) in str(caught.value)
    assert SECRET not in str(caught.value)


def test_settings_that_lead_elsewhere() -> None:
    """Two tenants with credentials of their own are two targets; one tenant twice is one."""
    one, other = settings(), settings(tenant="other.example", client_secret="another")
    assert not one.shares(other)
    assert one.shares(settings(client_secret="another"))
    assert one.server != other.server
