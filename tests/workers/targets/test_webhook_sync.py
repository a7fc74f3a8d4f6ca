"""`kenjo-bridge` with a receiver of webhooks, as an administrator runs it: processes, real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.workers.targets.webhook_server import PATH, SECRET, Receiver, webhook_server
from tests.world import World, expected, world
from workers.testing.proxy import Proxy, lost, proxy_to


@dataclass(frozen=True)
class Told:
    """A world whose one target is a receiver."""

    world: World
    receiver: Receiver
    proxy: Proxy

    async def sync(self, code: int = 0) -> dict[str, Any]:
        done = await self.world.run("sync", "--json")
        assert done.code == code, done.out + done.err
        row: dict[str, Any] = done.json["targets"]["hook"]
        return row

    def created(self, kind: str) -> list[str]:
        """The subjects that were created, in order."""
        events = self.receiver.events
        return [event["subject"] for event in events if event["type"] == f"kenjo.{kind}.created"]

    @property
    def people(self) -> dict[str, dict[str, Any]]:
        return self.receiver.objects["person"]


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    receiver = Receiver()
    async with (
        world(tmp_path) as here,
        webhook_server(receiver) as origin,
        proxy_to(origin) as proxy,
    ):
        hook = {"kind": "webhook", "url": proxy.url + PATH, "secret": SECRET, "rate": 1000}
        here.config["targets"] = {"hook": hook}
        yield Told(here, receiver, proxy)


async def test_a_company(told: Told) -> None:
    """First sync, mover, leaver, re-hire == each told once; a further sync sends nothing."""
    sandbox = told.world.sandbox
    first = await told.sync()
    people, teams = expected(sandbox), told.receiver.objects["team"]
    assert told.people.keys() == people.keys()
    assert first["created"] == len(people) + len(teams)
    assert sorted(told.created("person")) == sorted(people)
    assert sorted(told.created("team")) == sorted(teams)
    assert len([event for event in told.receiver.events if ".person." in event["type"]]) == len(people)
    for id_, person in people.items():
        assert told.people[id_]["email"] == person["account"]["email"]
        assert told.people[id_]["managerId"] == person["work"].get("reportsToId")
    for id_, team in teams.items():
        assert team["members"] == {one for one in people if id_ in (people[one]["work"].get("teamIds") or [])}
    someone = next(iter(people))
    sandbox.actions.rename(employee=someone, last_name="Ñandú")
    assert (await told.sync())["updated"] == 1
    sandbox.actions.leave(employee=someone)
    assert (await told.sync())["deactivated"] == 1
    sandbox.account.employees[someone]["account"]["isActive"] = True
    await told.sync()
    types = ["created", "updated", "deactivated", "reactivated"]
    assert told.receiver.types(someone) == [f"person.{what}" for what in types]
    assert told.people[someone]["lastName"] == "Ñandú"
    told.proxy.seen.clear()
    again = await told.sync()
    assert (again["unchanged"], told.proxy.seen) == (len(people) + len(teams), [])


async def test_answers_get_lost(told: Told) -> None:
    """Every third answer is lost == everybody is told of, by one id however often, and counts once."""
    number = 0

    async def now_and_then(proxy: Proxy, request: Any) -> Any:
        nonlocal number
        number += 1
        return await (lost(proxy, request) if number % 3 == 0 else proxy.forward(request))

    told.proxy.fail_always(now_and_then)
    for _ in range(4):
        await told.world.run("sync", "--patience", "20")
    told.proxy.fail_always(None)
    await told.sync()
    assert told.people.keys() == expected(told.world.sandbox).keys()
    assert told.receiver.repeated
    assert sorted(told.created("person")) == sorted(told.people)


async def test_several_in_a_request(told: Told) -> None:
    """`batch: 10` == the same events in fewer requests."""
    told.world.config["targets"]["hook"]["batch"] = 10
    row = await told.sync()
    assert len(told.created("person")) + len(told.created("team")) == row["created"]
    assert len(told.proxy.seen) < row["created"]


async def test_a_check_sends_nothing(told: Told) -> None:
    """`check` and `plan` before the first sync == who would be created is named, and nobody is called."""
    done = await told.world.run("check")
    assert "webhook at 127.0.0.1, signed, one event in a request, 0 people told of" in done.out
    assert "sig=" not in done.out + done.err
    plan = await told.world.run("plan", "--json")
    assert plan.code == 2, plan.err  # there is something to do
    assert plan.json["targets"]["hook"]
    assert told.proxy.seen == []


async def test_a_wrong_secret(told: Told) -> None:
    """The receiver refuses the signature == exit 3 and what to compare; put right == all are told of."""
    told.world.config["targets"]["hook"]["secret"] = "whsec_" + "A" * 43 + "="
    done = await told.world.run("sync")
    assert done.code == 3
    assert "compare url" in done.out + done.err
    assert told.receiver.events == []
    told.world.config["targets"]["hook"]["secret"] = SECRET
    await told.sync()
    assert told.people.keys() == expected(told.world.sandbox).keys()
