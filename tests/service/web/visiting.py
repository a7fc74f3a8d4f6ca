"""Somebody who has signed in to the pages and presses buttons there; no browser is needed for that."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.service.operated import Operator
from tests.service.web.served import PASSWORD, pages, users
from tests.service.web.test_guard import token_of


@dataclass
class Visit:
    """Looks at pages and sends their forms."""

    browser: aiohttp.ClientSession
    address: str

    async def text(self, path: str, status: int = 200) -> str:
        """What stands on a page."""
        async with self.browser.get(self.address + path) as answer:
            assert answer.status == status, path
            return html.unescape(await answer.text())

    async def press(self, path: str, status: int = 200, **form: Any) -> str:
        """What stands on the page that a form leads to."""
        sent = {"token": token_of(await self.text("/history")), **form}
        origin = {"Origin": self.address}
        async with self.browser.post(self.address + path, data=sent, headers=origin) as answer:
            assert answer.status == status, path
            return html.unescape(await answer.text())


@asynccontextmanager
async def visiting(operator: Operator, role: str) -> AsyncIterator[Visit]:
    """The pages, and somebody in that role, who is called by it."""
    settings = {"users": users(**{role: role}), "secure": False}
    jar = aiohttp.CookieJar(unsafe=True)
    async with pages(operator, **settings) as address, aiohttp.ClientSession(cookie_jar=jar) as browser:
        form = {"name": role, "password": PASSWORD}
        await browser.post(f"{address}/sign-in", data=form, headers={"Origin": address})
        yield Visit(browser, address)
