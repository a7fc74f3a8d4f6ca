"""What stands before every page: hosts, sessions, roles, forms, headers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bridge.config.web_settings import WebSettings
from bridge.errors import ConfigurationError
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web import guard
from service.web.pages.site import Site
from service.web.shown import attached
from tests.service.operated import Operator
from tests.service.web.served import PASSWORD, pages, served, users

USERS = users(vera="viewer", olga="operator", adam="administrator")


@pytest.fixture
async def bridge(fresh: Operator) -> AsyncIterator[Bridge]:
    """A bridge that nobody has used yet; it opens to who signs in."""
    fresh.here.config["web"] = {"port": 0, "users": USERS, "secure": False}
    async with fresh.bridge() as ready:
        yield ready


@pytest.fixture
async def address(fresh: Operator) -> AsyncIterator[str]:
    """Where its pages are."""
    async with pages(fresh, users=USERS, secure=False) as ready:
        yield ready


def session() -> aiohttp.ClientSession:
    """A browser that follows no redirect by itself."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def sign_in(
    browser: aiohttp.ClientSession, address: str, name: str, **form: Any
) -> aiohttp.ClientResponse:
    """The answer to name and password."""
    form = {"name": name, "password": PASSWORD, **form}
    return await browser.post(
        f"{address}/sign-in", data=form, headers={"Origin": address}, allow_redirects=False
    )


def token_of(page: str) -> str:
    """What a form of a page has to carry."""
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


def paths(bridge: Bridge) -> list[tuple[str, str]]:
    """Every route of the pages, with made-up parts: method and path."""
    app = web.Application()
    Site(bridge, Board(bridge)).attach(app)
    found = []
    for route in app.router.routes():
        assert route.resource
        path = re.sub(r"\{kind:[^}]*\}", "people", route.resource.canonical.replace("{kind}", "people"))
        path = path.replace("{id}", "x").replace("{name}", "style.css").replace("{way}", "undo")
        found.append((route.method, path))
    return [(method, path) for method, path in found if method != "HEAD"]


async def test_every_answer_is_guarded(bridge: Bridge, address: str) -> None:
    """Each route, signed in or not, right or wrong == the headers, and nothing that a cache may keep."""
    async with session() as browser:
        for signed_in in (False, True):
            if signed_in:
                assert (await sign_in(browser, address, "adam")).status == 303
            for method, path in paths(bridge):
                async with browser.request(method, address + path, allow_redirects=False) as answer:
                    assert guard.HEADERS.items() <= dict(answer.headers).items(), path
                    kept = "public, max-age=31536000, immutable" if path.startswith("/static") else "no-store"
                    assert answer.headers["Cache-Control"] == kept, path


async def test_nothing_is_shown_to_who_has_not_signed_in(bridge: Bridge, address: str) -> None:
    """Each route but the form and its files == a way to the form, or 401."""
    async with session() as browser:
        for method, path in paths(bridge):
            async with browser.request(method, address + path, allow_redirects=False) as answer:
                if path == "/sign-in" or path.startswith("/static") or path == "/preferences":
                    continue
                assert answer.status == (303 if method == "GET" else 401), path
                if method == "GET":
                    assert answer.headers["Location"].startswith("/sign-in?to=%2F"), path


@pytest.mark.parametrize(("name", "status"), [("vera", 403), ("olga", 200), ("adam", 200)])
async def test_roles(address: str, name: str, status: int) -> None:
    """A viewer decides nothing, and only administrators see the settings; the form of either is refused."""
    async with session() as browser:
        await sign_in(browser, address, name)
        async with browser.get(f"{address}/settings") as answer:
            assert answer.status == (200 if name == "adam" else 403)
        async with browser.get(address) as answer:
            page = await answer.text()
        assert ('href="/settings"' in page) == (name == "adam")
        form = {"token": token_of(page), "target": "directory"}
        for path in ("/decide/retry", "/people/x/adopt", "/decide/holds/x", "/people/x/retry"):
            async with browser.post(address + path, data=form, headers={"Origin": address}) as answer:
                assert (answer.status == 403) == (status == 403), path


async def test_forms_of_others_are_refused(address: str) -> None:
    """Another site's Origin, no Origin, another session's token or none == 403, and nothing is done."""
    async with session() as browser, session() as other:
        for one in (browser, other):
            await sign_in(one, address, "olga")
        async with browser.get(address) as answer:
            mine = token_of(await answer.text())
        async with other.get(address) as answer:
            theirs = token_of(await answer.text())
        ours = {"Origin": address}
        for headers, token in (
            ({"Origin": "https://evil.example"}, mine),
            ({"Origin": "null"}, mine),
            ({"Origin": "http://["}, mine),
            ({}, mine),
            ({**ours, "Sec-Fetch-Site": "cross-site"}, mine),
            ({**ours, "Sec-Fetch-Site": "same-site"}, mine),
            (ours, theirs),
            (ours, ""),
            (ours, "é"),
        ):
            form = {"token": token}
            async with browser.post(f"{address}/decide/retry", data=form, headers=headers) as answer:
                assert answer.status == 403, (headers, token)
        async with browser.post(f"{address}/decide/retry", data={"token": mine}, headers=ours) as answer:
            assert answer.status == 200


async def test_a_foreign_host_is_refused(fresh: Operator) -> None:
    """A name that is not ours == 421: a page elsewhere cannot be let to this address by DNS."""
    hosts = ("evil.example", "127.0.0.1.evil.example", "", "[::1", "bridge.example.com.evil")
    async with pages(fresh, hosts=["Bridge.example.com"], users=USERS) as address, session() as browser:
        for host in hosts:
            async with browser.get(address, headers={"Host": host}) as answer:
                assert answer.status == 421, host
                assert "<nav" not in await answer.text()


