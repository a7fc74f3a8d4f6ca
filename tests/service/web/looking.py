"""A real browser that looks at pages, and takes note of what no page may do."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")

needs_browser = pytest.mark.skipif(
    not CHROMIUM, reason="there is no Chromium here: install Debian's chromium"
)

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@dataclass
class Look:
    """A page in a browser of its own. `wrong`: what the console said, and which other hosts were asked."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    async def go(self, path: str = "/") -> Page:
        """Open a page of ours."""
        await self.page.goto(self.address + path)
        return self.page

    async def text(self) -> str:
        """What stands on the page."""
        return await self.page.inner_text("body")

    async def see(self, *texts: str) -> None:
        """Wait until all of these texts stand on the page."""
        for text in texts:
            await self.page.get_by_text(text).first.wait_for()

    async def faults(self, *rules: str) -> list[str]:
        """What axe-core finds, in a line for each fault; by these rules, or by all of WCAG 2.2 AA."""
        await self.page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
        options = json.dumps({"runOnly": rules or _TAGS, "resultTypes": ["violations"]})
        found = await self.page.evaluate(f"axe.run({options})")
        nodes = [(one["id"], node["target"]) for one in found["violations"] for node in one["nodes"]]
        return [f"{self.page.url} {id_}: {target}" for id_, target in nodes]


@asynccontextmanager
async def looking(browser: Browser, address: str, **options: Any) -> AsyncIterator[Look]:
    """Look at an address as somebody who has never been there. Nothing may go wrong meanwhile."""
    context = await browser.new_context(**options)
    context.set_default_timeout(30_000)
    look = Look(await context.new_page(), address)
    host = urlsplit(address).netloc

    def hears(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            look.wrong.append(f"{message.type}: {message.text}")

    def asks(request: Request) -> None:
        if urlsplit(request.url).netloc != host:
            look.wrong.append(f"asks {request.url}")

    look.page.on("console", hears)
    look.page.on("pageerror", lambda error: look.wrong.append(str(error)))
    look.page.on("request", asks)
    yield look
    await context.close()
    assert look.wrong == []
