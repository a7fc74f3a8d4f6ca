"""Deliveries to a receiver of webhooks, with real Redis: a whole life, and what goes wrong."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bridge.mapping.route import Route
from bridge.model import Key, Kind, Record, State
from bridge.store.backend import Backend
from service.operations.rehearsing import Rehearsal
from service.operations.sketching import Sketch
from tests import delivery as scim
from tests.delivery import TARGET, Delivery
from tests.workers.targets.webhook_server import PATH, SECRET, Receiver, webhook_server
from workers.connect import Connected, open_target
from workers.delivery.drift import look
from workers.targets.webhook.target import ADAPTER
from workers.testing.proxy import Proxy, answer, dropped, lost, proxy_to


@dataclass(frozen=True)
class Hooked:
    """A delivery to a receiver behind a proxy."""

    run: Delivery
    receiver: Receiver
    proxy: Proxy

    async def entry(self, id_: str, kind: Kind = Kind.PERSON) -> State:
        return (await self.run.entry(id_, kind)).state

    async def later(self, *ids: str) -> None:
        """What waits for its next try is tried."""
        self.run.clock.now += 3600
        for id_ in ids:
            await self.run.deliverer.deliver(Key(Kind.PERSON, id_))


def person(id_: str, **fields: Any) -> Record:
    record = scim.person(id_, **fields)
    work = {**record.data["work"], "office": "Berlin", "startDate": "2024-02-29"}
    return Record(record.key, {**record.data, "work": work})


def team(id_: str, *members: str) -> Record:
    record = scim.team(id_, *members)
    return Record(record.key, {**record.data, "kind": "team"})


@asynccontextmanager
async def hooked_to(backend: Backend, **own: Any) -> AsyncIterator[Hooked]:
    receiver = Receiver()
    async with (
        scim.delivery(backend) as run,
        webhook_server(receiver) as origin,
        proxy_to(origin) as proxy,
        aiohttp.ClientSession() as session,
    ):
        given = {"kind": "webhook", "url": proxy.url + PATH, "secret": SECRET, "rate": 1000.0, **own}
        route = Route(TARGET, ADAPTER.settings.model_validate(given), ADAPTER.mapping)
        connected = open_target(route, backend, session)
        async with connected.target as target:
            run.deliverer = dataclasses.replace(
                run.deliverer, route=route, target=target, turn=connected.turn
            )
            yield Hooked(run, receiver, proxy)


@pytest.fixture
async def hooked(backend: Backend) -> AsyncIterator[Hooked]:
    async with hooked_to(backend) as hooked:
        yield hooked


async def test_a_whole_life(hooked: Hooked) -> None:
    """Hired, with a team and a manager, promoted, left, back == each told once, and nothing else."""
    await hooked.run.deliver(person("ben", manager="ana"), person("ana"), team("t", "ana", "ben"))
    await hooked.run.deliver(person("ana", title="Boss"))
    await hooked.run.deliver(person("ana", lifecycle="left", title="Boss"), team("t", "ben"))
    await hooked.run.deliver(person("ana", title="Boss"), team("t", "ana", "ben"))
    await hooked.run.deliverer.ledger.doubt([Key(Kind.PERSON, "ana"), Key(Kind.TEAM, "t")])
    await hooked.run.deliver(person("ana", title="Boss"), team("t", "ana", "ben"))
    assert hooked.receiver.types("ben") == ["person.created"]
    life = ("created", "updated", "deactivated", "reactivated")
    assert hooked.receiver.types("ana") == [f"person.{what}" for what in life]
    assert hooked.receiver.types("t") == ["team.created", "team.updated", "team.updated"]
    people, teams = hooked.receiver.objects["person"], hooked.receiver.objects["team"]
    assert people["ben"]["managerId"] == "ana"
    assert people["ana"]["startDate"] == "2024-02-29"
    assert teams["t"]["members"] == {"ana", "ben"}
    assert await hooked.run.deliverer.target.size() == 2


async def test_a_lost_answer(hooked: Hooked) -> None:
    """The create arrives and its answer is lost == the same event goes again, and the receiver has one."""
    hooked.proxy.fail(lost)
    await hooked.run.deliver(person("ana"))
    assert await hooked.entry("ana") is State.RETRYING
    await hooked.later("ana")
    assert await hooked.entry("ana") is State.APPLIED
    assert (len(hooked.receiver.events), len(hooked.receiver.repeated)) == (1, 1)


async def test_a_change_that_is_taken_back(hooked: Hooked) -> None:
    """A change arrives, its answer is lost, and Kenjo has the old value again == the receiver gets that."""
    await hooked.run.deliver(person("ana"))
    hooked.proxy.fail(lost)
    await hooked.run.deliver(person("ana", title="Boss"), person("ana"))
    assert hooked.receiver.objects["person"]["ana"]["jobTitle"] == "Clerk"
    assert await hooked.entry("ana") is State.APPLIED


@pytest.mark.parametrize("fault", [lost, dropped])
async def test_somebody_who_leaves_before_the_next_try(hooked: Hooked, fault: Any) -> None:
    """A create or a reactivation that may have arrived, then left == told of as out, whatever has arrived."""
    await hooked.run.deliver(person("ben"))
    await hooked.run.deliver(person("ben", lifecycle="left"))
    hooked.proxy.fail(fault, fault)
    await hooked.run.deliver(person("ana"), person("ben"))
    await hooked.run.deliver(person("ana", lifecycle="left"), person("ben", lifecycle="left"))
    await hooked.run.judge()  # whoever is recognised is counted before access is taken
    await hooked.later("ana", "ben")
    assert (await hooked.entry("ana"), await hooked.entry("ben")) == (State.REMOVED, State.REMOVED)
    people = hooked.receiver.objects["person"]
    assert {id_: one["active"] for id_, one in people.items()} == {"ana": False, "ben": False}


async def test_a_refused_record_is_parked(hooked: Hooked) -> None:
    """400 for one == that one is parked with the receiver's words, and created when tried again."""
    hooked.proxy.fail(answer(400, '{"message": "no such department"}'))
    await hooked.run.deliver(person("ana"), person("ben"))
    entry = await hooked.run.entry("ana")
    assert (entry.state, entry.reason) == (State.FAILED, "answered 400: no such department")
    assert await hooked.entry("ben") is State.APPLIED
    await hooked.run.deliver(person("ana", title="Boss"))
    assert (await hooked.run.entry("ana")).outcome == "created"


