"""What a run did can be seen, and what it took be put back; that stays until Kenjo says something new."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.codec import make_key
from bridge.errors import ConfigurationError
from service.operations import undoing
from service.operations.runs import Run, runs
from service.operations.undoing import Way
from tests.service.operated import Operator


async def newest(operator: Operator) -> Run:
    """The run that did something last."""
    async with operator.bridge() as bridge:
        return (await runs(bridge, 1))[0]


async def undone(operator: Operator, run: Run, *, again: bool = False) -> Way:
    """Look at the way back, and go it."""
    async with operator.bridge() as bridge:
        way = await (undoing.redo if again else undoing.undo)(bridge, run.id)
        await undoing.carry_out(bridge, way, way.version)
        return way


def told(way: Way) -> list[Any]:
    """What it would do: records, attributes, what is there, what is put back."""
    return [
        (step.key.id, change.attribute, change.old, change.new)
        for target in way.targets.values()
        for step in target.steps
        for change in step.changes
    ]


async def test_leavers_get_their_access_back(operator: Operator) -> None:
    """Two leave by mistake, and the run is undone == both are open, until Kenjo has news of them."""
    leavers = operator.leave(2)
    assert (await operator.sync()).exit_code == 0
    assert await operator.inactive() == sorted(leavers)
    run = await newest(operator)
    assert (run.cause, run.seen, run.counts()["directory"]["deactivated"]) == ("changes", 2, 2)
    way = await undone(operator, run)
    assert [one for one in told(way) if one[1] == "active"] == [
        (id_, "active", False, True) for id_ in leavers
    ]
    assert (await operator.sync()).exit_code == 0
    assert await operator.inactive() == []
    assert (await operator.sync(verify=True)).exit_code == 0
    assert await operator.inactive() == []
    operator.here.sandbox.actions.rename(employee=leavers[0], last_name="Newer")
    assert (await operator.sync()).exit_code == 0
    assert await operator.inactive() == [leavers[0]]


async def test_fields_are_restored_and_kept(operator: Operator) -> None:
    """A rename is undone == the old names, also when all is read back; `redo` gives the new ones again."""
    ana = operator.people()[0]
    before = await operator.users()
    operator.here.sandbox.actions.rename(employee=ana, last_name="Mistaken")
    await operator.sync()
    after = await operator.users()
    assert after[ana]["name"]["familyName"] == "Mistaken"
    run = await newest(operator)
    way = await undone(operator, run)
    names = {attribute for _, attribute, _, _ in told(way)}
    assert {"name.familyName", "displayName"} <= names
    await operator.sync()
    restored = await operator.users()
    assert {name: restored[ana][name] for name in ("name", "userName", "displayName")} == {
        name: before[ana][name] for name in ("name", "userName", "displayName")
    }
    async with operator.backend() as backend:
        await backend.ledger("directory").doubt_everything()
    assert (await operator.sync(verify=True)).exit_code == 0
    assert (await operator.users())[ana]["name"] == before[ana]["name"]
    again = await undone(operator, run, again=True)
    assert ("name.familyName", "Mistaken") in {(name, new) for _, name, _, new in told(again)}
    await operator.sync()
    assert (await operator.users())[ana]["name"] == after[ana]["name"]


async def members(operator: Operator) -> dict[str, set[str]]:
    """By group's name the ids of its members."""
    groups = await operator.here.groups()
    return {group["displayName"]: {one["value"] for one in group.get("members") or []} for group in groups}


async def test_members_come_back_and_nobody_is_taken_out(operator: Operator) -> None:
    """Somebody moves to another team; the run is undone == in both: an undo takes nothing away."""
    there = await members(operator)
    ana, remote = next(
        (id_, user["id"])
        for id_, user in (await operator.users()).items()
        if any(user["id"] in group for group in there.values())
    )
    before = {name for name, group in there.items() if remote in group}
    teams = operator.here.sandbox.account.tables["teams"]
    team = next(id_ for id_, row in teams.items() if row["name"] not in before)
    operator.here.sandbox.actions.move(employee=ana, team=team)
    await operator.sync()
    moved = {name for name, there in (await members(operator)).items() if remote in there}
    assert before - moved
    await undone(operator, await newest(operator))
    assert (await operator.sync()).exit_code == 0
    assert {name for name, there in (await members(operator)).items() if remote in there} == before | moved
    assert (await operator.sync(verify=True)).exit_code == 0
    assert {name for name, there in (await members(operator)).items() if remote in there} == before | moved


