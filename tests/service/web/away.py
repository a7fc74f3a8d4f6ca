"""A browser that goes to a provider and comes back, at pages behind a proxy's path."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.service.openid.provider import OpenIdProvider
from tests.service.openid.signing_in import settings
from tests.service.operated import Operator
from tests.service.web.served import pages, users

HOST = {"Host": "bridge.example.com"}
WAYS = {"hosts": ["bridge.example.com"], "base_path": "/hr", "users": users(olga="operator")}


class Browser:
    """Keeps cookies as browsers do, behind a proxy that speaks https, and follows nothing by itself."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address
        self.cookies: dict[str, str] = {}

    async def get(self, path: str) -> aiohttp.ClientResponse:
        """Ask for a page of ours, by its whole address or by its path."""
        return await self._ask("GET", path, headers=HOST)

    async def post(self, path: str, **form: str) -> aiohttp.ClientResponse:
        """Send a form of ours."""
        headers = {**HOST, "Origin": "https://bridge.example.com"}
        return await self._ask("POST", path, headers=headers, data=form)

    async def _ask(self, method: str, path: str, **sent: Any) -> aiohttp.ClientResponse:
        parts = urlsplit(path)
        url = f"{self._address}{parts.path}?{parts.query}"
        answer = await self._session.request(method, url, cookies=self.cookies, allow_redirects=False, **sent)
        await answer.read()
        for name, cookie in answer.cookies.items():
            self.cookies[name] = cookie.value
            if not cookie.value:
                del self.cookies[name]
        return answer

    async def away(self, path: str = "/hr/sign-in/provider") -> str:
        """Go to the provider; the address to which that sends the browser back."""
        there = (await self.get(path)).headers["Location"]
        async with aiohttp.ClientSession() as other, other.get(there, allow_redirects=False) as answer:
            return answer.headers["Location"]

    async def sign_in(self, path: str = "/hr/sign-in/provider") -> aiohttp.ClientResponse:
        """The answer to whoever comes back from the provider."""
        return await self.get(await self.away(path))


@asynccontextmanager
async def browsing(fresh: Operator, provider: OpenIdProvider, **more: Any) -> AsyncIterator[Browser]:
    """A browser at the pages."""
    oidc = settings(provider)
    async with (
        pages(fresh, **{**WAYS, "oidc": oidc, **more}) as address,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield Browser(session, address.removesuffix("/hr"))


async def events(fresh: Operator) -> list[dict[str, Any]]:
    """The audit log, the newest last, without its times."""
    async with fresh.backend() as backend:
        found = await backend.audit.read(20)
    return [{name: value for name, value in one.items() if name != "at"} for one in reversed(found)]
