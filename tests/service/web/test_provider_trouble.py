"""Signing in at a provider that is down, refuses, knows no role or proves nothing: what people read then."""

from __future__ import annotations

import re

import pytest

from service.web.guard import COOKIE
from tests.service.openid.provider import OpenIdProvider
from tests.service.openid.signer import Signer
from tests.service.operated import Operator
from tests.service.web.away import Browser, browsing, events
from tests.service.web.served import PASSWORD


async def test_somebody_without_a_role(fresh: Operator, provider: OpenIdProvider, browser: Browser) -> None:
    """A sentence on a page, the way to another account, no session, and an event that says who it was."""
    provider.ways.claims = {"roles": ["Sales"]}
    came = await browser.sign_in("/hr/sign-in/provider?to=/hr/people")
    page = await browser.get(came.headers["Location"])
    assert page.status == 403
    text = await page.text()
    assert "Keycloak knows you, but gives you no role here: ask your administrator for one." in text
    assert "/hr/sign-in/provider?to=%2Fhr%2Fpeople&amp;choose=1" in text
    assert "ines@example.com" not in text + came.headers["Location"]
    assert COOKIE not in browser.cookies
    assert (await browser.get("/hr/people")).status == 303
    assert await events(fresh) == [
        {
            "what": "sign-in refused",
            "by": "Keycloak: ines@example.com",
            "subject": "248289761001",
            "reason": "the claim roles has no value that web.oidc.roles gives a role",
        }
    ]
    provider.ways.claims = {}
    assert "prompt=select_account" in (await browser.get("/hr/sign-in/provider?choose=1")).headers["Location"]


async def test_a_provider_that_is_down(fresh: Operator, provider: OpenIdProvider, browser: Browser) -> None:
    """Before and during a sign-in == a sentence, and who has a password goes on with it."""
    back = await browser.away()
    provider.ways.down = True
    for path in (back, "/hr/sign-in/provider"):
        async with browsing(fresh, provider) as other:
            other.cookies = dict(browser.cookies)
            page = await other.get((await other.get(path)).headers["Location"])
            assert (page.status, "Keycloak cannot be used now" in await page.text()) == (503, True)
            assert (await other.post("/hr/sign-in", name="olga", password=PASSWORD)).status == 303
            assert "olga (operator)" in await (await other.get("/hr/")).text()


@pytest.mark.parametrize("error", ["access_denied", "interaction_required", "<script>"])
async def test_who_gives_up_at_the_provider(provider: OpenIdProvider, browser: Browser, error: str) -> None:
    """An error in place of a code == a sentence of ours alone."""
    provider.ways.answers = {"code": "", "error": error, "error_description": "<b>pay here</b>"}
    page = await browser.get((await browser.sign_in()).headers["Location"])
    text = await page.text()
    assert (page.status, "Keycloak did not let you in." in text) == (403, True)
    assert "pay" not in text


async def test_who_is_not_proven(provider: OpenIdProvider, browser: Browser) -> None:
    """A token of a stranger == a sentence, and no session."""
    provider.ways.spoiled = Signer("stranger", "ES256").token
    page = await browser.get((await browser.sign_in()).headers["Location"])
    assert "Keycloak does not prove who you are" in await page.text()
    assert COOKIE not in browser.cookies


async def test_a_made_up_reason_says_nothing(browser: Browser) -> None:
    """A reason in the address that is none of ours == the page without one."""
    page = await browser.get("/hr/sign-in?why=%3Cscript%3E")
    assert (page.status, 'role="alert"' in await page.text()) == (200, False)


async def test_many_tries_are_slowed_down(provider: OpenIdProvider, browser: Browser) -> None:
    """Twenty-five answers in vain from one address == nobody by the provider, who is asked no more."""
    provider.ways.spoiled = Signer("stranger", "ES256").token
    for _ in range(25):
        assert "why=not-proven" in (await browser.sign_in()).headers["Location"]
    asked = provider.asked.count("/token/")
    page = await browser.get((await browser.sign_in()).headers["Location"])
    assert (page.status, provider.asked.count("/token/")) == (429, asked)
    assert (await browser.post("/hr/sign-in", name="olga", password=PASSWORD)).status == 303


async def test_signing_out_where_the_provider_is_down(
    fresh: Operator, provider: OpenIdProvider, browser: Browser
) -> None:
    """No provider, or none with such a place == signed out here."""
    await browser.sign_in()
    token = re.search(r'name="token" value="([^"]+)"', await (await browser.get("/hr/")).text())
    provider.ways.down = True
    async with browsing(fresh, provider) as other:
        other.cookies = dict(browser.cookies)
        assert token
        out = await other.post("/hr/sign-out", token=token[1])
    assert (out.status, out.headers["Location"]) == (303, "/hr/sign-in")
    assert COOKIE not in other.cookies


async def test_a_return_while_redis_is_away(fresh: Operator, browser: Browser) -> None:
    """A Redis that takes nothing == a page that says so, at an address without the code."""
    back = await browser.away()
    await fresh.redis.config_set("maxmemory", "1")
    try:
        came = await browser.get(back)
    finally:
        await fresh.redis.config_set("maxmemory", "0")
    assert came.headers["Location"] == "/hr/sign-in?why=store"
    assert (await browser.get(came.headers["Location"])).status == 503
