"""`plan` where two want one value: what the sync that follows really comes to, record by record."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from bridge.model import Key, Outcome, State
from service.operations.planning import plan
from service.operations.plans import Plan
from service.operations.tallying import Tally
from tests.service.operated import Operator

Outcomes = dict[str, str]


async def planned(operator: Operator) -> Plan:
    """The plan of what a sync would do now."""
    async with operator.bridge() as bridge:
        return await plan(bridge, datetime.fromtimestamp(time.time(), UTC))


def announced(found: Plan) -> Outcomes:
    """What a plan says of each record: an outcome of deliveries. Who would have to wait is not done."""
    steps = found.targets["directory"].steps
    return {str(step.key): "failed" if step.action == "retrying" else str(step.action) for step in steps}


async def done(operator: Operator) -> Outcomes:
    """What a sync does with each record."""
    async with operator.bridge() as bridge:
        tally = Tally(bridge.metrics)
    await operator.sync(patience=3.0, tally=tally)
    async with operator.backend() as backend:
        entries = await backend.ledger("directory").entries()
    open_ = (State.FAILED, State.RETRYING)
    found = {
        str(key): Outcome.FAILED if entries[key].state in open_ else outcome
        for (_, key), outcome in tally.outcomes.items()
    }
    return {record: str(outcome) for record, outcome in found.items()}


async def both(operator: Operator) -> tuple[Outcomes, dict[str, str]]:
    """Of a plan and the sync that follows, which agree: the outcomes, and why something fails."""
    found = await planned(operator)
    before = announced(found)
    after = await done(operator)
    unchanged = {record: what for record, what in after.items() if record not in before}
    assert set(unchanged.values()) <= {"unchanged", "skipped"}
    assert {record: after.get(record, "unchanged") for record in before} == before
    steps = found.targets["directory"].steps
    return before, {step.key.id: step.reason for step in steps if step.action == Outcome.FAILED}


async def test_newcomers(fresh: Operator) -> None:
    """Three newcomers of one name == one is created, the others fail with the sentence of the sync."""
    three = fresh.people()[:3]
    same = " || ".join(f'person.id == "{id_}"' for id_ in three)
    fresh.target["map"] = {"userName": f'{same} ? "same" : person.account.email'}
    outcomes, why = await both(fresh)
    (first,) = (id_ for id_ in three if outcomes[f"person:{id_}"] == "created")
    others = [id_ for id_ in three if id_ != first]
    assert why.keys() == set(others)
    told = "who has it still: give one of the two another userName in Kenjo"
    assert all(told in reason for reason in why.values())
    async with fresh.backend() as backend:
        entry = await backend.ledger("directory").entry(Key.parse(f"person:{others[0]}"))
    assert entry
    assert told in entry.reason


async def test_accounts_that_are_there(fresh: Operator) -> None:
    """A newcomer against an account of ours, a rename to a value that stays, one that is given up, a swap."""
    employees = fresh.here.sandbox.account.employees
    fresh.target["map"] = {"userName": "person.personal.displayName"}
    people = fresh.people()
    for id_ in people:
        employees[id_]["personal"]["displayName"] = f"name {id_}"
    await fresh.sync()
    stays, renamed, gives, takes, one, other = people[:6]
    hired = fresh.here.sandbox.actions.hire(start="2020-01-01", active=True)["account"]["_id"]
    for id_, name in (
        (hired, f"name {stays}"),
        (renamed, f"name {stays}"),
        (gives, "new"),
        (takes, f"name {gives}"),
        (one, f"name {other}"),
        (other, f"name {one}"),
    ):
        employees[id_]["personal"]["displayName"] = name
    outcomes, why = await both(fresh)
    assert why.keys() == {hired, renamed}
    assert {outcomes[f"person:{id_}"] for id_ in (gives, takes, one, other)} == {"updated"}
    users = await fresh.users()
    assert users[takes]["userName"] == f"name {gives}"
    assert (users[one]["userName"], users[other]["userName"]) == (f"name {other}", f"name {one}")


async def test_groups(operator: Operator) -> None:
    """Two new groups of one name == one is created, the other fails; so does one named like another there."""
    teams = operator.here.sandbox.account.tables["teams"]
    there = min(teams)
    row = teams[there]
    for id_, name in (("0" * 24, "New"), ("1" * 24, "New"), ("2" * 24, row["name"])):
        teams[id_] = {**row, "_id": id_, "name": name}
    outcomes, why = await both(operator)
    assert outcomes["team:" + "0" * 24] == "created"
    assert why.keys() == {"1" * 24, "2" * 24}


async def test_a_target_that_comes_after(fresh: Operator) -> None:
    """A newcomer whom the first target refuses == waits at the one that comes after it, in plan and sync."""
    first, second = fresh.people()[:2]
    same = f'person.id in ["{first}", "{second}"]'
    fresh.target["map"] = {"userName": f'{same} ? "same" : person.account.email'}
    rows = fresh.here.folder / "rows.csv"
    fresh.here.config["targets"]["payroll"] = {"kind": "file", "path": str(rows), "after": ["directory"]}
    found = await planned(fresh)
    await done(fresh)
    (refused,) = (step.key for step in found.targets["directory"].steps if step.action == Outcome.FAILED)
    waiting = {step.key for step in found.targets["payroll"].steps if step.action == "retrying"}
    async with fresh.backend() as backend:
        entries = await backend.ledger("payroll").entries()
    assert waiting == {refused} == {key for key, one in entries.items() if one.state is State.RETRYING}
