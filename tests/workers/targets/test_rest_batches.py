"""What is asked for at the same time goes in one request, where a profile says how; each part for itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bridge.errors import Conflict, LockLost, NotFound, RecordRejected, TryLater
from bridge.exchange import Applied, Change, Receipt, Refused
from bridge.wire.http import open_session
from tests.workers.targets.oddhr_rig import PROFILE, OddHRRig, oddhr_rig
from workers.targets.base import Tools
from workers.targets.rest.target import ADAPTER
from workers.testing import proxy as faults
from workers.testing.permits import Always, Counted
from workers.testing.proxy import Proxy
from workers.testing.rig import Allowed, person, team


@dataclass
class World:
    """A connected target, the line to its server, and the server."""

    rig: OddHRRig
    target: Allowed
    proxy: Proxy

    def creation(self, number: int, **attributes: Any) -> Change:
        change = self.target.target.change(person(self.rig, number, **attributes), None)
        assert change
        return change

    async def edit(self, number: int, remote_id: str, **attributes: Any) -> Change:
        wanted = person(self.rig, number, **attributes)
        change = self.target.target.change(wanted, await self.target.target.read(wanted.key, remote_id))
        assert change
        return change

    async def made(self, *numbers: int) -> list[str]:
        """The ids of so many new people, with nothing noted of how they were made."""
        await self.target.target.size()
        receipts = await told(self, *(self.creation(number) for number in numbers))
        self.proxy.seen.clear()
        self.rig.oddhr.batches.clear()
        return [one.remote_id for one in receipts if isinstance(one, Applied)]


@asynccontextmanager
async def world(folder: Path | None = None, *changes: tuple[str, str]) -> AsyncIterator[World]:
    """With the worked example's profile, or one that differs from it."""
    profile = str(PROFILE)
    if folder:
        text = PROFILE.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (folder / "mytool.yaml").write_text(text)
        profile = str(folder / "mytool.yaml")
    async with oddhr_rig(profile) as rig, rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        yield World(rig, target, line)


async def told(w: World, *changes: Change, **permits: Counted) -> list[Receipt]:
    """Send changes as deliveries do: each by itself, at the same time; `p1`: the permit of the first one."""

    async def one(number: int, change: Change) -> Receipt:
        return (await w.target.target.send([change], permits.get(f"p{number}") or Always()))[0]

    return list(await asyncio.gather(*(one(*pair) for pair in enumerate(changes, 1))))


def errors(receipts: Sequence[Receipt]) -> list[type[Exception] | None]:
    return [type(one.error) if isinstance(one, Refused) else None for one in receipts]


async def test_they_go_together() -> None:
    """25 new people at once == three requests of 10 at most, each with a receipt; one alone goes plain."""
    async with world() as w:
        await w.target.target.size()
        receipts = await told(w, *(w.creation(number) for number in range(25)))
        there = w.rig.oddhr.people
        for number, receipt in enumerate(receipts):
            assert isinstance(receipt, Applied)
            assert there[receipt.remote_id]["extern"] == f"kenjo-p{number}"
        assert w.rig.oddhr.batches == [10, 10, 5]
        assert [one.path for one in w.proxy.writes] == ["/api/many"] * 3
        await w.target.upsert(person(w.rig, 30), None)
        assert w.proxy.writes[-1].path == "/api/people"


async def test_each_reads_and_finds_their_own() -> None:
    """12 who are looked up, and read, at once == everybody their own account, or none, in few requests."""
    async with world() as w:
        ids = await w.made(*range(8))
        found = await asyncio.gather(*(w.target.target.having(key(w, n), "mail", mail(n)) for n in range(12)))
        assert [one[0].id if one else None for one in found] == ids + [None] * 4
        read = await asyncio.gather(*(w.target.target.read(key(w, n), id_) for n, id_ in enumerate(ids)))
        assert [one.external_id for one in read if one] == [f"kenjo-p{number}" for number in range(8)]
        assert {one.path for one in w.proxy.seen} == {"/api/many"}
        assert w.rig.oddhr.batches == [10, 2, 8]


def key(w: World, number: int) -> Any:
    return person(w.rig, number).key


def mail(number: int) -> str:
    return f"ana.mueller{number}@example.com"


