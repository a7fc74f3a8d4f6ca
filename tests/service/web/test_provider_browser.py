"""Signing in at a provider with a real browser."""

from __future__ import annotations

import re

import pytest

from tests.service.openid.provider import provided
from tests.service.openid.signing_in import settings
from tests.service.operated import Operator
from tests.service.web.looking import Look, looking, needs_browser, started
from tests.service.web.served import pages, users

pytestmark = [needs_browser]


async def test_somebody_signs_in_at_a_provider(operator: Operator) -> None:
    """The button leads over the provider to the page asked for; signing out leads there and back.

    Without a role there is one page that says so, without fault; nobody else is asked, and no code stays.
    """
    async with started() as browser, provided() as provider:
        web = {
            "oidc": settings(provider, label=""),
            "users": users(olga="operator"),
            "secure": False,
            "base_path": "/bridge",
        }
        async with pages(operator, **web) as address, looking(browser, address) as look:
            page = await look.go("/people")
            await page.get_by_label("Password").wait_for()
            assert await look.faults() == []
            await page.get_by_role("link", name="Sign in with 127.0.0.1").press("Enter")
            await look.see("12 people", "127.0.0.1: ines@example.com (operator)")
            assert page.url == f"{address}/people"
            await page.get_by_role("button", name="Sign out").click()
            await page.wait_for_url(f"{address}/sign-in")
            _only_there(look, provider.issuer)
            provider.ways.claims = {"roles": None}
            await page.get_by_label("Language").select_option("Deutsch")
            await page.get_by_role("button", name="Save").click()
            await page.get_by_role("link", name="Mit 127.0.0.1 anmelden").click()
            await look.see("127.0.0.1 kennt Sie, gibt Ihnen hier aber keine Rolle", "Mit einem anderen Konto")
            assert "code" not in page.url
            assert await look.faults() == []
            _only_there(look, provider.issuer)


def _only_there(look: Look, issuer: str) -> None:
    """Only the provider was asked, for a page to sign in or out; Chromium tells its console of a 403."""
    there = re.compile(f"asks {re.escape(issuer)}/(authorize|logout)\\?|error: .*403")
    assert [one for one in look.wrong if not there.match(one)] == []
    look.wrong.clear()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
async def test_the_page_to_sign_in_has_no_fault(fresh: Operator, width: int, theme: str) -> None:
    """Button, form and sentence, on a screen and a phone == none that axe-core finds."""
    async with started() as browser, provided() as provider:
        web = {"oidc": settings(provider), "users": users(olga="operator"), "secure": False}
        size = {"width": width, "height": 800}
        async with (
            pages(fresh, **web) as address,
            looking(browser, address, viewport=size, color_scheme=theme) as look,
        ):
            await look.go("/sign-in?why=no-role")
            await look.see("gives you no role here")
            assert await look.faults() == []
            look.wrong.clear()  # Chromium tells its console of the answer 403
