"""Nothing personal can be read anywhere but at the target: marked values are planted and searched for."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from redis.asyncio import Redis

from bridge.codec import make_key
from tests.inside import readable
from tests.running import Running, own_redis, running, until
from tests.world import World, expected, world
from workers.testing.proxy import Proxy, answer, dropped, echo, lost

MARK = "planted"
SECTIONS = ("personal", "work", "address", "home", "financial")
COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("failures",),
    ("failures", "--json"),
    ("holds", "--json"),
    ("holds", "show", "kenjo"),
    ("audit", "--json"),
    ("check", "--json"),
    ("plan",),
    ("plan", "--json"),
)


async def test_nothing_personal_is_readable(tmp_path: Path) -> None:
    """Marks in every text of 60 people, faults of all kinds, holds and failures == 0 marks outside seals.

    The search finds what there is: the same person stands in Redis by id.
    """
    async with own_redis() as url, world(tmp_path, people=60) as here:
        here.config["redis"] = {"url": url}
        here.config["encryption"] = {"key": make_key()}
        here.config["retry"] = {"first": 0.1, "longest": 1}
        here.config["targets"]["directory"]["map"] = plant(here)
        here.proxy.fail_always(unkind())
        async with running(here, "run") as run, aiohttp.ClientSession(run.address) as session:
            await until(lambda: are_there(here, 20), 30)
            await until(lambda: says(run, "failed"), 60)
            here.sandbox.faults.add("malformed", path="/employees/accounts", variant="shared_email", count=3)
            leavers = list(expected(here.sandbox))[:15]
            for person in leavers:
                here.sandbox.actions.leave(employee=person)
            await until(lambda: says(run, "held"), 30)
            here.sandbox.faults.add("half", path="/employees/accounts", count=100)
            asked = here.sandbox.requests.counts["GET /employees/accounts"]
            await until(lambda: was_asked(here, asked + 2), 30)
            async with session.get("/metrics") as got:
                texts = {"metrics": await got.text()}
            run.process.terminate()
            await run.process.wait()
        texts["log"] = run.log
        for command in [*COMMANDS, *(("explain", person) for person in list(expected(here.sandbox))[:3])]:
            done = await here.run(*command)
            texts[" ".join(command)] = done.out + done.err
        texts["redis"] = await dump(url)
        assert MARK in json.dumps(await here.users()).lower()
    assert "failed" in texts["log"]
    assert len(texts["redis"]) > 50_000
    assert all(person in texts["redis"] for person in leavers)
    found = {name: text.lower().count(MARK) for name, text in texts.items()}
    assert found == dict.fromkeys(found, 0)


def plant(here: World) -> dict[str, str]:
    """Mark everybody's texts, dates and ids apart; a mapping that reads all of them."""
    used: dict[str, None] = {}
    for number, person in enumerate(here.sandbox.account.employees.values()):
        person["account"]["email"] = f"{MARK}{number}@example.com"
        for section in SECTIONS:
            for name, value in person.get(section, {}).items():
                if isinstance(value, str) and not name.endswith("Id") and not name.lower().endswith("date"):
                    person[section][name] = f"{MARK.upper()} {name} {number}"
                    used[f'person.{section}["{name}"]'] = None
        person["work"].pop("probationPeriodEnd", None)
    return {"userType": "join([" + ", ".join(f'default({path}, "")' for path in used) + '], " ")'}


def unkind() -> Any:
    """A directory that says in its errors what it was sent, breaks off, asks to wait, and mostly works."""
    kinds = [None, echo(400), lost, echo(500), None, dropped, echo(409), answer(429, Retry_After="1")]
    counts: Counter[str] = Counter()  # by method, so that reading as well as writing meets every kind

    async def fault(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        counts[request.method] += 1
        count = counts[request.method]
        kind = kinds[count // 4 % len(kinds)] if count % 4 == 0 else None
        if request.method == "POST" and f"{MARK}1".encode() in await request.read():
            kind = echo(400)  # some are refused for good
        return await (kind(proxy, request) if kind else proxy.forward(request))

    return fault


async def says(run: Running, word: str) -> bool:
    return word in run.log


async def was_asked(here: World, times: int) -> bool:
    """Whether Kenjo was asked so often: the poll before the last time is over."""
    return here.sandbox.requests.counts["GET /employees/accounts"] >= times


async def are_there(here: World, number: int) -> bool:
    return len(await here.users()) >= number


async def dump(url: str) -> str:
    """Every key and value in Redis as text."""
    async with Redis.from_url(url) as redis:
        return await readable(redis)
