"""Who has gone: only whoever Kenjo says has gone, when it is asked for that person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from bridge.errors import SourceUnavailable
from bridge.model import Entry, Key, Kind, State
from bridge.store.backend import Backend
from service.watch.judging import MOST_QUESTIONS
from tests.service.watching import LISTS, ONE, Watching, watching


@pytest.fixture
async def here(backend: Backend) -> AsyncIterator[Watching]:
    async with watching(backend) as ready:
        yield ready


@pytest.mark.parametrize("path", LISTS)
async def test_one_list_that_lacks_people_removes_nobody(here: Watching, path: str) -> None:
    """36 of 40 rows in one list, the others whole == nobody gone, no question asked, and a warning."""
    here.cut(0.9, path)
    here.sandbox.requests.reset()
    poll = await here.poll()
    assert await here.gone() == set()
    assert poll.changes == []
    assert poll.snapshot.partial
    assert any(f"4 people are missing from {path[1:]}" in warning for warning in poll.snapshot.warnings)
    assert len(here.sandbox.requests.counts) <= len(LISTS) + 4


async def test_lists_that_are_cut_alike_change_nothing(here: Watching) -> None:
    """36 of 40 rows in all lists == held with the numbers, and by itself no longer when they are whole."""
    here.sandbox.actions.rename(last_name="Ñandú")
    here.cut(0.9, *LISTS)
    assert "lack 4 records that there were before, and Kenjo still has 4" in await here.held()
    (hold,) = await here.backend.holds.all()
    assert (hold.id, hold.count, hold.state) == ("kenjo", 4, "open")
    here.sandbox.faults.clear()
    assert len((await here.poll()).changes) == 1
    assert await here.backend.holds.all() == []


async def test_an_approval_makes_nobody_gone(here: Watching) -> None:
    """Lists cut by half, and a person approves that == held all the same, as Kenjo has those people."""
    here.cut(0.5, *LISTS)
    assert "20 of the 40 people" in await here.held()
    (hold,) = await here.backend.holds.all()
    await here.backend.holds.approve(hold, "Petra", here.clock.now)
    assert "Kenjo still has 20" in await here.held()


async def test_whom_kenjo_does_not_know_any_more_is_gone(here: Watching) -> None:
    """Two people deleted in Kenjo == 404 for each, and gone with this poll."""
    gone = sorted(here.sandbox.account.employees)[:2]
    for id_ in gone:
        here.sandbox.account.delete(id_)
    await here.poll()
    assert await here.gone() == set(gone)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_may_not_read_single_people_looks_twice(here: Watching, status: int) -> None:
    """Refused for single people == kept at first; gone when a whole snapshot lacks them a poll later."""
    here.sandbox.faults.add("status", path=ONE, status=status)
    gone = min(here.sandbox.account.employees)
    former = here.sandbox.account.delete(gone)
    poll = await here.poll()
    assert await here.gone() == set()
    assert any("for the first time" in warning for warning in poll.snapshot.warnings)
    here.sandbox.account.employees[gone] = former
    await here.poll()
    here.sandbox.account.delete(gone)
    await here.poll()
    assert await here.gone() == set(), "back in between, so this is the first time again"
    await here.poll()
    assert await here.gone() == {gone}


async def test_a_path_that_finds_nobody_proves_nothing(here: Watching) -> None:
    """404 for everybody, also for those in the lists == nobody is gone because of it."""
    here.sandbox.faults.add("status", path=ONE, status=404)
    here.cut(0.95, *LISTS)
    await here.poll()
    assert await here.gone() == set()


@pytest.mark.parametrize("shape", ["below data", "a list", "other names", "sections without ids", 206])
async def test_an_answer_of_any_shape_means_that_somebody_is_there(here: Watching, shape: str | int) -> None:
    """Lists cut alike, and Kenjo gives single people in another shape == held each time, nobody gone."""
    for id_, one in here.sandbox.account.employees.items():
        body = {
            "below data": {"data": one},
            "a list": [one],
            "other names": {"employeeId": id_},
            "sections without ids": {"personal": one["personal"], "work": one["work"]},
        }.get(str(shape), one)
        status = shape if isinstance(shape, int) else 200
        here.sandbox.faults.add("status", path=f"/employees/{id_}", status=status, body=json.dumps(body))
    here.cut(0.9, *LISTS)
    for _ in range(2):
        assert "Kenjo still has 4" in await here.held()
    assert await here.gone() == set()


async def test_a_failure_of_the_question_is_no_snapshot(here: Watching) -> None:
    """500 for single people == SourceUnavailable, and nothing has changed."""
    here.sandbox.faults.add("status", path=ONE, status=500)
    here.cut(0.95, *LISTS)
    with pytest.raises(SourceUnavailable):
        await here.poll()
    assert await here.gone() == set()


async def test_questions_are_bounded(backend: Backend) -> None:
    """60 of 400 people deleted at once == 50 gone with one poll, the rest with the next."""
    async with watching(backend, people=400) as here:
        for id_ in sorted(here.sandbox.account.employees)[:60]:
            here.sandbox.account.delete(id_)
        here.sandbox.requests.reset()
        await here.poll()
        asked = sum(path.count("/") == 2 and len(path) > 40 for path in here.sandbox.requests.counts)
        assert asked <= MOST_QUESTIONS + 1
        assert len(await here.gone()) == MOST_QUESTIONS
        await here.poll()
        assert len(await here.gone()) == 60


async def test_groups_that_a_list_hides_let_others_be_asked_for(backend: Backend) -> None:
    """A list hides more groups for good than may be asked for at once, one is deleted == gone soon."""
    async with watching(backend) as here:
        teams = here.sandbox.account.tables["teams"]
        ids = [f"{number:024x}" for number in range(6 * MOST_QUESTIONS)]
        teams |= {id_: {"_id": id_, "name": f"Team {id_}"} for id_ in ids}
        await here.poll()
        del teams[ids[-1]]
        rows = [teams[id_] for id_ in teams if id_ not in ids[: MOST_QUESTIONS + 5]]
        here.sandbox.faults.add("status", path="/teams", status=200, body=json.dumps({"data": rows}))
        for _ in range(4):
            await here.poll()
        assert await here.gone() == {ids[-1]}


@pytest.mark.parametrize("may_ask", [True, False])
async def test_one_approval_lasts_until_everybody_was_asked_for(backend: Backend, may_ask: bool) -> None:
    """100 of 200 people deleted, approved once == all gone after a few polls, and no hold is left."""
    async with watching(backend, people=200) as here:
        if not may_ask:
            here.sandbox.faults.add("status", path=ONE, status=403)
        gone = sorted(here.sandbox.account.employees)[:100]
        for id_ in gone:
            here.sandbox.account.delete(id_)
        await here.held()
        (hold,) = await here.backend.holds.all()
        await here.backend.holds.approve(hold, "Petra", here.clock.now)
        for _ in range(2 if may_ask else 4):
            await here.poll()
        assert await here.gone() == set(gone)
        assert await here.backend.holds.all() == []


async def test_more_than_was_approved_is_held_again(backend: Backend) -> None:
    """60 of 200 deleted and approved, 50 gone, then 60 others are missing too == held."""
    async with watching(backend, people=200) as here:
        everybody = sorted(here.sandbox.account.employees)
        for id_ in everybody[:60]:
            here.sandbox.account.delete(id_)
        await here.held()
        (hold,) = await here.backend.holds.all()
        await here.backend.holds.approve(hold, "Petra", here.clock.now)
        await here.poll()
        assert len(await here.gone()) == MOST_QUESTIONS
        for id_ in everybody[60:120]:
            here.sandbox.account.delete(id_)
        assert "70 of the 150 people" in await here.held()


@pytest.mark.parametrize("name", ["teams", "departments", "offices"])
async def test_a_cut_list_of_groups_empties_none(backend: Backend, name: str) -> None:
    """A list of groups lacks rows that Kenjo has by their ids == no change of people or groups, a warning."""
    groups = {"from": ["teams", "departments", "offices"]}
    async with watching(backend, groups=groups) as here:
        here.cut(0.5, f"/{name}")
        poll = await here.poll()
        assert poll.changes == []
        assert any(name in warning or "missing" in warning for warning in poll.snapshot.warnings)
        row = min(here.sandbox.account.tables[name])
        here.sandbox.faults.clear()
        here.sandbox.account.remove(name, row)
        await here.poll()
        assert {id_.rpartition(".")[2] for id_ in await here.gone()} == {row}


@pytest.mark.parametrize(("path", "single"), [("/departments", "/departments/*"), ("/companies", "/x")])
async def test_names_that_nobody_can_be_asked_for_stay(here: Watching, path: str, single: str) -> None:
    """Rows lost of a list whose rows cannot be asked for one by one == everybody keeps the name."""
    here.sandbox.faults.add("status", path=single, status=403)
    here.cut(0.5, path)
    if len(here.sandbox.account.tables[path[1:]]) < 2:
        here.sandbox.faults.add("empty", path=path)
    assert (await here.poll()).changes == []


@pytest.mark.parametrize("lost", [["records"], ["revisions"], ["records", "revisions", "snapshot"]])
async def test_whoever_has_an_entry_and_no_record_may_have_gone(here: Watching, lost: list[str]) -> None:
    """Records lost, one person with a ledger entry deleted meanwhile == that one is gone, as if known."""
    gone, stays = sorted(here.sandbox.account.employees)[:2]
    ledger = here.backend.ledger("directory")
    for id_ in (gone, stays):
        await ledger.write(Key(Kind.PERSON, id_), Entry(7, state=State.APPLIED))
        await ledger.link(Key(Kind.PERSON, id_), f"remote-{id_}")
    here.sandbox.account.delete(gone)
    await here.backend.redis.delete(*(here.backend.keys.of(name) for name in lost))
    await here.poll()
    known = await here.known()
    assert await here.gone() == {gone}
    assert known[Key(Kind.PERSON, gone)].revision > 7
    assert known[Key(Kind.PERSON, stays)].revision > 7
    assert len([key for key in known if key.kind is Kind.PERSON]) == 40
    assert Key(Kind.PERSON, gone) in await ledger.pending()


async def test_a_lost_record_whose_person_cannot_be_asked_for_waits(here: Watching) -> None:
    """Lost, in no list, and 403 for single people == not gone at the first look, gone at the second."""
    here.sandbox.faults.add("status", path=ONE, status=403)
    gone, stays = sorted(here.sandbox.account.employees)[:2]
    for id_ in (gone, stays):
        await here.backend.ledger("directory").link(Key(Kind.PERSON, id_), f"remote-{id_}")
    here.sandbox.account.delete(gone)
    await here.backend.redis.delete(here.backend.keys.of("records"))
    await here.poll()
    assert Key(Kind.PERSON, gone) not in await here.known()
    await here.poll()
    assert await here.gone() == {gone}


async def test_a_lost_group_keeps_whom_the_lists_lack(here: Watching) -> None:
    """Records lost, a member in no list, and 403 for single people == still a member, as the ledger tells."""
    await here.poll()
    known = await here.known()
    group = next(key for key in sorted(known) if key.kind is Kind.TEAM and known[key].record.data["members"])
    before = known[group].record.data["members"]
    ledger = here.backend.ledger("directory")
    await ledger.write(group, Entry(7, refs=tuple(f"person:{id_}" for id_ in before)))
    for key in known:
        if key.kind is Kind.PERSON:
            await ledger.link(key, f"remote-{key.id}")
    await here.backend.redis.delete(here.backend.keys.of("records"))
    here.sandbox.faults.add("status", path=ONE, status=403)
    del here.sandbox.account.employees[before[0]]
    await here.poll()
    assert (await here.known())[group].record.data["members"] == before


@pytest.mark.parametrize("may_ask", [True, False])
async def test_who_is_missed_stays_a_manager(backend: Backend, may_ask: bool) -> None:
    """A manager in no list == the reports keep what is mapped of them, until the manager has gone."""
    mapped = "person.work.manager == null ? null : person.work.manager.account.email"
    async with watching(backend, map={"nickName": mapped}) as here:
        employees = here.sandbox.account.employees
        reports = [one["work"].get("reportsToId") for one in employees.values()]
        manager = min(filter(None, reports), key=reports.count)
        if not may_ask:
            here.sandbox.faults.add("status", path=ONE, status=403)
        del employees[manager]
        polls = [await here.poll() for _ in range(1 if may_ask else 2)]
        changed = [[c for c in poll.changes if "work.manager" in c.fields] for poll in polls]
        assert [len(found) for found in changed] == [0] * (len(polls) - 1) + [reports.count(manager)]
        assert await here.gone() == {manager}
