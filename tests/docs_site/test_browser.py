"""The site in a real browser, opened from its folder: there is neither a server nor a network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.service.web.looking import needs_browser, started

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests here: it takes a second to start."""
    async with started() as ready:
        yield ready


async def test_a_word_is_found(browser: Browser, site: Path) -> None:
    """A word typed into the search == pages that have it, one click away; only files of the site are read."""
    page = await browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto((site / "index.html").as_uri())
    await page.get_by_role("button", name="Search").click()
    box = page.get_by_role("combobox", name="Search")
    await box.press_sequentially("orphan")
    assert await box.input_value() == "orphan"
    found = page.locator("li a", has_text="orphan")
    await found.first.click()
    await page.locator("article mark", has_text="orphan").first.wait_for()
    assert [url for url in asked if not url.startswith((site.as_uri(), "data:", "blob:", "about:"))] == []
    await page.close()


@pytest.mark.parametrize("name", ["index", "operations", "settings", "reliability", "targets/rest"])
async def test_a_phone_shows_a_page_without_moving_it(browser: Browser, site: Path, name: str) -> None:
    """A page with long tables and code on a screen of 360 pixels == no wider than the screen."""
    page = await browser.new_page(viewport={"width": 360, "height": 740})
    await page.goto((site / f"{name}.html").as_uri())
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.close()
