"""What the first page costs the process that serves it: CPU milliseconds, with everybody delivered.

In a process of its own, with a private, sealed Redis; Kenjo runs in another one and is not counted. `cold`:
nobody has looked before; `unchanged`: somebody has, and nothing has happened since; `1 % changed`: Kenjo was
polled, and one person in a hundred waits for a delivery.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from bridge.codec import make_key
from bridge.config.settings import AnyTarget, BridgeSettings, EncryptionSettings, KenjoSettings
from service.cli.app import COLLECT_AFTER
from service.operations.assembly import opened, poller
from service.operations.board import FRESH, Board
from service.web.pages.site import Site
from tests.bench.parts import ROOT, large_kenjo
from tests.bench.polls import TARGET, _deliver, _rename


def measure(people: int) -> dict[str, float]:
    """CPU milliseconds of the first page, by how much is new."""
    with large_kenjo(people) as source:
        command = [sys.executable, "-m", "tests.bench.pages", *source]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


async def measured(source: tuple[str, str, str]) -> dict[str, float]:
    address, key, control = source
    with tempfile.TemporaryDirectory() as folder:
        values = BridgeSettings(
            kenjo=KenjoSettings(base_url=address, api_key=SecretStr(key), timeout=300.0),
            targets={TARGET: AnyTarget(kind="scim", base_url="http://127.0.0.1:1", token="t")},
            encryption=EncryptionSettings(key=SecretStr(make_key())),
            data_dir=Path(folder),
        )
        async with opened(values) as bridge, poller(bridge) as polls:
            await polls.lease.acquire()
            keeper = asyncio.create_task(polls._keep_lease())  # as `Poller.run` does
            await polls.poll()
            await _deliver(bridge.backend, bridge.routes[TARGET], await bridge.backend.records.known())
            app = web.Application()
            Site(bridge, Board(bridge)).attach(app)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port = runner.addresses[0][1]
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                await session.get("/static/style.css")  # what is imported at the first request
                found = {"cold": await _cost(session)}
                found["unchanged"] = await _cost(session)
                await asyncio.to_thread(_rename, control)
                await polls.poll()
                found["1 % changed"] = await _cost(session)
            await runner.cleanup()
            keeper.cancel()
            await polls.stand_down()
            return found


async def _cost(session: aiohttp.ClientSession) -> float:
    await asyncio.sleep(FRESH + 0.1)
    gc.collect()
    started = time.process_time()
    async with session.get("/") as answer:
        assert answer.status == 200, await answer.text()
        await answer.read()
    return (time.process_time() - started) * 1000


if __name__ == "__main__":
    _, address, key, control = sys.argv
    gc.set_threshold(*COLLECT_AFTER)  # as every command does
    print(json.dumps(asyncio.run(measured((address, key, control)))))  # noqa: T201
