"""What polls cost: the first one, one without and one with changes, beside `orjson.loads` of the same bytes.

In a process of its own, with a private, sealed Redis; Kenjo runs in another one and is not counted. Nobody
delivers: the ledger is written as if all had been delivered. Peak memory is of the whole process while a poll
goes on; `held` is the longest time for which the event loop did nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import aiohttp
import orjson
from pydantic import SecretStr

from bridge.codec import make_key
from bridge.config.settings import KenjoSettings
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Entry, Key, Outcome, State, Stored
from bridge.store.backend import Backend, open_backend
from bridge.store.entries import seal_entry
from bridge.store.keys import place
from bridge.store.private_redis import PrivateRedis
from service.cli.app import COLLECT_AFTER
from service.kenjo.client import KenjoClient
from service.kenjo.fields import lists_for
from service.operations.assembly import KenjoSource
from service.watch.poller import Poller
from tests.bench.parts import ROOT, large_kenjo
from workers.targets import load

TARGET = "directory"
BEAT = 0.005  # seconds

Row = dict[str, float]


def measure(people: int) -> dict[str, Any]:
    """By poll what it cost: CPU seconds, peak MiB, milliseconds for which the loop was held."""
    with large_kenjo(people) as source:
        command = [sys.executable, "-m", "tests.bench.polls", *source]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


async def measured(source: tuple[str, str, str]) -> dict[str, Any]:
    adapter = load("scim")
    settings = {"kind": "scim", "base_url": "http://127.0.0.1:1", "token": "t"}
    route = Route(TARGET, adapter.settings.model_validate(settings), adapter.mapping)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            PrivateRedis(Path(folder)) as redis,
            open_backend(redis.url, [make_key()]) as backend,
            aiohttp.ClientSession() as session,
        ):
            address, key, control = source
            wanted = KenjoSettings(base_url=address, api_key=SecretStr(key), timeout=300.0)
            client = KenjoClient(session, wanted)
            view = KenjoSource(client, route.fields, ZoneInfo("UTC"), {}, 0)
            poller = Poller(view, backend, {TARGET: route}, Metrics(), interval=60.0)
            bodies = await _bodies(session, route, source)
            started = time.process_time()
            for body in bodies:
                orjson.loads(body)
            found: dict[str, Any] = {"loads": time.process_time() - started, "bytes": sum(map(len, bodies))}
            del bodies
            found["polls"] = await _polls(poller, backend, route, control)
            return found


async def _polls(poller: Poller, backend: Backend, route: Route, control: str) -> dict[str, Row]:
    await poller.lease.acquire()
    keeper = asyncio.create_task(poller._keep_lease())  # as `Poller.run` does
    found = {"first": await _cost(poller.poll)}
    known = await backend.records.known()
    await _deliver(backend, route, known)
    del known
    await poller.poll()
    found["whole, unchanged"] = await _cost(poller.poll_once)
    while await poller.poll():
        pass
    found["unchanged"] = await _cost(poller.poll)
    await asyncio.to_thread(_rename, control)
    found["1 % changed"] = await _cost(poller.poll)
    keeper.cancel()
    await poller.stand_down()
    return found


async def _cost(poll: Callable[[], Awaitable[object]]) -> Row:
    gc.collect()
    _forget_peak()
    async with _watched() as held:
        started = time.process_time()
        await poll()
        cpu = time.process_time() - started
    return {"cpu": cpu, "peak": _peak(), "held": held[0] * 1000}


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """The most memory that the process had since then, in MiB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


@contextlib.asynccontextmanager
async def _watched() -> AsyncIterator[list[float]]:
    """For how long the loop was held at most: that long this task was late."""
    held = [0.0]

    async def beat() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(BEAT)
            held[0] = max(held[0], time.monotonic() - before - BEAT)

    task = asyncio.create_task(beat())
    yield held
    await asyncio.sleep(0)
    task.cancel()


async def _deliver(backend: Backend, route: Route, known: dict[Key, Stored]) -> None:
    """Let the ledger say that everything was delivered."""
    keys, codec = backend.keys, backend.codec
    redis: Any = backend.redis  # redis-py declares that values are text
    ledger, links, owners = (keys.at(TARGET, name) for name in ("ledger", "links", "owners"))
    given = list(known.items())
    for start in range(0, len(given), 1000):
        async with redis.pipeline(transaction=False) as pipe:
            for key, stored in given[start : start + 1000]:
                entry = Entry(
                    stored.revision,
                    route.fingerprint,
                    State.APPLIED,
                    Outcome.CREATED,
                    at=stored.at,
                    open=True,
                )
                pipe.hset(ledger, str(key), seal_entry(codec, place(ledger, str(key)), entry))
                pipe.hset(links, str(key), codec.seal(f"r{key.id}", place(links, str(key))))
                pipe.hset(owners, codec.digest([key.kind, f"r{key.id}"]), str(key))
            await pipe.execute()
    await backend.redis.delete(keys.at(TARGET, "pending"), keys.at(TARGET, "queue"))


async def _bodies(session: aiohttp.ClientSession, route: Route, source: tuple[str, str, str]) -> list[bytes]:
    """The bytes of all lists that a poll reads."""
    address, key, _ = source
    async with session.post(f"{address}/auth/login", json={"apiKey": key}) as answer:
        token = (await answer.json())["token"]
    found = []
    for name in sorted(lists_for(route.fields)):
        async with session.get(f"{address}/{name}", headers={"Authorization": token}) as answer:
            found.append(await answer.read())
    return found


def _rename(control: str) -> None:
    """Change one person in a hundred."""
    with urlopen(Request(f"{control}/_rename?every=100", method="POST")) as answer:
        answer.read()


if __name__ == "__main__":
    _, address, key, control = sys.argv
    gc.set_threshold(*COLLECT_AFTER)  # as every command does
    print(json.dumps(asyncio.run(measured((address, key, control)))))  # noqa: T201
