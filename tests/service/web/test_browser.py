"""The pages in a real browser, as people use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.service.operated import Operator, operated
from tests.service.web.looking import Look, looking, needs_browser, started
from tests.service.web.served import PASSWORD, pages, users, watched
from tests.service.web.test_pages_candidates import three_to_choose_from
from workers.testing.proxy import echo

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests here: it takes a second to start."""
    async with started() as ready:
        yield ready


@pytest_asyncio.fixture(loop_scope="module")
async def company(tmp_path: Path, redis_url: str) -> AsyncIterator[Operator]:
    """Twelve people, of whom nothing was read yet."""
    async with operated(tmp_path, redis_url) as ready:
        yield ready


async def test_the_first_sync_is_seen_live(browser: Browser, company: Operator) -> None:
    """An open page says that all are as they should be as soon as they are, and nobody loads it again."""
    async with pages(company) as address, looking(browser, address) as look:
        await look.go()
        await look.see("Kenjo has not been read yet.")
        await look.page.evaluate("document.body.dataset.same = 'yes'")
        await company.sync()
        await look.see("people are as they should be in 1 tool.")
        assert await look.page.evaluate("document.body.dataset.same") == "yes"


async def test_somebody_is_searched_and_opened(browser: Browser, company: Operator) -> None:
    """Typing part of a name narrows the list without loading the page; the page of each tells all."""
    await company.sync()
    person = company.here.sandbox.account.employees[company.people()[0]]
    name = person["personal"]["displayName"]
    async with pages(company) as address, looking(browser, address) as look:
        page = await look.go("/people")
        await look.see("12 people")
        await page.get_by_label("Search").press_sequentially(name[:4].upper())
        await page.get_by_text("1 person", exact=True).wait_for()
        assert "q=" in page.url
        await page.get_by_role("link", name=name).click()
        await look.see("nothing: the target has what Kenjo says", "userName", person["account"]["email"])
        assert await page.get_by_role("heading", level=1).inner_text() == name


async def test_what_waits_is_decided(browser: Browser, company: Operator) -> None:
    """A hold rejected and approved, a failure tried again, an account chosen == so it is at the target."""
    ana, ben = company.people()[:2]
    accounts = [await company.create(userName=f"old{number}", externalId=ana) for number in (1, 2)]
    await company.sync()
    company.target["limits"] = {"remove": {"count": 0, "percent": 0}}
    company.here.sandbox.actions.rename(employee=ben, last_name="Planted")
    company.here.proxy.fail_always(echo(400))
    await company.sync()
    company.here.proxy.fail_always(None)
    leavers = sorted(company.people()[-2:])
    for id_ in leavers:
        company.here.sandbox.actions.leave(employee=id_)
    await company.sync()
    async with pages(company) as address, looking(browser, address) as look:
        page = await look.go("/decide")
        await page.get_by_role("button", name="Reject").click()
        await look.see("directory-remove is rejected: nothing of it is done.")
        await company.sync()
        assert await _inactive(company) == []
        await page.locator("summary").first.click()
        await page.get_by_role("checkbox").first.press("Space")
        assert await look.faults() == []
        await page.get_by_role("button", name="Approve the chosen").click()
        await look.see("1 record is approved: it is carried out now. The others stay held.")
        await company.sync()
        assert await _inactive(company) == leavers[:1]
        await look.go("/decide")
        await page.get_by_role("button", name="Approve").click()
        await look.see("is approved: it is carried out now.")
        await page.get_by_role("button", name=f"Adopt {accounts[1]}").click()
        await look.see("would be that of", "old2")
        assert await look.faults() == []
        await page.get_by_role("button", name=f"It is {accounts[1]}").click()
        await look.see(f"The account {accounts[1]} is written next.")
        await look.go("/decide")
        await page.get_by_role("button", name="Try again").click()
        await look.see("1 record is tried again.")
        await company.sync()
        await look.go("/decide")
        await look.see("Nothing waits for you.")
    assert await _inactive(company) == leavers
    by_id = {user["id"]: user for user in await company.here.users()}
    assert by_id[accounts[0]]["userName"] == "old1"
    assert by_id[accounts[1]]["userName"] != "old2"
    assert [user["externalId"] for user in by_id.values() if "Planted" in str(user.get("name"))] == [ben]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_candidates_are_compared_on_a_phone(browser: Browser, company: Operator, theme: Any) -> None:
    """The table scrolls and the page does not, by keyboard too; what differs has a mark that is read out."""
    await company.sync()
    ana, _, accounts = await three_to_choose_from(company)
    phone: Any = {"viewport": {"width": 390, "height": 844}, "color_scheme": theme}
    async with pages(company) as address, looking(browser, address, **phone) as look:
        for path in ("/decide", f"/people/{ana}"):
            page = await look.go(path)
            table = page.get_by_role("region", name="The accounts side by side")
            await table.get_by_role("img", name="differs").first.wait_for()
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390
            assert await table.evaluate("one => one.scrollWidth > one.clientWidth")
            await table.focus()
            await page.keyboard.press("End")
            await page.keyboard.press("ArrowRight")
            await page.wait_for_function("one => one.scrollLeft > 0", arg=await table.element_handle())
            assert await table.get_by_role("rowheader", name="userName").bounding_box() is not None
            assert await look.faults() == []
        await page.get_by_role("button", name=f"Adopt {accounts[0]}").click()
        await look.see("would be that of", "hr-4711")


