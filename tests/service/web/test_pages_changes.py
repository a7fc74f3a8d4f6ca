"""What somebody does on a page shows on the next one at once, however short before that it was looked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from tests.service.operated import Operator, park
from tests.service.web.served import PASSWORD, pages, users
from tests.service.web.test_guard import token_of


@dataclass
class Visit:
    """Somebody with the role of an operator at the pages, in a browser without JavaScript."""

    browser: aiohttp.ClientSession
    address: str

    async def text(self, path: str) -> str:
        """A page."""
        async with self.browser.get(self.address + path) as answer:
            return await answer.text()

    async def send(self, path: str, form: list[tuple[str, str]]) -> str:
        """Send a form of "To decide"; the page that comes then."""
        token = token_of(await self.text("/decide"))
        headers = {"Origin": self.address}
        data = [*form, ("token", token)]
        async with self.browser.post(self.address + path, data=data, headers=headers) as answer:
            return await answer.text()


@asynccontextmanager
async def visit(operator: Operator) -> AsyncIterator[Visit]:
    """Signed in."""
    settings = {"users": users(olga="operator"), "secure": False}
    jar = aiohttp.CookieJar(unsafe=True)
    async with pages(operator, **settings) as address, aiohttp.ClientSession(cookie_jar=jar) as browser:
        form = {"name": "olga", "password": PASSWORD}
        await browser.post(f"{address}/sign-in", data=form, headers={"Origin": address})
        yield Visit(browser, address)


async def test_some_of_a_hold_are_decided_on(operator: Operator) -> None:
    """Nobody ticked, or another version == nothing; one of three == that one goes; another is rejected."""
    operator.target["limits"] = {"remove": {"count": 2, "percent": 0}}
    ana, ben, cem = operator.leave(3)
    await operator.sync()
    (hold,) = (await operator("holds", "--json")).json
    where, seen = f"/decide/holds/{hold['id']}", ("version", hold["version"])
    async with visit(operator) as there:
        shown = await there.text("/decide")
        assert shown.count('type="checkbox"') == 3
        assert ("wait along with them" in shown) == (len(hold["records"]) > 3)
        approve = ("word", "approve-chosen")
        assert "nobody was chosen" in await there.send(where, [approve, seen])
        stale = [approve, ("version", "1"), ("record", f"person:{ana}")]
        assert "has changed since" in await there.send(where, stale)
        assert (await operator("holds", "--json")).json == [hold]
        done = await there.send(where, [approve, seen, ("record", f"person:{ana}")])
        assert "1 record is approved: it is carried out now. The others stay held." in done
        assert (await operator.sync()).exit_code == 2
        (rest,) = (await operator("holds", "--json")).json
        reject = [("word", "reject-chosen"), ("version", rest["version"]), ("record", f"person:{cem}")]
        assert "1 record is rejected" in await there.send(f"/decide/holds/{rest['id']}", reject)
    assert (await operator.sync()).exit_code == 2
    assert await operator.inactive() == [ana]
    found = {one["state"]: one["choosable"] for one in (await operator("holds", "--json")).json}
    assert found == {"open": [f"person:{ben}"], "rejected": [f"person:{cem}"]}


async def test_what_is_tried_again_is_no_failure_at_once(fresh: Operator) -> None:
    """Two who fail, each tried again on a page that was open == waiting there; their pages say so too."""
    await fresh.sync()
    ana, ben = fresh.people()[:2]
    await park(fresh, ana, ben)
    async with visit(fresh) as there:
        assert (await there.text("/decide")).count('name="record"') == 2
        assert "Try again what failed" in await there.text(f"/people/{ana}")
        assert "Try again what failed" not in await there.send(f"/people/{ana}/retry", [])
        assert (await there.text("/decide")).count('name="record"') == 1
        rest = [("target", "directory"), ("record", f"person:{ben}")]
        assert (await there.send("/decide/retry", rest)).count('name="record"') == 0
        assert "Try again what failed" not in await there.text(f"/people/{ben}")


async def test_why_nothing_was_decided_is_said_in_german(operator: Operator) -> None:
    """Nobody ticked, another version, an account of somebody else's == in the language of the page."""
    operator.target["limits"] = {"remove": {"count": 2, "percent": 0}}
    operator.leave(3)
    await operator.sync()
    (hold,) = (await operator("holds", "--json")).json
    where, seen = f"/decide/holds/{hold['id']}", ("version", hold["version"])
    async with visit(operator) as there:
        there.browser.headers["Accept-Language"] = "de"
        nobody = await there.send(where, [("word", "approve-chosen"), seen])
        assert "es wurde niemand ausgewählt und nichts entschieden" in nobody
        stale = await there.send(where, [("word", "approve"), ("version", "1")])
        assert "hat sich inzwischen geändert: würde 3 Personen entfernen" in stale
        gone = await there.send("/decide/holds/directory-delete", [("word", "approve"), seen])
        assert "es gibt keinen angehaltenen Vorgang „directory-delete“" in gone
        nobodys = await there.text(f"/people/{operator.people()[0]}/adopt?target=directory&account=1")
        assert "ist in directory nicht fehlgeschlagen; siehe" in nobodys
