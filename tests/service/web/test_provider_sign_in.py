"""Signing in at a provider, at the pages: what the browser is told, keeps and is shown."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import aiohttp

from bridge.config.web_settings import WebSettings
from service.web.guard import COOKIE
from service.web.pages import provider_sign_in
from tests.service.openid.provider import OpenIdProvider
from tests.service.openid.signing_in import settings
from tests.service.operated import Operator
from tests.service.web.away import Browser, browsing, events
from tests.service.web.served import pages, users


async def test_somebody_signs_in(fresh: Operator, browser: Browser) -> None:
    """From the page that was asked for, over the provider, to it == a session with a role, and an event."""
    asked = await browser.get("/hr/people?q=ana")
    page = await (await browser.get(asked.headers["Location"])).text()
    link = re.search(r'href="(/hr/sign-in/provider[^"]*)"', page)
    assert link
    back = await browser.away(link[1].replace("&amp;", "&"))
    assert back.startswith("https://bridge.example.com/hr/sign-in/return?")
    came = await browser.get(back)
    assert (came.status, came.headers["Location"]) == (303, "/hr/people?q=ana")
    shown = await (await browser.get("/hr/people")).text()
    assert "Keycloak: ines@example.com (operator)" in shown
    who = {"by": "Keycloak: ines@example.com", "subject": "248289761001"}
    assert await events(fresh) == [{"what": "signed in", **who}]


async def test_nothing_secret_stays(fresh: Operator, browser: Browser, caplog: Any, capsys: Any) -> None:
    """Code, state, tokens == in no log, no page, no later address, no audit event."""
    back = await browser.away()
    secret = set(re.findall(r"(?:code|state)=([^&]+)", back))
    came = await browser.get(back)
    again = await browser.get(back)
    shown = [came, again, await browser.get("/hr/"), await browser.get(again.headers["Location"])]
    said = [str(await events(fresh)), caplog.text, *capsys.readouterr()]
    said += [await one.text() + one.headers.get("Location", "") for one in shown]
    assert (len(secret), "signed in" in said[0]) == (2, True)
    assert [word for word in (*secret, "eyJ", "code=") for text in said if word in text] == []


async def test_the_cookie_of_a_sign_in(browser: Browser) -> None:
    """What is kept meanwhile == HttpOnly, Lax, over https, for our path and ten minutes; taken back after."""
    away = await browser.get("/hr/sign-in/provider")
    cookie = away.cookies[provider_sign_in.COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["max-age"]) == ("/hr", "600")
    await browser.sign_in()
    assert [*browser.cookies] == [COOKIE]


async def test_an_answer_counts_once(fresh: Operator, provider: OpenIdProvider, browser: Browser) -> None:
    """The same answer again, with the cookie that belongs to it, at a provider that minds nothing == no."""
    provider.ways.lenient = True
    back = await browser.away()
    kept = dict(browser.cookies)
    assert (await browser.get(back)).headers["Location"] == "/hr/"
    browser.cookies = kept
    again = await browser.get(back)
    assert again.headers["Location"].startswith("/hr/sign-in?why=stale")
    assert COOKIE not in browser.cookies
    assert len(await events(fresh)) == 1


async def test_an_answer_in_another_browser(
    fresh: Operator, provider: OpenIdProvider, browser: Browser
) -> None:
    """Somebody's answer in a browser that began no sign-in, or another one == nobody is signed in."""
    provider.ways.lenient = True
    async with browsing(fresh, provider) as other:
        theirs = await other.away()
        for begins in (False, True):
            if begins:
                await browser.away()
            refused = await browser.get(theirs)
            assert refused.headers["Location"].startswith("/hr/sign-in?why=stale")
            assert COOKIE not in browser.cookies
    assert await events(fresh) == []


async def test_nobody_makes_up_a_sign_in(browser: Browser) -> None:
    """A cookie that was changed, or is a session's == no sign-in."""
    await browser.sign_in()
    session = browser.cookies[COOKIE]
    back = await browser.away()
    for text in (session, browser.cookies[provider_sign_in.COOKIE][:-1] + "x", "", "é"):
        browser.cookies = {provider_sign_in.COOKIE: text}
        assert "why=stale" in (await browser.get(back)).headers["Location"], text
    kept = (await browser.get("/hr/sign-in/provider")).cookies[provider_sign_in.COOKIE].value
    browser.cookies = {COOKIE: kept}
    assert (await browser.get("/hr/")).status == 303


async def test_nobody_is_sent_elsewhere(browser: Browser) -> None:
    """A wish to go to another host after signing in == the overview."""
    for to in ("https://evil.example/", "//evil.example/", "/\\evil.example", "/hr/\t/evil.example", "x"):
        came = await browser.sign_in(f"/hr/sign-in/provider?to={quote(to)}")
        assert came.headers["Location"] == "/hr/", to


async def test_signing_out(fresh: Operator, browser: Browser) -> None:
    """The session ends here, the browser goes on to the provider, and comes back to the page to sign in."""
    await browser.sign_in()
    token = re.search(r'name="token" value="([^"]+)"', await (await browser.get("/hr/")).text())
    assert token
    out = await browser.post("/hr/sign-out", token=token[1])
    assert (out.status, COOKIE in browser.cookies) == (200, False)
    address = out.headers["Refresh"].removeprefix("0; url=")
    assert "client_id=kenjo-bridge" in address
    assert "token" not in address
    async with aiohttp.ClientSession() as other, other.get(address, allow_redirects=False) as answer:
        back = answer.headers["Location"]
    assert back == "https://bridge.example.com/hr/sign-in/return"
    assert (await browser.get(back)).headers["Location"] == "/hr/sign-in"
    assert [one["what"] for one in await events(fresh)] == ["signed in", "signed out"]


async def test_only_the_provider(fresh: Operator, provider: OpenIdProvider) -> None:
    """Without `web.users` == its button alone, and it lets people in as well as others would."""
    async with browsing(fresh, provider, users={}) as browser:
        page = await (await browser.get("/hr/sign-in")).text()
        assert ("Sign in with Keycloak" in page, 'type="password"' in page) == (True, False)
        assert (await browser.get("/hr/")).status == 303
        assert (await browser.sign_in()).headers["Location"] == "/hr/"


async def test_without_a_provider_there_is_no_way_to_it(fresh: Operator) -> None:
    """No `web.oidc` == no button, and nothing at its addresses."""
    async with pages(fresh, users=users(olga="operator")) as address, aiohttp.ClientSession() as session:
        async with session.get(f"{address}/sign-in") as answer:
            assert "/sign-in/provider" not in await answer.text()
        for path in ("provider", "return"):
            async with session.get(f"{address}/sign-in/{path}") as answer:
                assert answer.status == 404


async def test_others_decide_nothing_without_signing_in(provider: OpenIdProvider) -> None:
    """`web.oidc` alone == people sign in: pages are shown where others reach them, and the API is shut."""
    open_to_others = WebSettings(host="0.0.0.0", oidc=settings(provider))
    assert (open_to_others.shows_pages, open_to_others.api_is_open) == (True, False)