async def test_what_comes_of_one_is_no_others() -> None:
    """Refused, failing, throttled, gone, taken, no JSON and told of twice == just that for each."""
    async with world() as w:
        ids = await w.made(*range(9))
        changes = [await w.edit(number, id_, job="Boss") for number, id_ in enumerate(ids)]
        odd: list[list[dict[str, Any]]] = [
            [{}],
            [{"said": {"ok": False, "code": "BAD_ROW"}}],
            [{"http": 503}],
            [{"http": 429, "heads": {"Retry-After": "17"}}],
            [{"said": {"ok": False, "code": "GONE"}}],
            [{"said": {"ok": False, "code": "DUPLICATE"}}],
            [{"said": "<html>"}],
            [{"http": "ok"}],
            [{}, {}],
        ]
        w.rig.oddhr.odd = {f"PUT /people/{id_}": one for id_, one in zip(ids, odd, strict=True)}
        receipts = await told(w, *changes)
        assert errors(receipts) == [
            *(None, RecordRejected, TryLater, TryLater, NotFound, Conflict, TryLater, TryLater, TryLater)
        ]
        waits = [
            one.error.after for one in receipts if isinstance(one, Refused) and hasattr(one.error, "after")
        ]
        assert waits == [None, 17, None, None, None]
        assert w.rig.oddhr.batches == [9]
        with pytest.raises(TryLater):
            await w.target.target.read(key(w, 1), ids[1])
        assert len(w.proxy.writes) == 1  # all wait now, as after a 429 to one alone


async def test_a_body_that_is_a_text() -> None:
    """An answer's body comes as a text with JSON in it == read as that JSON, its status as text as well."""
    async with world() as w:
        ids = await w.made(1, 2)
        shown = {**w.rig.oddhr.people[ids[0]], "job": "Told as text"}
        text = json.dumps({"ok": True, "code": "OK", "result": shown})
        w.rig.oddhr.odd = {f"GET /people/{ids[0]}": [{"said": text, "http": "200"}]}
        first, second = await asyncio.gather(
            *(w.target.target.read(key(w, n), id_) for n, id_ in enumerate(ids, 1))
        )
        assert first
        assert second
        assert (first.content.item["job"], second.external_id) == ("Told as text", "kenjo-p2")


async def test_a_create_that_nobody_tells_of() -> None:
    """One of three is made and not told of == a passing fault of that one, who is found afterwards."""
    async with world() as w:
        await w.target.target.size()
        w.rig.oddhr.odd = {"kenjo-p2": []}
        assert errors(await told(w, *(w.creation(number) for number in (1, 2, 3)))) == [None, TryLater, None]
        assert len(w.rig.oddhr.people) == 3
        (found,) = await w.target.find(person(w.rig, 2))
        assert found.ours


@pytest.mark.parametrize("fault", [faults.lost, faults.answer(503, "{}"), faults.answer(200, "<html>")])
async def test_no_answer_to_the_whole(fault: faults.Fault) -> None:
    """Lost, failing or no JSON == a passing fault of each, nothing is sent twice, who is there is found."""
    async with world() as w:
        await w.target.target.size()
        w.proxy.seen.clear()
        w.proxy.fail(fault)
        receipts = await told(w, *(w.creation(number) for number in range(5)))
        assert errors(receipts) == [TryLater] * 5
        assert [one.path for one in w.proxy.seen] == ["/api/many"]
        there = len(w.rig.oddhr.people)
        found = await asyncio.gather(*(w.target.find(person(w.rig, number)) for number in range(5)))
        assert sum(map(len, found)) == there == (5 if fault is faults.lost else 0)


@pytest.mark.parametrize("status", [400, 403, 404, 413])
async def test_a_company_that_is_refused(status: int) -> None:
    """Whatever does not take several at once == each goes by itself; 403 and 404 are nobody's."""

    async def no_batches(proxy: Proxy, request: web.Request) -> web.StreamResponse:
        refuses = request.path.endswith("/many")
        return await (faults.answer(status, "{}") if refuses else Proxy.forward)(proxy, request)

    async with world() as w:
        w.proxy.fail_always(no_batches)
        ids = await w.made(*range(4))
        assert len(ids) == len(w.rig.oddhr.people) == 4
        read = await asyncio.gather(*(w.target.target.read(key(w, n), id_) for n, id_ in enumerate(ids)))
        assert [one.external_id for one in read if one] == [f"kenjo-p{number}" for number in range(4)]


async def test_a_part_that_cannot_be_said(tmp_path: Path) -> None:
    """The expression for a part fails for one of four == half of them go together, the rest plainly."""
    fails = 'int(id) + (body != null && body.mail.startsWith("ana.mueller4") ? 1 / 0 : 0)'
    async with world(tmp_path, ("int(id)", fails)) as w:
        await w.target.target.size()
        assert errors(await told(w, *(w.creation(number) for number in (1, 2, 3, 4)))) == [None] * 4
        assert sorted(one.path for one in w.proxy.writes) == ["/api/many", "/api/people", "/api/people"]


