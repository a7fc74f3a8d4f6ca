"""Deliveries to a target that does not speak HTTP keep every promise: the guards are in no HTTP client."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.exchange import Remote, Wanted
from bridge.mapping.route import Route
from bridge.model import Key, Kind, State
from bridge.store.backend import Backend
from service.operations.rehearsing import Rehearsal
from service.operations.sketching import Sketch
from tests.delivery import TARGET, Delivery, delivery, person, team
from tests.workers.targets.shelf import ADAPTER, Folder, ShelfTarget
from workers.connect import Connected

ANA = Key(Kind.PERSON, "ana")


@dataclass(frozen=True)
class OnDisk:
    """A delivery into a folder."""

    run: Delivery
    folder: Folder

    def people(self) -> dict[str, bool]:
        """Whether each account is active, by Kenjo id."""
        return {one["externalId"]: one["active"] for one in self.folder.things(Kind.PERSON).values()}


@pytest.fixture
async def disk(backend: Backend, tmp_path: Path) -> AsyncIterator[OnDisk]:
    folder = Folder(tmp_path / "folder")
    async with delivery(backend) as run:
        settings = ADAPTER.settings.model_validate({"kind": "shelf", "path": tmp_path, "rate": 1000.0})
        route = Route(TARGET, settings, ADAPTER.mapping)
        run.deliverer = dataclasses.replace(run.deliverer, route=route, target=ShelfTarget(folder))
        yield OnDisk(run, folder)


async def test_a_whole_life(disk: OnDisk) -> None:
    """Hired, with a team and a manager, promoted, left == the files say so, and nobody has two."""
    await disk.run.deliver(person("ana"), person("ben", manager="ana"), team("t", "ana", "ben"))
    await disk.run.deliver(person("ana", title="Boss"))
    things = disk.folder.things(Kind.PERSON)
    ana, ben = things["pana"], things["pben"]
    assert (ana["title"], ben["manager"], len(things)) == ("Boss", "pana", 2)
    assert disk.folder.things(Kind.TEAM)["tt"]["members"] == ["pana", "pben"]
    await disk.run.deliver(person("ana", lifecycle="left"), team("t", "ben"))
    assert disk.people() == {"ana": False, "ben": True}
    assert disk.folder.things(Kind.TEAM)["tt"]["members"] == ["pben"]
    assert len(disk.run.proxy.seen) == 0


async def test_a_plan_writes_nothing(disk: OnDisk) -> None:
    """A create, a change and a removal are rehearsed == named, and no file is touched."""
    await disk.run.deliver(person("ana"), person("ben"))
    for record in (person("ana", title="Boss"), person("ben", lifecycle="left"), person("cem")):
        await disk.run.know(record)
    before = disk.folder.things(Kind.PERSON)
    known = await disk.run.backend.records.known()
    ledger, route = disk.run.deliverer.ledger, disk.run.deliverer.route
    target = Connected(route, disk.run.deliverer.target, disk.run.deliverer.turn)
    rehearsal = Rehearsal(target, Sketch(ledger, known), known, await ledger.entries(), (), time.time())
    steps = [await rehearsal.step(Key(Kind.PERSON, id_)) for id_ in ("ana", "ben", "cem")]
    assert [step and step.action for step in steps] == ["updated", "deactivated", "created"]
    assert [change.new for step in steps[:1] if step for change in step.changes] == ["Boss"]
    assert disk.folder.things(Kind.PERSON) == before
    assert len(disk.folder.writes) == 2


async def test_a_lost_lock_writes_nothing(disk: OnDisk) -> None:
    """The lock passes on before the file is written == it is not written by this worker."""
    await disk.run.know(person("ana"))
    lock = disk.run.backend.keys.lock(TARGET, ANA)

    class Losing(ShelfTarget):
        async def find(self, wanted: Wanted, *, thorough: bool = False) -> list[Remote]:
            assert await disk.run.backend.redis.set(lock, "another worker", xx=True)
            return await super().find(wanted, thorough=thorough)

    await dataclasses.replace(disk.run.deliverer, target=Losing(disk.folder)).deliver(ANA)
    assert disk.folder.writes == []
    assert disk.people() == {}


async def test_a_lost_answer(disk: OnDisk) -> None:
    """The file is written and the answer lost == the next delivery finds it, and there is one."""
    disk.folder.lose()
    await disk.run.deliver(person("ana"))
    assert (await disk.run.entry("ana")).state is State.RETRYING
    disk.run.clock.now += 3600
    await disk.run.deliverer.deliver(ANA)
    assert (await disk.run.entry("ana")).state is State.APPLIED
    assert disk.people() == {"ana": True}


async def test_what_is_somebody_elses_stays(disk: OnDisk) -> None:
    """An account with the same address and another id is there == parked, and not touched."""
    theirs = {"externalId": "other", "userName": "ana@example.com", "active": True}
    disk.folder.write(Kind.PERSON, "x", theirs)
    await disk.run.deliver(person("ana"))
    entry = await disk.run.entry("ana")
    assert (entry.state, entry.candidates) == (State.FAILED, ("x",))
    assert disk.folder.things(Kind.PERSON) == {"x": theirs}
