"""`demo`: the whole job before the user's eyes, on real parts: a made-up Kenjo, Redis, a SCIM directory."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from bridge import logs
from bridge.config.settings import AnyTarget, BridgeSettings, KenjoSettings, LogSettings, WebSettings
from bridge.model import Kind
from bridge.printable import counted
from sandbox.server import Sandbox
from service.cli import stopping, sync_view
from service.cli.app import stop_event
from service.cli.demo_directory import Directory, directory_server
from service.cli.running import running
from service.cli.suggesting import changes, look
from service.operations.assembly import Bridge, opened

TARGET = "directory"
PAYROLL = "payroll"
POLL_INTERVAL = 1.0  # seconds; a real account is asked once a minute
ARRIVAL_LIMIT = 30.0  # seconds after which a change counts as not arrived
FIRST_LIMIT = 600.0


async def run_demo(console: Console, *, once: bool, people: int) -> int:
    """Show it; 0 when everything arrived, 1 when something did not. Ctrl-C ends it cleanly.

    `once`: it ends by itself, so that a signal before that has ended it too early.
    """
    stop = stop_event()
    logs.configure(LogSettings(level="error"))
    show = asyncio.create_task(_demo(console, once=once, people=people, stop=stop))
    await asyncio.wait({show, signalled := asyncio.create_task(stop.wait())}, return_when="FIRST_COMPLETED")
    if not show.done():
        console.print()
        console.print("Stopping.")
        show.cancel()
    signalled.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        return await show
    return 128 + stopping.heard() if once else 0


async def _demo(console: Console, *, once: bool, people: int, stop: asyncio.Event) -> int:
    async with (
        Sandbox(people=people) as sandbox,
        directory_server() as directory,
        _folder() as folder,
        _bridge(sandbox, directory, folder) as (bridge, address),
    ):
        payroll = folder / f"{PAYROLL}.csv"
        console.print(f"Look at    {address}/   (everybody and every change, live)")
        console.print(f"Kenjo      {sandbox.url}   (made up, {counted(people, 'person', 'people')})")
        console.print(f"Directory  {directory.base_url}   (scim2-server)")
        console.print(f"Payroll    {payroll}   (a file, written whole)", soft_wrap=True)
        console.print(f"Bridge     {address}/metrics   {address}/healthz")
        console.print()
        arrived = await _first_sync(console, bridge) and await _first_file(console, payroll)
        for title, change in _changes(sandbox, directory):
            arrived = await _show(console, title, change) and arrived
        if not once:
            await _linger(console, sandbox, directory, stop)
        return 0 if arrived else 1


async def _first_sync(console: Console, bridge: Bridge) -> bool:
    """Show the first sync until nothing is pending."""
    started = time.monotonic()
    ledger = bridge.backend.ledger(TARGET)
    with sync_view.progress(console, quiet=not console.is_terminal) as show:
        while True:
            pending = await ledger.count_pending()
            show({TARGET: pending})
            seen = await bridge.backend.records.last_snapshot()
            if seen and not pending and await ledger.linked():  # else nobody has been asked for yet
                break
            if time.monotonic() - started > FIRST_LIMIT:
                console.print("The first sync did not end in time.", style="red")
                return False
            await asyncio.sleep(0.05)
    seconds = time.monotonic() - started
    links = await ledger.linked()
    accounts = sum(1 for name in links if name.startswith(Kind.PERSON))
    made = f"{counted(accounts, 'account')} and {counted(len(links) - accounts, 'group')}"
    console.print(f"First sync: {made} created in {seconds:.1f} s.")
    console.print()
    return bool(links)


async def _first_file(console: Console, payroll: Path) -> bool:
    """Wait until the file for payroll is there, which is when nothing is on its way any more."""
    started = time.monotonic()
    while time.monotonic() - started < ARRIVAL_LIMIT:
        if (rows := await asyncio.to_thread(_rows, payroll)) is not None:
            console.print(
                f"File for payroll: {counted(rows, 'row')} after {time.monotonic() - started:.1f} s more."
            )
            console.print()
            return True
        await asyncio.sleep(0.05)
    console.print(f"The file for payroll was not written within {ARRIVAL_LIMIT:.0f} s.", style="red")
    return False


def _rows(file: Path) -> int | None:
    """How many rows a CSV file has below its header; None where there is none yet."""
    return len(file.read_text("utf-8-sig").splitlines()) - 1 if file.exists() else None


Change = Callable[[], Awaitable[Callable[[], Awaitable[bool]]]]


def _changes(sandbox: Sandbox, directory: Directory) -> list[tuple[str, Change]]:
    """Each change: make it in Kenjo, return a look at the directory that says whether it has arrived."""
    act, account = sandbox.actions, sandbox.account
    team_id = next(iter(account.tables["teams"]))
    team = account.tables["teams"][team_id]["name"]
    new: dict[str, str] = {}

    async def hire() -> Callable[[], Awaitable[bool]]:
        today = time.strftime("%Y-%m-%d")
        person = act.hire(first_name="Zoë", last_name="Müller-Núñez", start=today, active=True)
        new["id"] = person["account"]["_id"]
        return lambda: _is(directory.person(new["id"]), lambda user: bool(user.get("active")))

    async def move() -> Callable[[], Awaitable[bool]]:
        act.move(employee=new["id"], team=team_id)

        async def is_member() -> bool:
            user, group = await directory.person(new["id"]), await directory.team(team_id)
            return user.get("id") in [member["value"] for member in group.get("members") or []]

        return is_member

    async def rename() -> Callable[[], Awaitable[bool]]:
        act.rename(employee=new["id"], last_name="Müller")
        return lambda: _is(
            directory.person(new["id"]), lambda user: user.get("name", {}).get("familyName") == "Müller"
        )

    async def leave() -> Callable[[], Awaitable[bool]]:
        act.leave(employee=new["id"])
        return lambda: _is(directory.person(new["id"]), lambda user: user.get("active") is False)

    return [
        ("Hired: Zoë Müller-Núñez", hire),
        (f"Moved to team {team}", move),
        ("Renamed to Zoë Müller", rename),
        ("Left the company", leave),
    ]


async def _is(found: Awaitable[Mapping[str, Any]], holds: Callable[[Mapping[str, Any]], bool]) -> bool:
    return holds(await found)


async def _show(console: Console, title: str, change: Change) -> bool:
    """Make a change, wait until the directory has it, and say how long it took."""
    has_arrived = await change()
    started = time.monotonic()
    while time.monotonic() - started < ARRIVAL_LIMIT:
        if await has_arrived():
            console.print(
                f"✓ {title}: at the directory after {time.monotonic() - started:.1f} s", style="green"
            )
            return True
        await asyncio.sleep(0.05)
    console.print(f"✗ {title}: not at the directory within {ARRIVAL_LIMIT:.0f} s", style="red")
    return False


async def _linger(console: Console, sandbox: Sandbox, directory: Directory, stop: asyncio.Event) -> None:
    console.print()
    console.print("It goes on running. Make changes in another terminal, one after the other:", style="bold")
    for command in changes(sandbox.control_url, sandbox.account.today):
        console.print(f"  {command}", soft_wrap=True)
    console.print("and after each look at the directory, which has it within a second or two:", style="bold")
    console.print(f"  {look(directory.base_url, directory.token)}", soft_wrap=True)
    console.print("Ctrl-C ends everything.")
    await stop.wait()


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    """A folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="kenjo-bridge-demo-") as folder:
        yield Path(folder)


@asynccontextmanager
async def _bridge(sandbox: Sandbox, directory: Directory, folder: Path) -> AsyncIterator[tuple[Bridge, str]]:
    """A bridge between Kenjo, the directory and a file, with a private Redis in the folder."""
    scim = {"base_url": directory.base_url, "token": directory.token, "rate": 1000}
    values = BridgeSettings(
        kenjo=KenjoSettings(base_url=sandbox.url, api_key=sandbox.api_key, poll_interval=POLL_INTERVAL),
        targets={
            TARGET: AnyTarget(kind="scim", **scim),
            PAYROLL: AnyTarget(kind="file", path=str(folder / f"{PAYROLL}.csv"), rate=1000),
        },
        web=WebSettings(port=0),
        data_dir=folder,
    )
    async with opened(values) as bridge, running(bridge, polls=True, works=True) as address:
        yield bridge, address
