"""A Redis that is full, or dies: a sentence, an exit code, and nothing lost."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conftest import listens, redis_binary
from tests.service.operated import Operator, row
from tests.world import world
from workers.testing.proxy import Proxy


@pytest.fixture
async def fill(fresh: Operator) -> AsyncIterator[Callable[[bool], Any]]:
    """A function that takes all room away from Redis, or gives it back."""

    async def limit(full: bool) -> None:
        await fresh.redis.config_set("maxmemory", "1" if full else "0")

    assert (await fresh.redis.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
    yield limit
    await limit(False)


async def test_a_full_redis(operator: Operator, fill: Callable[[bool], Any]) -> None:
    """Redis takes no more == exit 3, one sentence, nothing sent; with more room everything goes on."""
    (ana,) = operator.people()[:1]
    operator.here.sandbox.actions.rename(employee=ana, last_name="Neu")
    operator.here.proxy.seen.clear()
    await fill(True)
    done = await operator.here.run("sync")
    assert (done.code, done.out) == (3, "")
    *warnings, last = done.err.splitlines()
    assert last.startswith("kenjo-bridge: Redis is full")
    assert sum("readable in redis" in line for line in warnings) == 1
    assert all('"level": "warning"' in line for line in warnings)
    assert operator.here.proxy.seen == []
    await fill(False)
    result = await operator.sync()
    assert (result.exit_code, row(result)["updated"]) == (0, 1)
    assert (await operator.users())[ana]["name"]["familyName"] == "Neu"


async def test_looking_is_possible_in_a_full_redis(operator: Operator, fill: Callable[[bool], Any]) -> None:
    """Redis takes no more == what is stored can still be shown."""
    await fill(True)
    done = await operator.here.run("status", "--json")
    assert (done.code, done.err) == (0, "")


async def test_redis_fills_up_in_the_middle(fresh: Operator, fill: Callable[[bool], Any]) -> None:
    """Full while the first accounts are created == not exit 0, said; later all are there, once each."""

    async def filling(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        answer = await proxy.forward(request)
        if request.method == "POST":
            await fill(True)
        return answer

    fresh.target["concurrency"] = 3
    fresh.here.proxy.fail_always(filling)
    done = await fresh.here.run("sync", "--patience", "2")
    fresh.here.proxy.fail_always(None)
    await fill(False)
    created = await fresh.users()
    assert 0 < len(created) < len(fresh.people())
    assert "Traceback" not in done.err, done.err
    assert done.code in (1, 3), done.err
    assert "OutOfMemory" in done.err or "is full" in done.err
    assert (await fresh.sync(patience=15)).exit_code == 0
    users = await fresh.users()
    assert users.keys() == set(fresh.people())
    assert {id_: users[id_]["id"] for id_ in created} == {id_: user["id"] for id_, user in created.items()}


async def test_redis_dies_in_the_middle(tmp_path: Path) -> None:
    """Redis is killed while accounts are created == exit 3 and a sentence."""
    with redis_server() as (server, url):
        async with world(tmp_path) as here:
            here.config["redis"] = {"url": url}

            async def killing(proxy: Proxy, request: web.Request) -> web.StreamResponse:
                if request.method == "POST":
                    server.kill()
                return await proxy.forward(request)

            here.proxy.fail_always(killing)
            done = await here.run("sync", "--patience", "2")
    assert done.code == 3, done.err
    assert [line for line in done.err.splitlines() if line.startswith("kenjo-bridge: Redis ")]


@contextmanager
def redis_server() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A Redis that may be killed, and its address."""
    with tempfile.TemporaryDirectory(prefix="kb-") as folder:
        path = Path(folder) / "r.sock"
        command = [redis_binary(), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own words
            while process.poll() is None and not listens(path):
                time.sleep(0.02)
            yield process, f"unix://{path}"
            process.kill()
