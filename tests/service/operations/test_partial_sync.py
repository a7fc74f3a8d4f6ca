"""`sync` of a part: a signed plan, one person, a canary."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from bridge.store.backend import Backend
from bridge.store.queue import URGENT, Due
from tests.delivery import TARGET, delivery, person
from tests.service.operated import Operator
from tests.service.planned import Inspected
from tests.world import World, expected
from workers.delivery.draining import Drain
from workers.testing.proxy import answer


def chosen(here: World, number: int) -> list[str]:
    """Ids of people who should have an account, always the same ones."""
    return sorted(expected(here.sandbox))[:number]


async def last_name(here: World, id_: str) -> Any:
    (user,) = [user for user in await here.users() if user["externalId"] == id_]
    return user["name"]["familyName"]


async def test_a_plan_is_done_as_it_was_made(here: World) -> None:
    """`sync --plan` == what the plan shows and no more: what came later stays pending for the next sync."""
    await here.run("sync")
    first, second = chosen(here, 2)
    here.sandbox.actions.rename(employee=first, last_name="Ñandú")
    assert (await here.run("plan", "--out", "plan.json")).code == 2
    here.sandbox.actions.rename(employee=second, last_name="Zebra")
    here.proxy.seen.clear()
    done = await here.run("sync", "--plan", "plan.json", "--json")
    row = done.json["targets"]["directory"]
    assert (done.code, row["updated"], row["pending"], row["others"]) == (0, 1, 0, 1), done.err
    assert [seen.method for seen in here.proxy.writes] == ["PATCH"]
    assert await last_name(here, first) == "Ñandú"
    assert await last_name(here, second) != "Zebra"
    assert (await here.run("sync")).code == 0
    assert await last_name(here, second) == "Zebra"


async def test_a_plan_that_has_moved_is_refused(there: Inspected, here: World) -> None:
    """Another value in Kenjo since == exit 3, the record named, nothing written anywhere."""
    await here.run("sync")
    first, second = chosen(here, 2)
    here.sandbox.actions.rename(employee=first, last_name="Ñandú")
    here.sandbox.actions.leave(employee=second)
    await here.run("plan", "--out", "plan.json")
    here.sandbox.actions.rename(employee=first, last_name="Zebra")
    before = await there.dump()
    here.proxy.seen.clear()
    done = await here.run("sync", "--plan", "plan.json")
    assert (done.code, here.proxy.writes) == (3, [])
    assert f"person:{first}: update is of other values now" in done.err
    assert second not in done.err
    assert {
        key: value for key, value in (await there.dump()).items() if not key.endswith(b":lease")
    } == before


async def test_a_plan_that_was_done_is_refused(here: World) -> None:
    """The same plan a second time == exit 3: its changes are done."""
    await here.run("sync")
    here.sandbox.actions.rename(employee=chosen(here, 1)[0], last_name="Ñandú")
    await here.run("plan", "--out", "plan.json")
    assert (await here.run("sync", "--plan", "plan.json")).code == 0
    done = await here.run("sync", "--plan", "plan.json")
    assert (done.code, "update is done" in done.err) == (3, True)


async def test_only_an_unchanged_file_of_this_bridge_counts(here: World) -> None:
    """A step taken out of the file, another key, no plan at all == exit 3 and one sentence each."""
    await here.run("sync")
    here.sandbox.actions.rename(employee=chosen(here, 1)[0], last_name="Ñandú")
    await here.run("plan", "--out", "plan.json")
    file = here.folder / "plan.json"
    body = json.loads(file.read_text())
    here.proxy.seen.clear()
    for text in (
        json.dumps({**body, "targets": {"directory": {}}}),
        json.dumps({**body, "signature": "0" * 64}),
        "[]",
        "{",
    ):
        file.write_text(text)
        done = await here.run("sync", "--plan", "plan.json")
        assert (done.code, here.proxy.writes) == (3, [])
        assert "plan.json" in done.err
        assert "Traceback" not in done.err


async def test_a_plan_file_holds_no_personal_value(here: World) -> None:
    """The file of a first sync == record keys and actions, nobody's name or address."""
    assert (await here.run("plan", "--out", "plan.json")).code == 2
    text = (here.folder / "plan.json").read_text()
    people = expected(here.sandbox)
    assert all(f"person:{id_}" in text for id_ in people)
    for one in people.values():
        assert one["account"]["email"] not in text
        assert one["personal"]["lastName"] not in text