async def _inactive(company: Operator) -> list[str]:
    return sorted(user["externalId"] for user in await company.here.users() if user.get("active") is False)


async def test_somebody_is_forgotten(browser: Browser, company: Operator) -> None:
    """From the person's page to what would be done, and by a button to an account that is closed."""
    await company.sync()
    id_ = company.people()[0]
    account = (await company.users())[id_]["id"]
    async with pages(company) as address, looking(browser, address) as look:
        page = await look.go(f"/people/{id_}")
        await page.get_by_role("link", name="Forget this person").click()
        await look.see(f"The account {account} is open.")
        assert await look.faults() == []
        assert await _inactive(company) == []
        await page.get_by_role("button", name="Close the accounts, then forget").click()
        await look.see(f"{id_} is forgotten", "The accounts are closed: directory.")
        assert await look.faults() == []
    assert await _inactive(company) == [id_]


async def test_a_run_is_undone(browser: Browser, company: Operator) -> None:
    """From the history to the run, what would be put back, and by a button == open again; and what lasts."""
    await company.sync()
    (leaver,) = company.leave(1)
    await company.sync()
    async with pages(company) as address, looking(browser, address) as look:
        page = await look.go("/history")
        await page.get_by_role("link", name="What each change has done, and the way back").click()
        await look.see("1 change in Kenjo")
        assert await look.faults() == []
        await page.locator("tbody a").first.click()
        assert await look.faults() == []
        await page.get_by_role("link", name="Undo it").click()
        await look.see("active: no → yes")
        assert await look.faults() == []
        await page.get_by_role("button", name="Put it back").click()
        await look.see("1 record gets back what it had: that is done next.")
        await company.sync()
        await look.go("/decide")
        assert await look.faults() == []
        await page.get_by_role("link", name="The run, and how to end that").click()
        await page.get_by_role("link", name="End the undo").click()
        await page.get_by_role("button", name="Give again what Kenjo says").click()
        await look.see("1 record gets again what Kenjo says: that is done next.")
    await company.sync()
    assert await _inactive(company) == [leaver]


async def test_a_mapping_is_tried_and_a_plan_is_made(browser: Browser, company: Operator) -> None:
    """An expression gives what it gives for somebody; the plan says what the next sync would do."""
    await company.sync()
    id_ = company.people()[0]
    company.here.sandbox.actions.rename(employee=id_, last_name="Neuweg")
    async with pages(company) as address, looking(browser, address) as look:
        page = await look.go("/settings")
        await page.get_by_label("Person").fill(id_)
        await page.get_by_label("Attribute").fill("title")
        await page.get_by_label("Expression").fill('upper("boss")')
        await page.get_by_role("button", name="Try").click()
        await look.see('"BOSS"')
        await page.get_by_label("Expression").fill("no such thing")
        await page.get_by_role("button", name="Try").click()
        await page.locator(".tried .said").wait_for()
        await look.go("/plan")
        await page.get_by_role("button", name="Make the plan").click()
        await look.see("update: 1", "Neuweg")
        async with watched(company):
            await page.get_by_role("button", name="Approve exactly this").click()
            await look.see("The plan is approved: it is carried out now.")
        assert await look.faults() == []
    await company.sync()
    assert [user["externalId"] for user in await company.here.users() if "Neuweg" in str(user["name"])] == [
        id_
    ]


