"""Who sees what of people, in the HTML of every page and part of a page."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp

from tests.service.operated import Operator
from tests.service.web.served import PASSWORD, pages, users
from workers.testing.proxy import echo

EVIL = "<script>alert(1)</script>"


@asynccontextmanager
async def signed_in(operator: Operator, role: str) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """The pages, and somebody who has signed in to them."""
    settings = {"users": users(ines=role), "secure": False}
    jar = aiohttp.CookieJar(unsafe=True)
    async with pages(operator, **settings) as address, aiohttp.ClientSession(cookie_jar=jar) as browser:
        form = {"name": "ines", "password": PASSWORD}
        await browser.post(f"{address}/sign-in", data=form, headers={"Origin": address})
        yield address, browser


async def everything(operator: Operator, role: str) -> dict[str, str]:
    """The HTML of all pages and parts by path, unescaped, as one in this role sees it."""
    records = [f"/people/{id_}" for id_ in operator.people()[:5]]
    groups = [f"/groups/{id_}" for id_ in list(operator.here.sandbox.account.tables["teams"])[:2]]
    lists = [
        "/people",
        "/groups",
        "/decide",
        "/history",
        "/plan",
        "/plan/made",
        "/settings",
        "/parts/overview",
    ]
    details = [f"{path}/details" for path in records[:2] + groups[:1]]
    found = {}
    async with signed_in(operator, role) as (address, browser):
        for path in ["/", *lists, *records, *groups, *details]:
            async with browser.get(address + path) as answer:
                found[path] = await answer.text()
    return found


async def a_bad_day(operator: Operator) -> None:
    """One account is ambiguous, somebody fails, somebody is held, and a row of Kenjo cannot be used."""
    ana, ben, cem, dora = operator.people()[:4]
    for number in (1, 2):
        await operator.create(userName=f"old{number}", externalId=ana)
    await operator.sync()
    operator.target["limits"] = {"remove": {"count": 0, "percent": 0}}
    operator.here.sandbox.actions.rename(employee=ben, last_name=EVIL)
    operator.here.proxy.fail_always(echo(400))
    await operator.sync()
    operator.here.proxy.fail_always(None)
    operator.here.sandbox.actions.leave(employee=cem)
    soon = operator.here.sandbox.account.today + timedelta(days=3)
    operator.here.sandbox.actions.hire(start=soon.isoformat(), active=True)
    operator.here.sandbox.account.employees[dora]["work"]["contractEnd"] = "31.12.2099 Geheim"
    await operator.sync()


async def test_a_viewer_sees_no_names_or_values(fresh: Operator) -> None:
    """Nothing of anybody's names, addresses, jobs and dates stands in any page of a viewer's; ids do."""
    await a_bad_day(fresh)
    people = fresh.here.sandbox.account.employees.values()
    hidden: set[Any] = {EVIL, "Geheim"}
    for person in people:
        personal, work, account = person["personal"], person["work"], person["account"]
        hidden |= {personal["firstName"], personal["lastName"], personal["displayName"]}
        hidden |= {
            account.get("email"),
            work.get("jobTitle"),
            work.get("workPhone"),
            work.get("employeeNumber"),
        }
    hidden = {value for value in hidden if value and len(str(value)) > 3}
    found = await everything(fresh, "viewer")
    shown = [
        (path, value) for path, page in found.items() for value in hidden if str(value) in html.unescape(page)
    ]
    assert shown == []
    assert not [path for path, page in found.items() if re.search("[·:] (first|last) day", page)]
    assert fresh.people()[0] in found["/people"]
    assert '<form method="post" action="/decide' not in found["/decide"]


async def test_a_viewer_finds_nobody_by_a_value(fresh: Operator) -> None:
    """A search for a name, and a filter by department == nobody, and everybody: neither tells anything."""
    await fresh.sync()
    person = fresh.here.sandbox.account.employees[fresh.people()[0]]
    async with signed_in(fresh, "viewer") as (address, browser):
        for query, count in (
            ({"q": person["personal"]["lastName"]}, 0),
            ({"q": person["account"]["email"]}, 0),
            ({"department": "nowhere"}, 12),
            ({"q": fresh.people()[0]}, 1),
        ):
            async with browser.get(f"{address}/people", params=query) as answer:
                page = await answer.text()
            assert page.count('<th scope="row">') == count, query


async def test_others_see_them_and_never_as_markup(fresh: Operator) -> None:
    """The same pages of an administrator's == names and values; somebody called <script> is no script."""
    await a_bad_day(fresh)
    found = await everything(fresh, "administrator")
    assert [path for path, page in found.items() if EVIL in page] == []
    assert html.escape(EVIL) in found["/people"]
    person = fresh.here.sandbox.account.employees[fresh.people()[1]]
    path = f"/people/{fresh.people()[1]}"
    assert html.escape(person["personal"]["displayName"]) in found["/people"]
    assert person["account"]["email"] in found[f"{path}/details"]
    assert "· first day" in found[f"{path}/details"]
    assert ": first day" in found["/"]
    assert '/adopt"' in found["/decide"]