async def test_what_was_adopted_gets_its_own_values_again(fresh: Operator) -> None:
    """An account was there before the bridge; the first run is undone == its values, and it stays adopted."""
    ana = fresh.people()[0]
    person = fresh.here.sandbox.account.employees[ana]
    email = person["account"]["email"]
    await fresh.create(userName=email, title="Chief of old", externalId=None)
    assert (await fresh.sync()).exit_code == 0
    assert (await fresh.users())[ana]["title"] != "Chief of old"
    way = await undone(fresh, await newest(fresh))
    whys = {one.why for one in way.left}
    assert whys == {"it was created, and an undo takes nothing away"}
    assert [step.key.id for step in way.targets["directory"].steps] == [ana]
    await fresh.sync()
    user = (await fresh.users())[ana]  # found by its external id
    assert user["title"] == "Chief of old"
    assert len(await fresh.here.users()) == len(fresh.people())


async def test_another_configuration_is_a_run(operator: Operator) -> None:
    """A wrong mapping, undone == the old titles, though it is configured; another one counts at once."""
    before = await operator.users()
    operator.target["map"] = {"title": "'wrong'"}
    await operator.sync()
    assert {user["title"] for user in (await operator.users()).values()} == {"wrong"}
    run = await newest(operator)
    assert (run.cause, run.about) == ("configured", "directory")
    await undone(operator, run)
    await operator.sync()
    assert {id_: user.get("title") for id_, user in (await operator.users()).items()} == {
        id_: user.get("title") for id_, user in before.items()
    }
    operator.target["map"] = {"title": "'right'"}
    await operator.sync()
    assert {user["title"] for user in (await operator.users()).values()} == {"right"}


async def test_what_cannot_be_put_back_is_said(operator: Operator) -> None:
    """Changed again since, held, nothing remembered: each is left, with its reason, and nothing is done."""
    ana, ben = operator.people()[:2]
    operator.here.sandbox.actions.rename(employee=ana, last_name="First")
    operator.here.sandbox.actions.rename(employee=ben, last_name="Other")
    await operator.sync()
    run = await newest(operator)
    operator.here.sandbox.actions.rename(employee=ana, last_name="Second")
    await operator.sync()
    async with operator.bridge() as bridge:
        days = [name async for name in operator.redis.scan_iter(match="*:former:*")]
        assert days
        await operator.redis.delete(*days)
        way = await undoing.undo(bridge, run.id)
    why = {one.key.id: one.why for one in way.left}
    assert why[ana] == "another run has changed it since"
    assert why[ben].startswith("what there was before is not remembered")
    assert not way.acts
    async with operator.bridge() as bridge:
        with pytest.raises(ConfigurationError, match="nothing that could be put back"):
            await undoing.carry_out(bridge, way)


async def test_only_what_was_looked_at_is_done(operator: Operator) -> None:
    """Somebody changes the account between look and word == refused, and nothing was done."""
    ana = operator.people()[0]
    operator.here.sandbox.actions.rename(employee=ana, last_name="Mistaken")
    await operator.sync()
    run = await newest(operator)
    async with operator.bridge() as bridge:
        seen = (await undoing.undo(bridge, run.id)).version
        await operator.edit(ana, title="By hand")
        now = await undoing.undo(bridge, run.id)
        with pytest.raises(ConfigurationError, match="changed since"):
            await undoing.carry_out(bridge, now, seen)
    await operator.sync()
    assert (await operator.users())[ana]["name"]["familyName"] == "Mistaken"


