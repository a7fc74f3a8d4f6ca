"""Somebody who signs in at the provider of the tests, as far as the bridge's side of it goes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from bridge.config.web_settings import OidcSettings
from service.openid.attempt import Attempt
from service.openid.provider import Provider
from service.openid.somebody import Somebody
from tests.service.openid.provider import CLIENT, SECRET, OpenIdProvider

RETURNS = "https://bridge.example.com/hr/sign-in/return"

ROLES = {"Bridge.Viewers": "viewer", "Bridge.Operators": "operator", "Bridge.Admins": "administrator"}


def settings(provider: OpenIdProvider, **more: Any) -> dict[str, Any]:
    """`web.oidc` for this provider."""
    known = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, "roles": ROLES}
    return {**known, "label": "Keycloak", **more}


def client(provider: OpenIdProvider, clock: Any = None, **more: Any) -> Provider:
    """The bridge's side, as a process that has just started."""
    given = OidcSettings(**settings(provider, **more))
    return Provider(given, clock) if clock else Provider(given)


async def visited(address: str) -> dict[str, str]:
    """With what the provider sends the browser back from there."""
    async with aiohttp.ClientSession() as browser, browser.get(address, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == RETURNS
    return dict(parse_qsl(back.query))


async def away(ours: Provider) -> tuple[Attempt, dict[str, str]]:
    """A sign-in that was begun, and what came back of it."""
    attempt, address = await ours.begin(RETURNS)
    return attempt, await visited(address)


async def signed_in(ours: Provider) -> Somebody:
    """Who signs in now."""
    return await ours.finish(*await away(ours))
