"""Names and answers that would act on a terminal, planted everywhere: what commands show is harmless."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import sys

from aiohttp import web

from bridge.printable import visible
from tests.service.operated import Operator
from tests.world import ROOT
from workers.testing.proxy import Proxy

HOSTILE = "\x1b]0;owned\x07\x9b31m\r\nForged: all is well\u202e\u2066\u200b\u2028[red]x[/red]:boom:"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("plan", "--values"),
    ("plan", "--values", "--json"),
    ("sync",),
    ("sync", "--json"),
    ("status",),
    ("status", "--json"),
    ("check",),
    ("check", "--json"),
    ("failures",),
    ("failures", "--json"),
    ("holds",),
    ("holds", "--json"),
    ("audit",),
    ("audit", "--json"),
    ("holds", "show", HOSTILE),
    ("explain", HOSTILE),
    (HOSTILE,),
    ("mapping", HOSTILE),
    ("sync", "--plan", HOSTILE.replace("/", "-")),
)
_OURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""Colours, and what moves the cursor for a progress bar."""


async def test_output_in_a_pipe(fresh: Operator) -> None:
    """Every command on a hostile company == no acting character, no made-up line; JSON keeps the values."""
    person = plant(fresh)
    fresh.here.proxy.fail_always(refusing)
    for command in (*COMMANDS, ("explain", person, "--values"), ("explain", person, "--values", "--json")):
        done = await fresh(*command)
        check(done.out + done.err)
        if command[-1] == "--json":
            assert (done.json_lines if command[0] == "audit" else done.json) is not None, done.err
    shown = await fresh("explain", person, "--values", "--json")
    assert any(HOSTILE in str(value) for value in shown.json["fields"].values())


async def test_output_on_a_terminal(fresh: Operator) -> None:
    """The same with colours and a progress bar on a pseudo terminal == nothing but our own sequences."""
    person = plant(fresh)
    fresh.here.proxy.fail_always(refusing)
    for command in (("plan", "--values"), ("sync",), ("failures",), ("explain", person, "--values")):
        text = await on_a_terminal(fresh, *command)
        check(_OURS.sub("", text).replace("\r\n", "\n").replace("\r", ""))
        assert "\\x1b]0;owned" in text or command[0] not in ("plan", "explain")


def check(text: str) -> None:
    for line in text.split("\n"):
        assert visible(line) == line
        assert not line.startswith("Forged")  # an error in several lines is set in


def plant(operator: Operator) -> str:
    """Hostile names for everybody, every group and every field of work; one person's id."""
    account = operator.here.sandbox.account
    for number, person in enumerate(account.employees.values()):
        for name in ("firstName", "lastName", "displayName"):
            person["personal"][name] = f"{HOSTILE}{number}"
        person["work"]["jobTitle"] = HOSTILE
    for table in ("teams", "departments", "offices"):
        for row in account.tables[table].values():
            row["name"] = HOSTILE
    return operator.people()[0]


async def refusing(proxy: Proxy, request: web.Request) -> web.StreamResponse:
    """A directory that refuses whatever writes, in hostile words."""
    if request.method == "GET":
        return await proxy.forward(request)
    body = json.dumps({"detail": f"no {HOSTILE}", "scimType": HOSTILE})
    return web.Response(status=400, text=body, content_type="application/scim+json")


async def on_a_terminal(operator: Operator, *arguments: str) -> str:
    """What a command writes to a pseudo terminal."""
    file = operator.here.folder / "bridge.yaml"
    file.write_text(json.dumps(operator.here.config))
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "200"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service.cli.main", *arguments, "--config", str(file),
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
    )  # fmt: skip
    os.close(theirs)
    text = await asyncio.to_thread(_read, ours)
    await process.wait()
    os.close(ours)
    return text


def _read(descriptor: int) -> str:
    found = b""
    try:
        while part := os.read(descriptor, 65536):
            found += part
    except OSError:  # the other side was closed: that is how a terminal ends on Linux
        pass
    return found.decode()
