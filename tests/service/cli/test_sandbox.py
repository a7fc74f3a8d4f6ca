"""`sandbox --target`: what it prints is a configuration that works, and commands that each show something."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from redis.asyncio import Redis

from bridge.config.configuration import load_settings
from service.operations.assembly import opened
from service.operations.sync import sync
from tests.world import ROOT


async def test_what_it_prints_works(tmp_path: Path, redis_url: str) -> None:
    """Its bridge.yaml, then each of its commands and a sync == the account there is as the command says."""
    async with _sandbox(tmp_path) as printed:
        whole, _, rest = printed.partition("\n\nWith this file:\n")
        config = yaml.safe_load(whole.partition("A whole bridge.yaml:\n")[2])
        config |= {"redis": {"url": f"{redis_url}?db=1"}, "data_dir": str(tmp_path)}
        (tmp_path / "bridge.yaml").write_text(json.dumps(config))
        *acts, look = [line for line in rest.splitlines() if line.startswith("curl ")]
        names = [act.partition("/actions/")[2].split()[0] for act in acts]
        assert names == ["hire", "move", "rename", "leave"]
        seen = []
        async with Redis.from_url(f"{redis_url}?db=1") as redis:
            await redis.flushdb()
        async with opened(load_settings(tmp_path / "bridge.yaml", {})) as bridge:
            for act in acts:
                await _curl(act)
                assert (await sync(bridge, patience=20.0)).exit_code == 0
                (user,) = (await _curl(look))["Resources"]
                seen.append((user.get("title"), user["name"]["familyName"], user["active"]))
    assert [seen[0][1:], *seen[1:]] == [
        ("Noll", True),
        ("Head of Sales", "Noll", True),
        ("Head of Sales", "Berg", True),
        ("Head of Sales", "Berg", False),
    ]


@asynccontextmanager
async def _sandbox(folder: Path) -> AsyncIterator[str]:
    """The command, for the time of a test: what it has printed when everything answers."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service.cli.main", "sandbox", "--target", "--port", "0", "--people", "5"),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        shown = await asyncio.wait_for(process.stdout.readuntil(b"--data-urlencode"), 60)
        yield (shown + await process.stdout.readline()).decode()
    finally:
        process.terminate()
        await process.communicate()


async def _curl(command: str) -> Any:
    """What a command of curl does, as far as these go."""
    words, headers, method = shlex.split(command)[1:], {"Accept": "*/*"}, "GET"
    sent: dict[str, Any] = {}
    url = next(word for word in words if word.startswith("http://"))
    for option, value in pairwise(words):
        match option:
            case "-X":
                method = value
            case "-H":
                name, _, text = value.partition(": ")
                headers[name] = text
            case "-d":
                sent["data"] = value
            case "--data-urlencode":
                name, _, text = value.partition("=")
                sent["params"] = {name: text}
    async with aiohttp.request(method, url, headers=headers, **sent) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json(content_type=None)
