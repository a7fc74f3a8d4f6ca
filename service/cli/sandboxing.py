"""`sandbox`: a Kenjo to try things against, with a SCIM server if one is wanted, until stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console

from bridge.errors import ConfigurationError
from bridge.printable import counted
from sandbox.server import Sandbox
from service.cli.app import stop_event
from service.cli.demo_directory import Directory, directory_server
from service.cli.suggesting import changes, look

_TOKEN = "sandbox-token"  # noqa: S105 - of a directory of nobody, on this machine only


async def run_sandbox(port: int, people: int, seed: int, console: Console, *, target: bool) -> int:
    """Serve until Ctrl-C; `target`: a SCIM server, too. Raises ConfigurationError when a port is taken."""
    stop = stop_event()
    sandbox = Sandbox(people=people, seed=seed, port=port)
    try:
        await sandbox.start()
    except OSError as error:
        raise ConfigurationError(f"cannot listen on port {port} ({error.strerror}); use --port") from None
    try:
        async with _directory(port, wanted=target) as directory:
            _tell(console, sandbox, directory, people)
            await stop.wait()
    finally:
        await sandbox.stop()
    return 0


@asynccontextmanager
async def _directory(port: int, *, wanted: bool) -> AsyncIterator[Directory | None]:
    """A SCIM server on the next port; it begins empty each time."""
    if not wanted:
        yield None
        return
    async with directory_server(port and port + 1, _TOKEN) as directory:
        yield directory


def _tell(console: Console, sandbox: Sandbox, directory: Directory | None, people: int) -> None:
    beside = ", and a SCIM server" if directory else ""
    those = counted(people, "person", "people")
    console.print(f"A Kenjo with {those}{beside}. Ctrl-C ends it; nothing of it is kept.")
    console.print()
    console.print("In bridge.yaml:" if directory is None else "A whole bridge.yaml:", style="bold")
    lines = ["kenjo:", f"  base_url: {sandbox.url}", f"  api_key: {sandbox.api_key}"]
    if directory:
        lines += ["targets:", "  directory:", "    kind: scim", f"    base_url: {directory.base_url}"]
        lines += [f"    token: {directory.token}"]
    for line in (*lines, ""):
        console.print(line, soft_wrap=True)
    if directory:
        console.print("With this file:", style="bold")
        for command in ("check", "sync", "run"):
            console.print(f"kenjo-bridge {command}")
        console.print()
    console.print("Make changes, one after the other:", style="bold")
    for command in changes(sandbox.control_url, sandbox.account.today):
        console.print(command, soft_wrap=True)
    if directory:
        console.print()
        console.print("Look at what has arrived:", style="bold")
        console.print(look(directory.base_url, directory.token), soft_wrap=True)
