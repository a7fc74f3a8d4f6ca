"""Who may ask the API what: hosts, pages of others, tokens, roles; and what is answered to nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from bridge.config.settings import BridgeSettings
from bridge.config.web_settings import Role
from service.operations.assembly import opened
from service.web.api.problems import Refused
from service.web.api.turns import Turns
from tests.service.web.asking import ENDPOINTS, JSON, TOKENS, WEB, Program, asking

_NONSENSE: tuple[tuple[str, str, Any, int, str], ...] = (
    ("GET", "/nowhere", None, 404, "openapi.json"),
    ("GET", "/targets/nowhere", None, 404, "there is no target 'nowhere'"),
    ("GET", "/people/nobody", None, 404, "Nothing is known of person:nobody."),
    ("GET", "/people?target=nowhere", None, 404, "there is no target 'nowhere'"),
    ("GET", "/people/nobody/forget", None, 404, "nobody has this"),
    ("POST", "/holds/none/approve", {"version": "1"}, 404, "there is no hold 'none'"),
    ("DELETE", "/targets", None, 405, "Allow"),
    ("POST", "/failures/retry", b'{"target":', 400, "not JSON"),
    ("POST", "/failures/retry", b"\xff\xfe", 400, "not JSON"),
    ("POST", "/failures/retry", b"[" * 100_000, 400, "not JSON"),
    ("POST", "/failures/retry", {"tarkget": "x"}, 422, "body.tarkget"),
    ("POST", "/failures/retry", {"record": "x"}, 404, "nobody has this"),
    ("POST", "/failures/retry", b" " * 2_000_000, 413, "more than is taken"),
    ("POST", "/failures/adopt", {"target": "nowhere", "record": "x", "account": "y"}, 404, "no target"),
    ("GET", "/people?limit=0", None, 422, "query.limit"),
    ("GET", "/people?limit=1&limit=2", None, 422, "query.limit is there more than once"),
    ("GET", "/people?lmit=2", None, 422, "query.lmit"),
    ("GET", "/people?after=nobody", None, 409, "begin again"),
    ("GET", "/audit?after=x", None, 422, "query.after"),
    ("GET", "/audit?since=2030-01-01", None, 422, "query.since"),
    ("GET", "/plan?on=2020-01-01", None, 422, "2020-01-01 has passed"),
    ("POST", "/people/x/forget", {"close": True}, 422, "body.for_good"),
    ("POST", "/poll", {}, 409, "no process watches Kenjo"),
)
"""What is asked, with which status it is refused, and what that says."""

Ask = Callable[..., AbstractAsyncContextManager[Program]]


@pytest.fixture
def ask(redis_url: str) -> Ask:
    """A function that starts a server with these settings of `web`; nothing has ever happened there."""

    @asynccontextmanager
    async def start(**web: Any) -> AsyncIterator[Program]:
        given = {"redis": {"url": f"{redis_url}?db=2"}, "web": {"port": 0, **web}}
        async with opened(BridgeSettings.model_validate(given)) as bridge, asking(bridge) as program:
            yield program

    return start


async def test_a_token_is_needed_and_says_who_asks(ask: Ask) -> None:
    """Without a token, with a wrong one, in another scheme == 401 that says how; with it == 200."""
    async with ask(**WEB) as program:
        for header in (
            "",
            f"Basic {TOKENS['viewer']}",
            f"Bearer {TOKENS['viewer'][:-1]}y",
            "Bearer \xff",
            "Bearer",
        ):
            found = await program("GET", "/targets", role=None, headers={"Authorization": header})
            assert (found.status, found.headers["WWW-Authenticate"][:6]) == (401, "Bearer"), header
            assert "Authorization: Bearer" in found.json["detail"]
        assert await program.get("/targets", role="viewer") == {"items": []}
        lower = {"Authorization": f"bearer {TOKENS['viewer']}"}
        assert (await program("GET", "/targets", role=None, headers=lower)).status == 200


async def test_nobody_has_a_token_yet(ask: Ask) -> None:
    """People sign in at the pages, no token is configured == 401 that names the command that makes one."""
    password = "scrypt$15$8$1$uUQaeQYaZBEoDFTPSW_b6Q$TK4rfrFVn8dyHZzWXuSnRUOkALajHldPD-6g71OJGX4"
    async with ask(users={"ana": {"password": password}}) as program:
        found = await program("GET", "/targets", role=None)
        assert (found.status, "kenjo-bridge web token" in found.json["detail"]) == (401, True)


async def test_what_each_role_may(ask: Ask) -> None:
    """Each address with each role == 403 exactly for those that are less than it needs."""
    order = list(Role)
    async with ask(**WEB) as program:
        for one in ENDPOINTS:
            assert one.needs
            for role in order:
                path = one.path.format(id="x", name="x") if "{" in one.path else one.path
                found = await program(one.method, path, {} if one.method == "POST" else None, role=role)
                refused = order.index(role) < order.index(one.needs)
                assert (found.status == 403) == refused, (one.path, role, found.status, found.text)
            if one.method == "POST":
                assert one.needs is not Role.VIEWER, one.path


async def test_on_this_machine_nobody_signs_in(ask: Ask) -> None:
    """Loopback, no users, no tokens == open; for no other name, no page of another site, and only to JSON."""
    async with ask() as program:
        assert (await program("GET", "/targets", role=None)).status == 200
        host = program.address.removeprefix("http://")
        for headers, status in (
            ({"Host": "evil.example"}, 421),
            ({"Host": "["}, 421),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Origin": f"http://{host}"}, 409),
            ({}, 409),  # nobody polls
        ):
            for method in ("POST", "GET"):
                found = await program(
                    method,
                    "/poll" if method == "POST" else "/holds",
                    {},
                    role=None,
                    headers={**JSON, **headers},
                )
                assert found.status == (200 if (method, status) == ("GET", 409) else status), headers
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            found = await program("POST", "/poll", b"{}", role=None, headers={"Content-Type": kind})
            assert found.status == 415, kind


async def test_where_there_is_no_api(ask: Ask) -> None:
    """Reachable by others and nobody signs in, or `pages: off` == nothing; with tokens == the API alone."""
    for web, there in (
        ({"host": "0.0.0.0"}, False),
        ({"pages": "off"}, False),
        ({"pages": "off", **WEB}, True),
        ({"host": "0.0.0.0", **WEB}, True),
    ):
        async with ask(**web) as program:
            program.address = program.address.replace("0.0.0.0", "127.0.0.1")
            async with program._session.get(f"{program.address}/api/v1/openapi.json") as answer:
                assert (answer.status == 200) == there, web
            async with program._session.get(f"{program.address}/") as answer:
                assert answer.status == 404
            if there:
                assert (await program("GET", "/targets", role=None)).status == 401


async def test_below_a_path_of_a_proxy(ask: Ask) -> None:
    """`base_path` == the API stands below it, and says so."""
    async with ask(base_path="/hr/bridge", **WEB) as program:
        assert (await program.document())["servers"] == [{"url": "/hr/bridge/api/v1"}]
        assert await program.get("/targets") == {"items": []}


async def test_one_thing_at_a_time() -> None:
    """A second plan, check or trial during another == 429 that says when; afterwards it is done."""
    turns = Turns()
    async with turns.one():
        with pytest.raises(Refused) as refused:
            async with asyncio.timeout(5), turns.one():
                pass
        assert (refused.value.status, int(refused.value.headers["Retry-After"]) > 0) == (429, True)
    async with turns.one():
        pass


async def test_what_cannot_be_done(ask: Ask) -> None:
    """Nonsense, and what is not there == a problem with the status for it, and a sentence."""
    async with ask(**WEB) as program:
        for method, path, body, status, says in _NONSENSE:
            found = await program(method, path, body, role="administrator")
            assert (found.status, says in found.json["detail"]) == (status, True), (path, found.text)
            assert found.json["type"] == "about:blank"
            if status == 405:
                assert set(found.headers["Allow"].split(",")) == {"GET", "HEAD"}