@pytest.mark.parametrize("by", ["id", "email", "key"])
async def test_only_one_person(here: World, by: str) -> None:
    """`sync --only` by id, key or e-mail address == that person's account, nobody else's; then everybody."""
    id_ = chosen(here, 1)[0]
    person = expected(here.sandbox)[id_]
    name = {"id": id_, "email": person["account"]["email"].upper(), "key": f"person:{id_}"}[by]
    done = await here.run("sync", "--only", name, "--json")
    assert (done.code, done.json["targets"]["directory"]["created"]) == (0, 1), done.err
    assert [user["externalId"] for user in await here.users()] == [id_]
    assert (await here.run("sync")).code == 0
    assert len(await here.users()) == len(expected(here.sandbox))


async def test_what_is_due_of_others_is_left_alone(backend: Backend) -> None:
    """Somebody who was not chosen is due since an earlier poll == nothing is sent, still pending."""
    ana, ben = person("ana"), person("ben")
    async with delivery(backend) as there:
        await there.know(ana, ben)
        await there.deliverer.ledger.add_pending({ana.key: 1, ben.key: 1})
        chosen = dataclasses.replace(there.deliverer, chosen=frozenset({ana.key}))
        await there.backend.queue.add(TARGET, [Due(ben.key, URGENT), Due(ana.key)], there.clock.now)
        drain = Drain(chosen)
        await drain.fill()
        await drain.end(5.0)
        assert [user["externalId"] for user in await there.users()] == ["ana"]
        assert (await there.deliverer.ledger.pending()).keys() == {ben.key}


async def test_nobody_of_that_name(there: Inspected, here: World) -> None:
    """`sync --only` somebody who is not there == exit 3, one sentence, nothing sent, nothing stored."""
    done = await here.run("sync", "--only", "nobody@example.com")
    assert (done.code, here.proxy.writes) == (3, [])
    assert "nobody has this Kenjo id" in done.err
    text = await there.text()
    assert not any(id_ in text for id_ in expected(here.sandbox))


async def test_a_canary_that_is_right_goes_on(here: World) -> None:
    """`sync --canary 2` == the first two accounts alone, read back, then everybody; exit 0."""
    done = await here.run("sync", "--canary", "2", "--json")
    assert done.code == 0, done.err
    assert done.json["targets"]["directory"]["created"] == len(await here.users()) + len(await here.groups())
    assert len(await here.users()) == len(expected(here.sandbox))
    methods = [seen.method for seen in here.proxy.seen if seen.path.startswith("/v2/Users")]
    first_two = [i for i, method in enumerate(methods) if method == "POST"][:3]
    assert "GET" in methods[first_two[1] : first_two[2]]


async def test_a_canary_that_is_wrong_stops(here: World) -> None:
    """A target that accepts a change and does not make it == exit 1, the field named, nobody else written."""
    await here.run("sync")
    for number, id_ in enumerate(chosen(here, 4)):
        here.sandbox.actions.rename(employee=id_, last_name=f"Neu{number}")
    here.proxy.seen.clear()
    remote = {user["externalId"]: user["id"] for user in await here.users()}

    async def swallow(proxy: Any, request: Any) -> Any:
        fault = answer(204) if request.method == "PATCH" else None
        return await (fault(proxy, request) if fault else proxy.forward(request))

    here.proxy.fail_always(swallow)
    done = await here.run("sync", "--canary", "1", "--json")
    (sentence,) = done.json["stopped"]
    assert (done.code, len(here.proxy.writes)) == (1, 1), done.err
    assert "name.familyName" in sentence
    assert "Neu" not in sentence
    assert here.proxy.writes[0].path.rpartition("/")[2] in remote.values()


async def test_parts_exclude_each_other(here: World) -> None:
    """`--only` together with `--canary` == exit 3 and a sentence."""
    done = await here.run("sync", "--only", "x", "--canary", "1")
    assert (done.code, "exclude each other" in done.err) == (3, True)


async def test_a_canary_goes_on_beside_what_is_held(operator: Operator) -> None:
    """Seven leavers over the limit and three renames == the renames arrive, the leavers stay held; exit 2."""
    leavers = operator.leave(7)
    renamed = operator.people()[-3:]
    for id_ in renamed:
        operator.here.sandbox.actions.rename(employee=id_, last_name="Ñandú")
    done = await operator("sync", "--canary", "1", "--json")
    row = done.json["targets"]["directory"]
    assert (done.code, done.json["stopped"], row["updated"], row["held"] > 0) == (2, [], 3, True), done.err
    users = await operator.users()
    assert {users[id_]["name"]["familyName"] for id_ in renamed} == {"Ñandú"}
    assert all(users[id_]["active"] for id_ in leavers)


async def test_a_canary_where_all_is_held(fresh: Operator) -> None:
    """First contact holds the whole target == exit 2 with its hold, and nobody counts as wrong."""
    for number in range(25):
        await fresh.create(userName=f"kontakt{number}")
    done = await fresh("sync", "--canary", "1", "--json")
    assert (done.code, done.json["stopped"]) == (2, []), done.err
    assert len(await fresh.here.users()) == 25
