"""Many companies in one deployment, as processes on one real Redis."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from tests.companies import Companies, companies
from tests.inside import contents
from tests.launcher import Launched
from tests.running import until
from tests.world import ROOT


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Companies]:
    async with companies(tmp_path, "acme", "beta") as ready:
        yield ready


async def test_each_company_has_its_own_everything(two: Companies) -> None:
    """`run` with a folder of two == each one's people at its directory; keys, log and metrics apart."""
    async with two.running() as session:
        await two.arrives("acme")
        await two.arrives("beta")
        async with session.get("/metrics") as answer:
            text = await answer.text()
        await pages_are_apart(two, session)
    assert two.process
    assert two.process.returncode == 0, two.log
    for name in ("acme", "beta"):
        assert f'kenjo_bridge_company_up{{company="{name}"}} 1.0' in text
        assert f'kenjo_bridge_records{{company="{name}",kind="person"}} 4.0' in text
        assert two.events(name, event="created")
    redis = Redis(unix_socket_path=two.redis.removeprefix("unix://"))
    keys = await contents(redis)
    await redis.aclose()
    assert {key.split(b":")[2] for key in keys if key.startswith(b"kenjo-bridge:")} == {b"acme", b"beta"}


async def pages_are_apart(two: Companies, session: aiohttp.ClientSession) -> None:
    """`/` lists who there is; pages, forms, cookies and the API work below `/c/NAME/`, each by itself."""
    async with session.get("/") as answer:
        listed = await answer.text()
    assert re.findall(r'href="(.+?)"', listed) == ["/c/acme/", "/c/beta/"]
    async with session.get("/c/beta") as answer:  # which leads on
        text, cookie = await answer.text(), answer.cookies["kenjo-bridge"]
    assert (answer.url.path, cookie["path"]) == ("/c/beta/", "/c/beta")
    assert all(one.startswith("/c/beta/") for one in re.findall(r'(?:href|src|action)="(/.*?)"', text))
    found = re.search(r'name="token" value="(.+?)"', text)
    assert found
    form = {"token": found[1], "language": "de", "theme": "auto"}
    mine = {"Origin": two.address, "Cookie": f"kenjo-bridge={cookie.value}"}
    for name, status in (("beta", 303), ("acme", 403)):  # a form of beta's is none of acme's
        async with session.post(
            f"/c/{name}/preferences", data=form, headers=mine, allow_redirects=False
        ) as answer:
            assert answer.status == status
    async with session.get("/c/beta/api/v1/people") as answer:
        assert len((await answer.json())["items"]) == 4
    async with session.get("/c/gone/") as answer:
        assert answer.status == 404


async def test_companies_come_and_go_without_a_restart(two: Companies) -> None:
    """A file that comes, is wrong, changes, goes == that company begins, is named, begins anew, ends."""
    (two.folder / "beta.yaml").unlink()
    async with two.running() as session:
        await two.arrives("acme")
        (two.folder / "beta.yaml").write_text("targets: {d: {kind: scin}}")
        await two.said(lambda: two.events("beta", event="the settings of a company are wrong"))
        two.write("beta")
        await two.arrives("beta")
        (two.folder / "acme.yaml").write_text("kenjo: [")
        two.write("beta", timezone="Europe/Madrid")
        await two.said(lambda: len(two.events("beta", event="company runs")) == 2)
        os.kill(two.events("acme", event="company runs")[0]["pid"], signal.SIGKILL)
        await two.arrives("acme")  # with the settings that it had, also after that
        assert two.events("acme", then="it goes on with the settings that it had")
        (two.folder / "beta.yaml").unlink()
        await two.said(lambda: two.events("beta", event="stopping: running deliveries may finish")[1:])
        await until(lambda: shows_no(session, "beta"), 10)
        await two.arrives("acme")
        assert len(two.events("acme", event="company runs")) == 2
    redis = Redis(unix_socket_path=two.redis.removeprefix("unix://"))
    assert await contents(redis, "kenjo-bridge:2:beta:records")  # it stays, until somebody erases it
    await redis.aclose()


async def shows_no(session: aiohttp.ClientSession, name: str) -> bool:
    """Whether the metrics are without a company."""
    async with session.get("/metrics") as answer:
        return f'company="{name}"' not in await answer.text()


