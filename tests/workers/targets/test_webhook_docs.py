"""The page for administrators says what the code does, and its programs take our events."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from bridge.config.settings import BridgeSettings
from bridge.errors import TargetHalted
from bridge.model import Kind
from tests.workers.targets.webhook_rig import OTHER_SECRET, WebhookRig, webhook_rig
from tests.workers.targets.webhook_server import SECRET, TYPES, Receiver
from workers.connect import routes
from workers.targets.notebook import Scratch
from workers.targets.webhook.event import Envelope, Event
from workers.targets.webhook.target import ADAPTER, WebhookSettings
from workers.testing.rig import connected, person, team

PAGE = (Path(__file__).parents[3] / "docs" / "targets" / "webhook.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"^```(python|javascript)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
NODE = shutil.which("node")


def test_the_default_mapping_is_documented() -> None:
    """The tables of the page are the default mapping, row by row."""
    rows = re.findall(r"^\| `(\w+)` \| `((?:person|team)[^|]+)` \|$", PAGE, re.MULTILINE)
    expected = [*ADAPTER.mapping[Kind.PERSON].items(), *ADAPTER.mapping[Kind.TEAM].items()]
    assert rows == expected


def test_the_settings_are_documented() -> None:
    """Every setting that webhooks add has a row with its default."""
    table = PAGE.partition("## Settings")[2].partition("## Default mapping")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|(?: `([^`]+)`)? \| ", table, re.MULTILINE))
    for name in WebhookSettings.__annotations__:
        field = WebhookSettings.model_fields[name]
        default = (
            "" if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        )
        shown = default if isinstance(default, str) else json.dumps(default)
        assert rows.pop(field.alias or name) == shown
    assert rows == {}


def test_the_types_of_events_are_documented() -> None:
    """The table of types has those that a receiver may get, and no other."""
    assert set(re.findall(r"^\| `(kenjo\.[\w.]+)` \|", PAGE, re.MULTILINE)) == TYPES


def test_the_examples_are_configurations() -> None:
    """Each target on the page can be read, once its secrets are filled in."""
    for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        filled = block.replace("whsec_...", SECRET).replace("...", "x")
        assert routes(BridgeSettings.model_validate(yaml.safe_load(filled)))


@asynccontextmanager
async def program(text: str) -> AsyncIterator[tuple[str, asyncio.StreamReader]]:
    """Run a program of the page: where it listens, and what it prints."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", text, env=environment, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(400):
            if await listens(port):
                break
            await asyncio.sleep(0.05)
        assert process.stdout
        yield f"http://127.0.0.1:{port}", process.stdout
    finally:
        process.kill()
        await process.wait()


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_the_python_program() -> None:
    """Created, the same event again, and a change == printed once each; signed otherwise == refused."""
    rig, notes = WebhookRig("", Receiver()), Scratch()
    async with program(BLOCKS["python"]) as (origin, printed):
        async with connected(ADAPTER, rig.settings(origin), notes) as target:
            await target.upsert(person(rig, 1), None)
            note = await notes.get(person(rig, 1).key)
            await target.upsert(person(rig, 1, jobTitle="Boss"), "person:kenjo-p1")
            assert note
            again = {**note, "given": None, "sent": [{"what": "created", "data": note["given"]}]}
            await notes.put(person(rig, 1).key, again)
            await target.upsert(person(rig, 1), "person:kenjo-p1")
            await target.upsert(team(rig, 1, []), None)
        async with connected(ADAPTER, rig.settings(origin) | {"secret": OTHER_SECRET}) as target:
            with pytest.raises(TargetHalted):
                await target.upsert(person(rig, 2), None)
        lines = [(await asyncio.wait_for(printed.readline(), 10)).decode() for _ in range(3)]
    assert [line.split()[:2] for line in lines] == [
        ["kenjo.person.created", "kenjo-p1"],
        ["kenjo.person.updated", "kenjo-p1"],
        ["kenjo.team.created", "kenjo-t1"],
    ]
    assert lines[1].endswith("['jobTitle']\n")


@pytest.mark.skipif(NODE is None, reason="needs Node.js")
@pytest.mark.parametrize("valid", [True, False])
async def test_the_code_node_of_n8n(valid: bool) -> None:
    """With what n8n gives a Code node == the event; a body that was changed on its way == an error."""
    async with webhook_rig() as rig, rig.reached() as (target, line):
        await target.upsert(person(rig, 1), None)
        body = line.writes[0].body.decode()
        headers = {name.lower(): value for name, value in rig.receiver.requests[0].headers.items()}
    given = json.dumps({"headers": headers, "body": body if valid else body.replace("Buyer", "Boss")})
    code = BLOCKS["javascript"].replace("'...'", json.dumps(SECRET.removeprefix("whsec_")))
    program_ = (
        f"const given = {given};"
        "const $input = {first: () => ({json: {headers: given.headers}})};"
        "const self = {helpers: {getBinaryDataBuffer: async () => Buffer.from(given.body)}};"
        f"(async function () {{ {code} }}).call(self).then((out) => console.log(JSON.stringify(out)));"
    )
    process = await asyncio.create_subprocess_exec(
        str(NODE), "-e", program_, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    if valid:
        assert json.loads(out) == [{"json": json.loads(body)}], err
    else:
        assert b"not from Kenjo Bridge" in err
        assert not out


def test_so_many_members_fit() -> None:
    """A group of the size that the page names == an event that the default takes."""
    (number,) = re.findall(r"about ([\d,]+) members", PAGE)
    settings = WebhookSettings.model_validate({"kind": "webhook", "url": "https://example.com"})
    for count, fits in ((int(number.replace(",", "")), True), (2 * int(number.replace(",", "")), False)):
        members = [f"person:{one:024x}" for one in range(count)]
        wanted = team(WebhookRig("", Receiver()), 1, members)
        size = len(Envelope("/x").message(wanted.key, 0, Event("created", wanted.attributes)).body)
        assert (size <= settings.largest_event) is fits