async def test_limits_count_what_ends_an_undo(operator: Operator) -> None:
    """Five leavers got their access back; `redo` == their removal is held as any other, until approved."""
    operator.target["limits"] = {"remove": {"count": 2, "percent": 1}}
    leavers = operator.leave(5)
    assert (await operator.sync()).exit_code == 2
    assert (await operator("holds", "approve", "directory-remove")).code == 0
    await operator.sync()
    assert await operator.inactive() == sorted(leavers)
    run = await newest(operator)
    await undone(operator, run)
    assert (await operator.sync()).exit_code == 0
    assert await operator.inactive() == []
    await undone(operator, run, again=True)
    assert (await operator.sync()).exit_code == 2
    assert await operator.inactive() == []
    assert (await operator("holds", "approve", "directory-remove")).code == 0
    await operator.sync()
    assert await operator.inactive() == sorted(leavers)


async def test_what_is_given_back_is_no_secret_and_is_erased(operator: Operator) -> None:
    """With a key nothing that was there before can be read in Redis; `forget` erases it; `rekey` keeps it."""
    operator.here.config["encryption"] = {"key": make_key()}
    await operator("rekey")
    ana = operator.people()[0]
    name = operator.here.sandbox.account.employees[ana]["personal"]["lastName"]
    operator.here.sandbox.actions.rename(employee=ana, last_name="Mistaken")
    await operator.sync()
    run = await newest(operator)

    async def kept() -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        async for day in operator.redis.scan_iter(match="*:former:*"):
            assert 14 * 86400 < await operator.redis.ttl(day) <= 15 * 86400
            found |= await operator.redis.hgetall(day)
        return {field: blob for field, blob in found.items() if ana.encode() in field}

    assert len(await kept()) == 2  # of the name, and of the manager before
    assert name.encode() not in b"".join((await kept()).values())
    former = operator.here.config["encryption"]["key"]
    operator.here.config["encryption"] = {"key": make_key(), "old_keys": [former]}
    assert (await operator("rekey")).code == 0
    operator.here.config["encryption"] = {"key": operator.here.config["encryption"]["key"]}
    async with operator.bridge() as bridge:
        assert (await undoing.undo(bridge, run.id)).acts
    operator.here.sandbox.actions.delete(employee=ana)
    assert (await operator("forget", ana, "--yes")).code == 0
    assert await kept() == {}


async def test_nothing_is_remembered_where_that_is_set(fresh: Operator) -> None:
    """`undo_days: 0` == nothing in Redis, and a sentence."""
    operator = fresh
    operator.target["undo_days"] = 0
    ana = operator.people()[0]
    await operator.sync()
    operator.here.sandbox.actions.rename(employee=ana, last_name="Mistaken")
    await operator.sync()
    assert [name async for name in operator.redis.scan_iter(match="*:former:*")] == []
    async with operator.bridge() as bridge:
        (left,) = (await undoing.undo(bridge, (await newest(operator)).id)).left
    assert left.why.startswith("what there was before is not remembered")


async def test_who_is_forgotten_is_closed_all_the_same(operator: Operator) -> None:
    """A leaver has access again by an undo, and is to be forgotten with the accounts closed == closed."""
    (leaver,) = operator.leave(1)
    await operator.sync()
    await undone(operator, await newest(operator))
    await operator.sync()
    assert await operator.inactive() == []
    operator.here.sandbox.actions.delete(employee=leaver)
    ended = await operator("forget", leaver, "--close", "--yes")
    assert ended.code == 0, ended.err
    assert await operator.inactive() == [leaver]


async def test_somebody_has_to_know_of_what_is_kept(operator: Operator) -> None:
    """While an undo lasts, the person waits for a decision, with the command that ends it."""
    (leaver,) = operator.leave(1)
    await operator.sync()
    run = await newest(operator)
    await undone(operator, run)
    await operator.sync()
    found = (await operator("explain", leaver, "--json")).json["targets"]["directory"]
    assert found["standing"]["is"] == "held"
    assert found["standing"]["helps"] == f"kenjo-bridge runs redo {run.id}"
    (event,) = [one for one in (await operator("audit", "--json")).json_lines if one["what"] == "undone"]
    assert event.items() >= {"record": f"person:{leaver}", "run": run.id, "target": "directory"}.items()