async def test_commands_are_about_all_or_about_one(two: Companies) -> None:
    """`status` and `check` == every company, one that is wrong included; others == of the one they name."""
    (two.folder / "wrong.yaml").write_text("kenjo: {api_kee: x}")
    own = two.worlds["beta"].config["targets"]["directory"]
    two.write("beta", targets={"directory": own, "too": two.worlds["acme"].config["targets"]["directory"]})
    assert (await two.run("sync", "--company", "acme")).code == 0
    seen = await two.run("status", "--json")
    rows = seen.json["companies"]
    assert (seen.code, list(rows)) == (3, ["acme", "beta", "wrong"])
    assert rows["acme"]["targets"]["directory"]["people"]["in_step"] == 4
    assert rows["beta"]["snapshot"] is None
    assert "did you mean kenjo.api_key?" in rows["wrong"]["problem"]
    shown = await two.run("status")
    assert re.search(r"^acme +seen .*ago +4 +4 ", shown.out, re.MULTILINE), shown.out
    checked = await two.run("check")
    assert (checked.code, "acme: ok, 1 target" in checked.out) == (3, True), checked.out
    assert "target directory of acme and target too of beta lead to the same accounts" in checked.out
    asked = await two.run("people")
    assert (asked.code, "(there is: acme, beta, wrong)" in asked.err) == (3, True)
    assert len((await two.run("people", "--json", "--company", "acme")).json) == 4


async def test_what_is_wrong_with_one_company_harms_no_other(tmp_path: Path) -> None:
    """Wrong settings, a Kenjo and a target that hang, a death, a crowd == acme's changes arrive as ever."""
    ways = ("wrong", "kenjo", "target", "dies", "large")
    async with companies(tmp_path, "acme", *ways) as here, silence() as mute, crowd(tmp_path) as kenjo:
        (here.folder / "wrong.yaml").write_text("kenjo: {poll_interval: soon}")
        here.write("kenjo", kenjo={"base_url": f"{mute}/api/v1", "api_key": "mute"})
        own = here.worlds["target"].config["targets"]["directory"]
        here.write("target", targets={"directory": {**own, "base_url": f"{mute}/v2"}})
        here.write("large", kenjo=kenjo, targets={"directory": {**own, "scope": "person.id == 'nobody'"}})
        async with here.running() as session:
            await here.arrives("acme")
            slowest = 0.0
            for _ in range(2):
                if begun := here.events("dies", event="company runs"):
                    with suppress(ProcessLookupError):  # it is not there again yet
                        os.kill(begun[-1]["pid"], signal.SIGKILL)
                slowest = max(slowest, await here.arrives("acme"))
            assert slowest < 6  # seconds; a poll comes each second
            await here.arrives("dies")
            await here.said(lambda: here.events("large", event="changes seen"), 30)
            await here.arrives("acme", 6)
            async with session.get("/readyz") as answer:
                told = await answer.json()
        assert (answer.status, [line.partition(":")[0] for line in told["warnings"]]) == (200, ["wrong"])
        assert here.process
        assert here.process.returncode == 0


@asynccontextmanager
async def silence() -> AsyncIterator[str]:
    """A server that takes connections, and never answers."""
    open_ones: set[asyncio.StreamWriter] = set()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        await reader.read()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        for writer in open_ones:
            writer.close()
        server.close()


@asynccontextmanager
async def crowd(folder: Path, people: int = 1500) -> AsyncIterator[dict[str, Any]]:
    """A Kenjo of so many people, in a process of its own. Gives the settings for it."""
    options = ("sandbox", "--port", "0", "--people", str(people))
    process = await Launched.start(options, folder, {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"})
    try:
        said = ""
        while "api_key" not in said:
            line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
            assert line, said
            said += line
        yield {
            "base_url": re.findall(r"http\S+/api/v1", said)[0],
            "api_key": re.findall(r"api_key: ([^,}\s]+)", said)[0],
        }
    finally:
        process.kill()
        await process.wait()


async def test_none_outlives_who_started_it(two: Companies) -> None:
    """SIGKILL for the first process == those of the companies end in order, by themselves."""
    async with two.running():
        await two.said(lambda: len(two.events(event="this service polls now")) == 2)
        assert two.process
        two.process.kill()
        await two.process.wait()
        await two.said(lambda: len(two.events(event="stopping: running deliveries may finish")) == 2)
        await until(lambda: gone(one["pid"] for one in two.events(event="company runs")), 10)


async def gone(pids: Iterable[int]) -> bool:
    """Whether none of these processes is there."""
    return not any(map(is_there, pids))


def is_there(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
