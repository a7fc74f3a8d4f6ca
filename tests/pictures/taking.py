"""Plays a company of the sandbox, and takes pictures of what people see of it."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import sys
from pathlib import Path

from playwright.async_api import Browser
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.running import own_redis, running
from tests.service.web.looking import started
from tests.world import ROOT, World, expected, world

WIDTH, COLUMNS = 1000, 96
SHARP = 1.5  # pixels of the picture for each of the page: sharp, and still small
_TERMINAL = {"COLUMNS": str(COLUMNS), "TERM": "xterm"}
PLAN, PAGES = "plan.png", "pages.png"
_THEME = TerminalTheme(
    (24, 27, 32),
    (222, 226, 230),
    [(24, 27, 32), (244, 114, 120), (126, 211, 145), (240, 200, 110), (122, 170, 255), (208, 150, 240),
     (110, 205, 215), (222, 226, 230)],
)  # fmt: skip
_STYLE = "margin:0;padding:20px 24px;font:15px/1.45 'DejaVu Sans Mono',monospace;display:inline-block"


async def take(folder: Path, work: Path, people: int) -> None:
    """Write `plan.png` and `pages.png` into a folder. `work`: an empty one.

    :raises AssertionError: the command or the page does not show any more what the pictures are there for.
    """
    async with own_redis() as url, world(work, people=people) as here, started() as browser:
        here.config["redis"] = {"url": url}
        here.config |= {"web": {"port": 0}, "timezone": "Europe/Berlin"}
        here.config["kenjo"]["poll_interval"] = 1
        assert (await here.run("sync")).code == 0
        _a_week(here)
        shown = await _in_a_terminal(here, "plan")
        for text in ("+ create 1 person", "~ update", "- deactivate 1 person", "next: kenjo-bridge sync"):
            assert text in shown, shown
        await _terminal(browser, "kenjo-bridge plan", shown, folder / PLAN)
        here.config["targets"]["payroll"] = {"kind": "file", "path": str(work / "payroll.csv")}
        await _pages(browser, here, folder / PAGES)


def _a_week(here: World) -> None:
    """Somebody is hired, some move, one marries, one leaves."""
    act, account = here.sandbox.actions, here.sandbox.account
    working = [key for key, one in account.employees.items() if one["account"]["isActive"]]
    act.hire(first_name="Zoë", last_name="Müller", start=account.today.isoformat(), active=True)
    for person, title in zip(working[2:4], ("Head of Sales", "Team Lead"), strict=True):
        act.move(employee=person, job_title=title)
    act.rename(employee=working[4], last_name="Núñez")
    act.leave(employee=working[5])


def _too_many(here: World) -> None:
    """A quarter of all leave at once, which waits for somebody's word."""
    for person in sorted(expected(here.sandbox))[::4]:
        here.sandbox.actions.leave(employee=person)


async def _in_a_terminal(here: World, *arguments: str) -> str:
    """What a command writes to a terminal, with its colours."""
    ours, theirs = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service.cli.main", *arguments,
            cwd=here.folder, stdin=asyncio.subprocess.DEVNULL, stdout=theirs,
            stderr=asyncio.subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT), **_TERMINAL},
        )  # fmt: skip
    finally:
        os.close(theirs)
    text, _ = await asyncio.gather(asyncio.to_thread(_read, ours), process.wait())
    return text


def _read(ours: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            os.close(ours)
            return b"".join(parts).decode().replace("\r\n", "\n")
        parts.append(part)


async def _terminal(browser: Browser, command: str, shown: str, picture: Path) -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble("$ ", (command, "bold")))
    console.print(Text.from_ansi(shown.strip()))
    html = console.export_html(theme=_THEME, inline_styles=True, code_format="{code}")
    back = ",".join(map(str, _THEME.background_color))
    front = ",".join(map(str, _THEME.foreground_color))
    page = await browser.new_page(device_scale_factor=SHARP, viewport={"width": WIDTH, "height": 400})
    style = f"{_STYLE};background:rgb({back});color:rgb({front})"
    await page.set_content(f"<body style='margin:0'><pre style=\"{style}\">{html}</pre>")
    await page.locator("pre").screenshot(path=picture)
    await page.close()


async def _pages(browser: Browser, here: World, picture: Path) -> None:
    async with running(here, "run") as run:
        page = await browser.new_page(
            device_scale_factor=SHARP, viewport={"width": WIDTH, "height": 720}, locale="en"
        )
        await page.goto(run.address)
        await page.get_by_text("are as they should be").first.wait_for()
        _too_many(here)
        for text in ("See what waits for you", "in step", "What happened last"):
            await page.get_by_text(text).first.wait_for()
        await page.screenshot(path=picture)
        await page.close()