async def test_names_of_ours_may_be_used(fresh: Operator) -> None:
    """Names of this machine and those of web.hosts == the page, with any port and in any case."""
    named = {"hosts": ["Bridge.example.com"], "users": USERS}
    async with pages(fresh, **named) as address, session() as browser:
        for host in ("localhost:8080", "127.0.0.1", "[::1]:80", "bridge.EXAMPLE.com"):
            async with browser.get(f"{address}/sign-in", headers={"Host": host}) as answer:
                assert answer.status == 200, host


@pytest.mark.parametrize(("secure", "path"), [(True, ""), (False, "/bridge")])
async def test_cookies_are_for_us_alone(fresh: Operator, secure: bool, path: str) -> None:
    """The session's cookie == HttpOnly, SameSite=Lax, for our path, and over https unless that is off."""
    settings = {"users": USERS, "secure": secure, "base_path": path, "session_hours": 2}
    async with pages(fresh, **settings) as address, session() as browser:
        origin = address.removesuffix(path)
        form = {"name": "vera", "password": PASSWORD}
        async with browser.post(
            f"{address}/sign-in", data=form, headers={"Origin": origin}, allow_redirects=False
        ) as answer:
            cookie = answer.cookies[guard.COOKIE]
            assert answer.headers["Location"] == f"{path}/"
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) is secure
    assert (cookie["path"], cookie["max-age"]) == (path or "/", "7200")


async def test_after_signing_in_nobody_is_sent_elsewhere(address: str) -> None:
    """A wish to go to another host == the overview."""
    tos = ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x", "x")
    for to in (*tos, "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example"):
        async with session() as browser:
            assert (await sign_in(browser, address, "vera", to=to)).headers["Location"] == "/", to


async def test_who_has_signed_in_may_sign_in_as_another(address: str) -> None:
    """The form of a page that was left open, or found by going back == a session of who signs in now."""
    async with session() as browser:
        await sign_in(browser, address, "vera")
        async with browser.get(f"{address}/sign-in") as answer:
            token = token_of(await answer.text())
        assert (await sign_in(browser, address, "adam", token=token)).status == 303
        async with browser.get(f"{address}/settings") as answer:
            assert answer.status == 200


async def test_who_has_chosen_a_language_comes_back(address: str) -> None:
    """The page from which it was chosen, with its query == where to go; never another host."""
    came = {
        f"{address}/people?q=ana": "/people?q=ana",
        f"{address}//evil.example/": "/",
        "": "/",
        "http://[": "/",
    }
    async with session() as browser:
        await sign_in(browser, address, "vera")
        async with browser.get(address) as answer:
            form = {"token": token_of(await answer.text()), "language": "de", "theme": "pink"}
        for referer, path in came.items():
            headers = {"Origin": address, "Referer": referer}
            async with browser.post(
                f"{address}/preferences", data=form, headers=headers, allow_redirects=False
            ) as answer:
                assert answer.headers["Location"] == path
                assert [*answer.cookies] == ["kenjo-bridge-language"]
        async with browser.get(f"{address}/people") as answer:
            assert '<html lang="de"' in await answer.text()


async def test_who_signs_in_stands_in_the_audit_log(address: str, bridge: Bridge) -> None:
    """Signing in and out == two events with the name; no password and nothing of a wrong one."""
    async with session() as browser:
        await sign_in(browser, address, "olga", password="guess")
        await sign_in(browser, address, "olga")
        async with browser.get(address) as answer:
            form = {"token": token_of(await answer.text())}
        async with browser.post(f"{address}/sign-out", data=form, headers={"Origin": address}) as answer:
            assert answer.url.path == "/sign-in"
        async with browser.get(address, allow_redirects=False) as answer:
            assert answer.status == 303
    events = [{**event, "at": 0} for event in await bridge.backend.audit.read(10)]
    assert events == [
        {"at": 0, "what": "signed out", "by": "olga"},
        {"at": 0, "what": "signed in", "by": "olga"},
    ]


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "bridge.example.com"])
async def test_pages_for_everybody_are_refused(fresh: Operator, host: str) -> None:
    """`pages: on` where others reach it and nobody signs in == a sentence that says what to set."""
    fresh.here.config["web"] = {"pages": "on", "host": host}
    async with fresh.bridge() as bridge:
        with pytest.raises(ConfigurationError, match=f"whoever reaches {host} could decide .* set web.users"):
            attached(bridge, Board(bridge))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": "0.0.0.0"}, "as nobody signs in: set web.users"),
        ({"hosts": ["bridge.example.com"]}, "as nobody signs in: set web.users"),
        ({"pages": "off"}, "web.pages is off"),
    ],
)
async def test_without_pages_it_is_said_why(fresh: Operator, settings: dict[str, Any], words: str) -> None:
    """No pages == 404 with the reason, while health and metrics are there."""
    fresh.here.config["web"] = settings
    async with fresh.bridge() as bridge:
        show = attached(bridge, Board(bridge))
        async with served(bridge, WebSettings(port=0), show) as address, session() as browser:
            async with browser.get(address) as answer:
                assert answer.status == 404
                assert words in await answer.text()
            async with browser.get(f"{address}/healthz") as answer:
                assert answer.status == 200


async def test_a_redis_that_was_changed_is_said_on_a_page(fresh: Operator) -> None:
    """A value that cannot be read == 503 and a page with a sentence."""
    await fresh.sync()
    async with fresh.backend() as backend:
        ledger = backend.ledger("directory")
        await fresh.redis.hset(ledger._key("ledger"), f"person:{fresh.people()[0]}", b"j{")
    async with pages(fresh) as address, session() as browser, browser.get(address) as answer:
        assert answer.status == 503
        assert 'role="alert"' in await answer.text()
