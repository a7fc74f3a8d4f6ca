"""What somebody does on a page shows on the next one at once, however short before that it was looked."""

from __future__ import annotations

import aiohttp

from tests.service.operated import Operator, park
from tests.service.web.served import PASSWORD, pages, users
from tests.service.web.test_guard import token_of


async def test_what_is_tried_again_is_no_failure_at_once(fresh: Operator) -> None:
    """Two who fail, each tried again on a page that was open == waiting there; their pages say so too."""
    await fresh.sync()
    ana, ben = fresh.people()[:2]
    await park(fresh, ana, ben)
    settings = {"users": users(olga="operator"), "secure": False}
    jar = aiohttp.CookieJar(unsafe=True)
    async with pages(fresh, **settings) as address, aiohttp.ClientSession(cookie_jar=jar) as browser:
        headers = {"Origin": address}
        form = {"name": "olga", "password": PASSWORD}
        await browser.post(f"{address}/sign-in", data=form, headers=headers)

        async def text(path: str) -> str:
            async with browser.get(address + path) as answer:
                return await answer.text()

        token = {"token": token_of(await text("/decide"))}
        assert (await text("/decide")).count('name="record"') == 2
        assert "Try again what failed" in await text(f"/people/{ana}")
        async with browser.post(f"{address}/people/{ana}/retry", data=token, headers=headers) as answer:
            assert "Try again what failed" not in await answer.text()
        assert (await text("/decide")).count('name="record"') == 1
        rest = {**token, "target": "directory", "record": f"person:{ben}"}
        async with browser.post(f"{address}/decide/retry", data=rest, headers=headers) as answer:
            assert (await answer.text()).count('name="record"') == 0
        assert "Try again what failed" not in await text(f"/people/{ben}")