async def test_a_refused_key_halts(hooked: Hooked) -> None:
    """401 == the target is halted, nothing more is sent, and nobody is marked as told."""
    hooked.proxy.fail_always(answer(401))
    await hooked.run.deliver(person("ana"), person("ben"))
    paused = await hooked.run.deliverer.gate.paused()
    assert paused["state"] == "halted"
    assert "compare url" in paused["reason"]
    assert len(hooked.proxy.seen) == 1
    assert await hooked.run.backend.notebook(TARGET).size() == 0


async def test_a_plan_tells_nobody(hooked: Hooked) -> None:
    """A create, a change and a removal are rehearsed == named, nothing is sent or noted."""
    await hooked.run.deliver(person("ana"), person("ben"))
    for record in (person("ana", title="Boss"), person("ben", lifecycle="left"), person("cem")):
        await hooked.run.know(record)
    run, notebook = hooked.run, hooked.run.backend.notebook(TARGET)
    before, sent = await notebook.all(), len(hooked.proxy.seen)
    known, ledger = await run.backend.records.known(), run.deliverer.ledger
    target = Connected(run.deliverer.route, run.deliverer.target, run.deliverer.turn)
    rehearsal = Rehearsal(target, Sketch(ledger, known), known, await ledger.entries(), (), time.time())
    steps = [await rehearsal.step(Key(Kind.PERSON, id_)) for id_ in ("ana", "ben", "cem")]
    assert [step and step.action for step in steps] == ["updated", "deactivated", "created"]
    assert [change.new for change in steps[0].changes] == ["Boss"] if steps[0] else False
    assert (await notebook.all(), len(hooked.proxy.seen)) == (before, sent)


async def test_a_look_for_drift_finds_nothing(hooked: Hooked) -> None:
    """Notes are compared with Kenjo == equal; somebody whom Kenjo does not have is told."""
    await hooked.run.deliver(person("ana"), team("t", "ana"))
    stray = Key(Kind.PERSON, "0123456789abcdef01234567")
    notebook = hooked.run.backend.notebook(TARGET)
    note = (await notebook.all())[Key(Kind.PERSON, "ana")]
    await notebook.put(stray, {**note, "given": {**note["given"], "id": stray.id}})
    drift = await look(hooked.run.deliverer, hooked.run.backend, hooked.run.clock.now)
    assert (drift.looked, drift.records) == (2, {})
    assert drift.orphans == {str(stray): stray.id}
    assert len(hooked.proxy.seen) == 2
