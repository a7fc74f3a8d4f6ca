"""`kenjo-bridge forget`: nothing about the person is left, and nothing comes back."""

from __future__ import annotations

import asyncio

from bridge.model import ChangeKind, Key, Kind, RecordChange, RowProblem, Snapshot, Stored
from bridge.store.audit import Wanted
from bridge.store.backend import Backend
from service.watch.plausible import doubts
from tests.delivery import person, team
from tests.service.planned import Inspected
from tests.world import World, expected


async def test_nothing_is_left_but_the_tombstone(there: Inspected, here: World) -> None:
    """`forget` after a sync and a hold == neither id nor values anywhere in Redis but in the tombstone."""
    here.config["targets"]["directory"]["limits"] = {"remove": {"count": 0, "percent": 0}}
    await here.run("sync")
    people = expected(here.sandbox)
    managers = {one["work"].get("reportsToId") for one in here.sandbox.account.employees.values()}
    id_ = next(i for i, one in people.items() if one["work"].get("teamIds") and i not in managers)
    one = here.sandbox.account.employees[id_]
    email, name = one["account"]["email"], one["personal"]["lastName"]
    here.sandbox.actions.leave(employee=id_)
    await here.run("sync")
    assert email in await there.text()
    refused = await here.run("forget", id_)
    assert (refused.code, "--yes" in refused.err) == (3, True)
    assert email in await there.text()
    users = await here.users()
    done = await here.run("forget", email, "--yes", "--json")
    assert done.code == 0, done.err
    assert done.json["erased"]["records"] == done.json["erased"]["links"] == 1
    assert done.json["erased"]["holds"] == 1
    assert done.json["erased"]["audit events"] >= 3
    assert done.json["accounts_left"] == ["directory"]
    assert await here.users() == users
    assert (await here.run("sync")).code == 0  # rewrites the teams, which name their members
    text = await there.text()
    assert email not in text
    assert name not in text or any(
        name in str(other) for i, other in here.sandbox.account.employees.items() if i != id_
    )
    assert sum(id_ in line for line in text.splitlines()) == 1


async def test_nobody_comes_back(here: World) -> None:
    """Forgotten while still in Kenjo == not read in by any poll, nothing written about them, nothing held."""
    await here.run("sync")
    id_ = min(expected(here.sandbox))
    await here.run("forget", id_, "--yes")
    here.sandbox.actions.rename(employee=id_, last_name="Ñandú")
    here.proxy.seen.clear()
    done = await here.run("sync", "--json")
    assert (done.code, done.json["targets"]["directory"]["deactivated"]) == (0, 0), done.err
    assert not [seen for seen in here.proxy.writes if seen.path.startswith("/v2/Users")]
    assert (await here.run("status", "--json")).json["snapshot"]["people"] == 19
    assert (await here.run("plan")).code == 0
    done = await here.run("explain", id_)
    assert (done.code, "was forgotten" in done.err) == (3, True)


async def test_a_snapshot_without_the_forgotten(backend: Backend) -> None:
    """A snapshot that names a forgotten person everywhere == one without them, in which nobody is missing."""
    ana, ben = person("ana"), person("ben", manager="ana")
    ben.data["work"]["manager"] = {"id": "ana", "personal": {"firstName": "Ana"}}
    records = {one.key: one for one in (ana, ben, team("t", "ana", "ben"))}
    problems = (RowProblem("employees/works", "ana", "x"), RowProblem("employees/works", "ben", "y"))
    await backend.forgotten.add(ana.key, 1.0)
    found = await backend.forgotten.without(Snapshot(records, frozenset({ana.key}), problems=problems))
    assert found.records.keys() == records.keys() - {ana.key}
    assert found.kept == frozenset()
    assert [problem.id for problem in found.problems] == ["ben"]
    assert found.records[Key(Kind.TEAM, "t")].data["members"] == ["ben"]
    assert found.records[ben.key].data["work"]["manager"] is None
    assert found.records[ben.key].data["work"]["reportsToId"] is None


async def test_what_a_poll_under_way_has_written_again_is_erased(backend: Backend) -> None:
    """A record committed after the erasure == erased at the next look, and never taken for a leaver."""
    ana, ben = person("ana"), person("ben")
    lease = backend.lease()
    assert await lease.acquire()
    await backend.forgotten.add(ana.key, 1.0)
    changes = [RecordChange(ChangeKind.APPEARED, record) for record in (ana, ben)]
    await backend.records.commit(changes, lease, 1.0)
    known = await backend.forgotten.known(await backend.records.known(), ["directory"])
    assert known.keys() == {ben.key}
    assert (await backend.records.known()).keys() == {ben.key}
    assert await backend.audit.read(10, Wanted([str(ana.key)])) == []


async def test_a_delivery_under_way_is_waited_for(backend: Backend) -> None:
    """A locked record == erased when its lock is free, so that what the delivery writes is erased too."""
    ana = person("ana")
    lease, ledger = backend.lease(), backend.ledger("directory")
    assert await lease.acquire()
    await backend.records.commit([RecordChange(ChangeKind.APPEARED, ana)], lease, 1.0)
    claim = await ledger.claim(ana.key, "worker")
    assert claim
    erasing = asyncio.create_task(backend.forgotten.erase(ana.key, ["directory"]))
    await asyncio.sleep(0.3)
    assert not erasing.done()
    await ledger.link(ana.key, "1")
    await ledger.release(claim)
    assert (await erasing)["links"] == 1
    assert await ledger.linked() == set()
    assert await ledger.claim(ana.key, "another") is None


async def test_who_had_a_forgotten_manager(backend: Backend) -> None:
    """The manager of all others is forgotten == that nobody has this manager any more is no lost field."""
    ana, others = person("ana"), [person(name, manager="ana") for name in ("ben", "cem", "dia")]
    known = {one.key: Stored(one, 1) for one in (ana, *others)}
    await backend.forgotten.add(ana.key, 1.0)
    seen = await backend.forgotten.without(Snapshot({one.key: one for one in others}, frozenset()))
    rest = {key: stored for key, stored in known.items() if key != ana.key}
    assert doubts(rest, seen)
    assert doubts(await backend.forgotten.unreferred(rest), seen) == []
