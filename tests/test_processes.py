"""The long-running processes as in production: one Redis for all, signals, kills, health checks."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.running import Running, has_name, own_redis, readiness, running, until
from tests.world import World, expected, world

DONE = 'kenjo_bridge_pending{target="directory"} 0.0'


@pytest.fixture
async def redis_of_its_own() -> AsyncIterator[str]:
    """A Redis that several processes share."""
    async with own_redis() as url:
        yield url


@pytest.fixture
async def here(tmp_path: Path, redis_of_its_own: str) -> AsyncIterator[World]:
    async with world(tmp_path, people=30) as ready:
        ready.config["redis"] = {"url": redis_of_its_own}
        yield ready


async def test_service_and_worker_deliver_and_stop(here: World) -> None:
    """`serve` and `work` as two processes == everybody arrives; SIGTERM ends both with 0."""
    async with running(here, "serve") as serve, running(here, "work") as work:
        await until(lambda: everybody_is_there(here), 20)
        for process in (serve.process, work.process):
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_health_readiness_and_metrics(here: World) -> None:
    """`run` == /healthz and /readyz answer 200, /metrics tells people, deliveries and pending per target."""
    async with running(here, "run") as run, aiohttp.ClientSession(run.address) as session:
        await until(lambda: everybody_is_there(here), 20)
        for path in ("/healthz", "/readyz"):
            async with session.get(path) as answer:
                assert answer.status == 200, await answer.text()
        async with session.get("/metrics") as answer:
            text = await answer.text()
    assert 'kenjo_bridge_records{kind="person"} 30.0' in text
    assert 'kenjo_bridge_deliveries_total{outcome="created",target="directory"}' in text
    assert 'kenjo_bridge_pending{target="directory"}' in text
    assert re.search(r"kenjo_bridge_latency_seconds_count\{target=\"directory\"\} [1-9]", text)


async def test_not_ready_without_redis(here: World, redis_of_its_own: str) -> None:
    """Redis cannot be reached == /readyz 503 and /healthz 200; when it is back, deliveries go on."""
    async with running(here, "run") as run, aiohttp.ClientSession(run.address) as session:
        await until(lambda: everybody_is_there(here), 20)
        socket = redis_of_its_own.removeprefix("unix://")
        hidden = socket + ".hidden"
        shutil.move(socket, hidden)
        await drop_clients(hidden)
        await until(lambda: ready_is(session, 503), 15)
        async with session.get("/healthz") as answer:
            assert answer.status == 200
        shutil.move(hidden, socket)
        await until(lambda: ready_is(session, 200), 15)
        person = next(iter(expected(here.sandbox)))
        here.sandbox.actions.rename(employee=person, last_name="Zurück")
        await until(lambda: has_name(here, person, "Zurück"), 20)


async def test_a_killed_worker_loses_and_doubles_nothing(here: World) -> None:
    """SIGKILL in the middle of the first load == another worker finishes within 30 s, nobody twice."""
    here.config["targets"]["directory"]["rate"] = 60
    async with running(here, "serve"):
        async with running(here, "work") as first:
            await until(lambda: some_are_there(here, 10), 20)
            first.process.kill()
            await first.process.wait()
        killed = time.monotonic()
        async with running(here, "work"):
            await until(lambda: everybody_is_there(here), 30)
    assert time.monotonic() - killed < 30
    ids = [user["externalId"] for user in await here.users()]
    assert len(ids) == len(set(ids))


async def test_a_second_service_takes_over(here: World) -> None:
    """Two services, the polling one is killed == the other one polls within its lease's time."""
    async with running(here, "serve") as first, running(here, "work"):
        await until(lambda: everybody_is_there(here), 20)
        async with running(here, "serve"):
            first.process.kill()
            person = next(iter(expected(here.sandbox)))
            here.sandbox.actions.rename(employee=person, last_name="Übernommen")
            await until(lambda: has_name(here, person, "Übernommen"), 20)


async def test_a_former_leader_tells_what_is_so_now(here: World) -> None:
    """The polling service stands still, another takes over, it goes on == the same metrics at both."""
    async with running(here, "serve") as first, running(here, "work"):
        await until(lambda: everybody_is_there(here), 20)
        async with running(here, "serve") as second:
            first.process.send_signal(signal.SIGSTOP)
            here.sandbox.actions.hire()
            await until(lambda: logged(second, "this service polls now"), 20)
            await until(lambda: logged(second, '"people": 31'), 20)
            first.process.send_signal(signal.SIGCONT)
            await until(lambda: same_standing(first, second), 10)
            async with aiohttp.ClientSession(first.address) as session:
                assert (await readiness(session))[0] == 200
    assert "this one stands by" in first.log


async def test_sync_leaves_a_running_service_alone(here: World) -> None:
    """`sync` while a service polls == exit 3 and a sentence, after a while."""
    async with running(here, "serve"):
        done = await here.run("sync")
    assert done.code == 3
    assert "another kenjo-bridge polls" in done.err


async def drop_clients(socket: str) -> None:
    from redis.asyncio import Redis

    redis = Redis(unix_socket_path=socket)
    await redis.client_kill_filter(_type="normal", skipme=True)
    await redis.aclose()


async def same_standing(first: Running, second: Running) -> bool:
    """Whether two processes tell the same of 31 people and of a target that has everything."""
    one, other = await standing(first), await standing(second)
    return one == other and {'kenjo_bridge_records{kind="person"} 31.0', DONE} <= one


async def logged(process: Running, words: str) -> bool:
    return words in process.log


async def standing(process: Running) -> set[str]:
    """The lines of /metrics that are read from the state."""
    async with aiohttp.ClientSession(process.address) as session, session.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return {line for line in lines if line.startswith(("kenjo_bridge_records", "kenjo_bridge_pending"))}


async def ready_is(session: aiohttp.ClientSession, status: int) -> bool:
    return (await readiness(session))[0] == status


async def some_are_there(here: World, number: int) -> bool:
    return len(await here.users()) >= number


async def everybody_is_there(here: World) -> bool:
    """Whether each active person has an account and each team its members."""
    ids = {user["externalId"]: user["id"] for user in await here.users()}
    people = expected(here.sandbox)
    if ids.keys() != people.keys():
        return False
    groups = {group["externalId"]: group for group in await here.groups()}
    for team in here.sandbox.account.tables["teams"]:
        wanted = {ids[key] for key, one in people.items() if team in (one["work"].get("teamIds") or [])}
        if wanted != {member["value"] for member in groups.get(team, {}).get("members") or []}:
            return False
    return True


async def test_sync_ends_in_order(here: World) -> None:
    """SIGTERM in the middle of `sync` == exit 1, the lease free, and a further sync delivers the rest."""
    here.config["targets"]["directory"]["rate"] = 30
    process = await here.start("sync", "--json")
    await until(lambda: some_are_there(here, 5), 20)
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert json.loads(out)["targets"]["directory"]["pending"] > 0
    here.config["targets"]["directory"]["rate"] = 1000
    assert (await here.run("sync")).code == 0
    assert await everybody_is_there(here)
