"""A hold with more records than a page shows: each can be chosen, and none is lost from page to page."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest_asyncio

from bridge.model import Key, Kind
from bridge.store import Hold
from tests.service.operated import Operator
from tests.service.web.looking import looking, needs_browser, started
from tests.service.web.served import pages
from tests.service.web.test_pages_changes import visit
from tests.service.web.visiting import visiting

PEOPLE = [str(Key(Kind.PERSON, f"{number:03}")) for number in range(450)]
GROUP = str(Key(Kind.TEAM, "g1"))
WHERE = "/decide/holds/directory-remove"


async def hold_back(operator: Operator, keys: list[str]) -> Hold:
    """These would be removed."""
    hold = Hold(
        id="directory-remove",
        target="directory",
        kind="remove",
        count=len(keys),
        limit="5",
        reason=f"would remove {len(keys)} people",
        since=time.time(),
        keys=tuple(keys),
    )
    async with operator.backend() as backend:
        await backend.holds.put(hold)
    return hold


@pytest_asyncio.fixture
async def many(operator: Operator) -> Hold:
    """450 people would be removed, and a group waits along with them."""
    return await hold_back(operator, [*PEOPLE, GROUP])


async def approved(operator: Operator) -> set[str]:
    """The records that somebody has let go."""
    async with operator.backend() as backend:
        return {str(key) for key in await backend.holds.approved("directory")}


def boxes(page: str) -> list[str]:
    """The records that can be ticked on a page."""
    return re.findall(r'type="checkbox" name="record" value="([^"]*)"', page)


async def test_each_record_can_be_chosen(operator: Operator, many: Hold) -> None:
    """Three pages == all 450 people, each once, and the group without a box; "To decide" leads there."""
    async with visiting(operator, "operator") as there:
        decide = await there.text("/decide")
        assert (f'href="{WHERE}"' in decide, boxes(decide)) == (True, [])
        shown = [await there.text(f"{WHERE}?page={number}") for number in (1, 2, 3)]
        assert [len(boxes(page)) for page in shown] == [200, 200, 50]
        assert sorted(box for page in shown for box in boxes(page)) == PEOPLE
        assert "g1</a>" in shown[2]
        for odd in ("0", "99", "x", "-1", ""):
            assert len(boxes(await there.text(f"{WHERE}?page={odd}"))) in (200, 50)
        assert "there is no hold" in await there.text("/decide/holds/directory-delete")
    assert many.version in shown[0]


@needs_browser
async def test_what_is_chosen_is_not_lost(operator: Operator, many: Hold) -> None:
    """One ticked on each page, without JavaScript, one taken back == just those left are approved."""
    del many
    async with (
        started() as browser,
        pages(operator) as address,
        looking(browser, address, java_script_enabled=False) as look,
    ):
        page = await look.go("/decide")
        await page.locator("summary").click()
        await page.get_by_role("link", name="All 451, page by page").click()
        await page.get_by_role("checkbox", name="007", exact=True).check()
        await page.get_by_role("checkbox", name="008", exact=True).check()
        await page.get_by_role("checkbox", name="008", exact=True).press("Enter")  # turns, decides nothing
        await look.see("2 of 3", "2 records are chosen on other pages.")
        await page.get_by_role("checkbox", name="250", exact=True).check()
        await page.get_by_role("button", name="Next").first.click()
        await page.get_by_role("checkbox", name="449", exact=True).check()
        await page.get_by_role("button", name="Before").first.click()
        assert await page.get_by_role("checkbox", name="250", exact=True).is_checked()
        await page.get_by_role("button", name="Before").last.click()
        await look.see("1 of 3", "2 records are chosen on other pages.")
        await page.get_by_role("checkbox", name="008", exact=True).uncheck()
        assert await approved(operator) == set()
        await page.get_by_role("button", name="Approve the chosen").click()
        await look.see("3 records are approved: they are carried out now. The others stay held.")
    assert await approved(operator) == {PEOPLE[7], PEOPLE[250], PEOPLE[449]}
    async with operator.backend() as backend:
        (rest,) = await backend.holds.all()
    assert set(rest.choosable) == set(PEOPLE) - await approved(operator)


@needs_browser
async def test_nothing_is_in_anybodys_way(operator: Operator, many: Hold) -> None:
    """axe-core finds no fault on the page of a hold; a phone does not scroll sideways; dark colours too."""
    del many
    phone: Any = {"viewport": {"width": 390, "height": 844}}
    async with started() as browser, pages(operator) as address:
        for options in ({"color_scheme": "light"}, {**phone, "color_scheme": "dark", "locale": "de"}):
            async with looking(browser, address, **options) as look:
                await look.go(f"{WHERE}?page=2")
                assert await look.faults() == []
                width = await look.page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert width <= 0


async def test_a_hold_that_changes_meanwhile(operator: Operator, many: Hold) -> None:
    """Turning a page of another version == said, whoever is held still stays chosen, nobody else is."""
    await hold_back(operator, PEOPLE[1:])
    chosen = [("record", PEOPLE[0]), ("chosen", PEOPLE[1]), ("chosen", PEOPLE[300]), ("chosen", "x")]
    async with visit(operator) as there:
        page = await there.send(f"{WHERE}/turn", [("version", many.version), ("page", "2"), *chosen])
        assert "The hold has changed since you looked at it" in page
        assert re.findall(r'name="chosen" value="([^"]*)"', page) == [PEOPLE[1]]
        assert re.findall(r'value="([^"]*)" aria-label="\d*" checked', page) == [PEOPLE[300]]
        decide = [("version", many.version), ("word", "approve-chosen"), *chosen]
        assert "has changed since" in await there.send(WHERE, decide)
    assert await approved(operator) == set()


async def test_a_viewer_turns_pages_and_chooses_nobody(operator: Operator, many: Hold) -> None:
    """All records by id, as links, without a form or a box; turning by form is refused."""
    async with visiting(operator, "viewer") as there:
        page = await there.text(f"{WHERE}?page=2")
        assert (boxes(page), "/turn" in page) == ([], False)
        assert f'href="{WHERE}?page=3"' in page
        await there.press(f"{WHERE}/turn", status=403, page="3", version=many.version)