async def test_everything_can_be_done_by_keyboard(browser: Browser, company: Operator) -> None:
    """Tab and Enter alone lead past the menu, to a person, and to a decision."""
    await company.sync()
    company.target["limits"] = {"remove": {"count": 0, "percent": 0}}
    company.leave(1)
    await company.sync()
    name = company.here.sandbox.account.employees[company.people()[0]]["personal"]["displayName"]
    async with pages(company) as address, looking(browser, address) as look:
        await look.go()
        await _tab_to(look, "Skip to the content")
        await look.page.keyboard.press("Enter")
        assert await look.page.evaluate("document.activeElement.id") == "main"
        await _tab_to(look, "See what waits for you")
        await look.page.keyboard.press("Enter")
        await look.see("Held back")
        await _tab_to(look, "Approve")
        await look.page.keyboard.press("Enter")
        await look.see("is approved: it is carried out now.")
        await _tab_to(look, "People")
        await look.page.keyboard.press("Enter")
        await look.see("Search")
        await _tab_to(look, "q")
        await look.page.keyboard.type(name)
        await look.page.get_by_text("1 person", exact=True).wait_for()
        await _tab_to(look, name)
        await look.page.keyboard.press("Enter")
        await look.page.get_by_role("heading", level=1, name=name).wait_for()


async def _tab_to(look: Look, wanted: str) -> None:
    """Press Tab until what has this text or name is in focus, and can be seen to be."""
    for _ in range(60):
        await look.page.keyboard.press("Tab")
        text, outline = await look.page.evaluate(
            "[document.activeElement.innerText?.trim() || document.activeElement.name,"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if text == wanted:
            assert outline != "none"
            return
    raise AssertionError(f"{wanted} is not reached")


async def test_people_sign_in_and_out(browser: Browser, company: Operator) -> None:
    """A wrong password is refused; the right one leads to the page asked for, also below a proxy's path."""
    await company.sync()
    settings = {"users": users(ines="operator"), "secure": False, "base_path": "/bridge"}
    async with pages(company, **settings) as address, looking(browser, address) as look:
        page = await look.go("/people")
        await page.get_by_label("Name").fill("ines")
        await page.get_by_label("Password").fill("wrong")
        await page.keyboard.press("Enter")
        await look.see("The name or the password is wrong.")
        look.wrong.clear()  # Chromium tells its console of the answer 403
        await page.get_by_label("Name").fill("ines")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await look.see("12 people")
        await page.get_by_label("Language").select_option("Español")
        await page.get_by_role("button", name="Save").click()
        await look.see("12 personas", "ines (gestión)")
        assert page.url == f"{address}/people"
        await page.get_by_role("link", name="Resumen").click()
        await look.see("están como deben")
        await page.get_by_role("button", name="Cerrar sesión").click()
        await page.get_by_label("Contraseña").wait_for()
        await look.go("/people")
        assert page.url.startswith(f"{address}/sign-in")


async def test_nothing_is_in_anybodys_way(browser: Browser, company: Operator) -> None:
    """axe-core finds no fault on any page; nor in the colours of the dark ones, in all languages."""
    for number in (1, 2):
        await company.create(userName=f"old{number}", externalId=company.people()[0])
    await company.sync()
    company.target["limits"] = {"remove": {"count": 0, "percent": 0}}
    company.leave(1)
    await company.sync()
    faults = []
    async with pages(company) as address:
        for locale, theme, rules in (
            ("en", "light", _ALL),
            ("de", "dark", _OF_THEMES),
            ("es", "light", _OF_WORDS),
        ):
            async with looking(browser, address, locale=locale, color_scheme=theme) as look:
                faults += await _faults(look, f"/people/{company.people()[0]}", rules)
    assert faults == []


_ALL: tuple[str, ...] = ()
_OF_THEMES = ("color-contrast", "link-in-text-block")
_OF_WORDS = ("html-has-lang", "html-lang-valid", "valid-lang", "document-title", "label", "landmark-unique")


async def _faults(look: Look, person: str, rules: tuple[str, ...]) -> list[str]:
    """Those of all pages."""
    found = []
    for path in ("/", "/people", person, "/groups", "/decide", "/history", "/plan", "/settings"):
        page = await look.go(path)
        if path == person:
            await page.locator("table").wait_for()
        if path == "/plan":
            await page.locator(".strong").click()
            await page.locator("#made section").wait_for()
        found += await look.faults(*rules)
    return found