async def test_who_may_not_be_written_any_more() -> None:
    """The lock of one is lost == not sent, and the others are."""
    async with world() as w:
        await w.target.target.size()
        changes = [w.creation(number) for number in (1, 2, 3)]
        assert errors(await told(w, *changes, p2=Counted(0))) == [None, LockLost, None]
        assert sorted(one["extern"] for one in w.rig.oddhr.people.values()) == ["kenjo-p1", "kenjo-p3"]


async def test_the_order_of_writes_to_one_stays() -> None:
    """Three get a new job and another address == all the jobs in one request, then all the addresses."""
    async with world() as w:
        ids = await w.made(1, 2, 3)
        changes = [
            await w.edit(n, id_, job="Boss", mail=f"new{n}@example.com") for n, id_ in enumerate(ids, 1)
        ]
        w.proxy.seen.clear()
        assert errors(await told(w, *changes)) == [None] * 3
        sent = [[one["do"].rpartition("/")[2] for one in seen.json()["calls"]] for seen in w.proxy.writes[:2]]
        assert sent == [ids, ["mail"] * 3]


async def test_which_methods_may_go(tmp_path: Path) -> None:
    """`methods: [GET]` == what changes something goes by itself, and what reads goes together."""
    async with world(tmp_path, ("methods: [GET, POST, PUT, DELETE]", "methods: [GET]")) as w:
        await w.target.target.size()
        await told(w, *(w.creation(number) for number in range(3)))
        assert [one.path for one in w.proxy.writes] == ["/api/people"] * 3
        ids = list(w.rig.oddhr.people)
        await asyncio.gather(*(w.target.target.read(key(w, n), id_) for n, id_ in enumerate(ids)))
        assert w.rig.oddhr.batches == [3]


async def test_lists_go_by_themselves() -> None:
    """Lists of people, departments and members, with pages, are asked for at once == none is in a batch."""
    async with world() as w:
        await asyncio.gather(*(w.target.target.size() for _ in range(3)), w.target.target.check())
        assert w.rig.oddhr.batches == []
        wanted = [team(w.rig, number, []) for number in range(3)]
        ids = [(await w.target.upsert(one, None)).remote_id for one in wanted]
        await asyncio.gather(*(w.target.target.read(wanted[n].key, id_) for n, id_ in enumerate(ids)))
        assert w.rig.oddhr.batches == [3]


@dataclass
class Pace:
    """Counts turns: of the target's pace, and of permits that keep it themselves."""

    turns: int = 0
    unpaced: list[bool] = field(default_factory=list)

    async def turn(self) -> None:
        self.turns += 1

    async def ask(self, *, paced: bool = False) -> None:
        self.unpaced.append(not paced)


@pytest.mark.parametrize(("counts", "reads", "writes"), [("one", 1, 1), ("each", 4, 4)])
async def test_what_counts(tmp_path: Path, counts: str, reads: int, writes: int) -> None:
    """`counts: one` == a batch takes one turn; `each` == as many as are in it. All locks are asked for."""
    text = PROFILE.read_text().replace("counts: one", f"counts: {counts}")
    (tmp_path / "mytool.yaml").write_text(text)
    pace = Pace()
    async with oddhr_rig(str(tmp_path / "mytool.yaml")) as rig, open_session() as session:
        given: Any = ADAPTER.settings.model_validate(rig.settings(rig.origin))
        async with ADAPTER.connect(given, Tools(session, pace.turn)) as target:
            await target.size()
            changes = [change for n in range(4) if (change := target.change(person(rig, n), None))]
            pace.turns = 0
            await target.send(changes, pace)
            assert len(pace.unpaced) == 4
            assert pace.turns + sum(pace.unpaced) == writes
            pace.turns = 0
            await asyncio.gather(*(target.read(person(rig, 0).key, id_) for id_ in rig.oddhr.people))
            assert pace.turns == reads
            assert rig.oddhr.batches == [4, 4]


async def test_the_end_while_somebody_waits() -> None:
    """The target is closed while people wait for others == they are told, and nothing is sent."""
    async with world() as w:
        ids = await w.made(1, 2)
        changes = [await w.edit(n, id_, job="Boss") for n, id_ in enumerate(ids, 1)]
        seen = len(w.proxy.seen)
        waiting = [asyncio.create_task(w.target.target.send([one], Always())) for one in changes]
        await asyncio.sleep(0.001)
    for task in waiting:
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(w.proxy.seen) == seen
