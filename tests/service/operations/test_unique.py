"""What nobody else has, before it is given: `plan` and the sync after it, `explain`, `try`."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bridge.model import Key, Kind
from bridge.store.backend import Backend
from service.operations.rehearsing import Rehearsal
from service.operations.sketching import Sketch
from tests.delivery import delivery, person
from tests.inside import readable
from tests.service.operated import Operator
from workers.connect import Connected

FIRST = "slug(person.personal.firstName)"
NAMES = {"userName": [FIRST, f'{FIRST} + "." + slug(person.personal.lastName)', f"{FIRST} + string(n)"]}


@pytest.fixture
def fresh_names(fresh: Operator) -> Operator:
    """Twelve people, and five namesakes without an account yet; somebody at the directory has their name."""
    fresh.target["unique"] = NAMES
    return fresh


def hire(operator: Operator, number: int) -> list[str]:
    """So many people who are called Xenia Muster; their ids in order."""
    today = operator.here.sandbox.account.today.isoformat()
    hired = [
        operator.here.sandbox.actions.hire(
            first_name="Xenia", last_name="Muster", email=f"x{one}@example.com", start=today, active=True
        )
        for one in range(number)
    ]
    return sorted(str(one["account"]["_id"]) for one in hired)


async def names(operator: Operator, ids: list[str]) -> list[str]:
    """The user names of people in order."""
    users = await operator.users()
    return [users[id_]["userName"] for id_ in ids]


def planned(found: Any, ids: list[str]) -> list[str]:
    """The user names that a plan gives people."""
    steps = {step["record"]: step for step in found["targets"]["directory"]["steps"]}
    return [
        change["new"]
        for id_ in ids
        for change in steps[f"person:{id_}"]["changes"]
        if change["attribute"] == "userName"
    ]


async def test_a_sync_gives_what_was_planned(fresh_names: Operator) -> None:
    """Five namesakes, and one whom the bridge does not know == the names of the plan, which reserves none."""
    operator = fresh_names
    ids = hire(operator, 5)
    await operator.create(userName="Xenia2")
    plan = await operator("plan", "--json", "--values")
    expected = ["xenia", "xenia.muster", "xenia3", "xenia4", "xenia5"]
    assert planned(plan.json, ids) == expected, plan.err
    assert ":unique" not in await readable(operator.redis)
    assert (await operator.sync()).exit_code == 0
    assert await names(operator, ids) == expected
    users = await operator.here.users()
    assert len({user["userName"].lower() for user in users}) == len(users)
    assert (await operator("plan", "--json")).code == 0


async def test_a_signed_plan_gives_its_names_or_nothing(fresh_names: Operator) -> None:
    """Somebody takes a planned name at the directory == refused, nothing done; a new plan == its names."""
    operator = fresh_names
    ids = hire(operator, 3)
    file = str(operator.here.folder / "plan.json")
    await operator("plan", "--out", file)
    await operator.create(userName="xenia.muster")
    done = await operator("sync", "--plan", file)
    assert (done.code, await operator.users()) == (3, {})
    assert f"directory person:{ids[1]}: create is of other values now" in done.err
    plan = await operator("plan", "--out", file, "--json", "--values")
    assert (await operator("sync", "--plan", file)).code == 0
    assert await names(operator, ids) == planned(plan.json, ids) == ["xenia", "xenia2", "xenia3"]


async def test_explain_says_what_and_why(fresh_names: Operator) -> None:
    """Before and after the account is made == the value, and who has earlier choices; names if asked."""
    operator = fresh_names
    first, second = hire(operator, 2)
    there = await operator.create(userName="xenia")
    operator.target["scope"] = f'person.id != "{second}"'
    assert (await operator.sync()).exit_code == 0
    del operator.target["scope"]
    page = await operator("explain", second, "--values")
    assert "xenia2   (given once)" in page.out
    why = f'"xenia" is taken by the account {there}; "xenia.muster" is taken by person:{first}'
    assert why in page.out
    hidden = (await operator("explain", second)).out
    assert "the first choice is taken by the account" in hidden
    assert "xenia" not in hidden
    tried = await operator("try", "directory", second)
    assert f'"xenia2"\n         {why}' in tried.out
    assert (await operator.sync()).exit_code == 0
    for command in (("explain", second, "--values"), ("try", "directory", second)):
        assert "given with the account, which keeps it" in (await operator(*command)).out
    refused = await operator("try", "directory", second, "--map", "userName=person.id")
    assert "targets.directory.unique.userName says what is chosen from" in refused.err


async def test_try_when_the_target_is_away(fresh_names: Operator) -> None:
    """The directory does not answer == everything else, and why this is not known; exit 1."""
    operator = fresh_names
    (id_,) = hire(operator, 1)
    operator.target["base_url"] = "http://127.0.0.1:9"
    done = await operator("try", "directory", id_)
    assert (done.code, "the target cannot be asked" in done.out) == (1, True)


async def test_who_is_held_chooses_last(backend: Backend) -> None:
    """Of two namesakes the first is held == the plan gives the other one the first choice, as a sync does."""
    async with delivery(backend, unique=NAMES) as run:
        await run.know(*(person(f"ana{number}", name="Ana") for number in range(2)))
        known, parts = await backend.records.known(), run.deliverer
        connected = Connected(parts.route, parts.target, parts.turn)
        held, other = (Key(Kind.PERSON, f"ana{number}") for number in range(2))
        sketch, now = Sketch(parts.ledger, known), time.time()
        rehearsal = Rehearsal(connected, sketch, known, {}, (), now, held=[held])
        steps = await rehearsal.run({held: 1, other: 1})
        assert [step.choices[0].value for step in (steps[other], steps[held])] == ["ana", "ana.muster"]
