"""`kenjo-bridge plan`: what a sync would do, by the code that does it, without a single write."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.service.planned import Inspected, check_golden
from tests.world import World, expected
from workers.testing.proxy import answer, dropped

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def change(here: World) -> list[str]:
    """Rename one person, let another leave, move a third, hire one; the ids of the first three."""
    ids = sorted(expected(here.sandbox))[:3]
    here.sandbox.actions.rename(employee=ids[0], last_name="Ñandú")
    here.sandbox.actions.leave(employee=ids[1])
    here.sandbox.actions.move(employee=ids[2])
    here.sandbox.actions.hire()
    return ids


def steps(found: Any, action: str) -> dict[str, Any]:
    """The steps of one kind by record."""
    listed = found["targets"]["directory"]["steps"]
    return {step["record"]: step for step in listed if step["action"] == action}


async def test_it_writes_nothing(there: Inspected, here: World) -> None:
    """`plan` with every kind of change to make == no write at the target, and Redis as it was."""
    await here.run("sync")
    change(here)
    before = await there.dump()
    here.proxy.seen.clear()
    done = await here.run("plan", "--json")
    assert (done.code, here.proxy.writes) == (2, []), done.err
    assert here.proxy.seen
    assert await there.dump() == before


async def test_a_first_plan_writes_nothing(there: Inspected, here: World) -> None:
    """`plan` before any sync == everybody to be created, no write, only the fingerprints' key is stored."""
    done = await here.run("plan", "--json")
    assert (done.code, here.proxy.writes) == (2, []), done.err
    assert {key.rpartition(b":")[2] for key in await there.dump()} == {b"pepper", b"format"}
    text = await there.text()
    assert not any(id_ in text for id_ in expected(here.sandbox))
    created = steps(done.json, "create")
    assert {f"person:{id_}" for id_ in expected(here.sandbox)} <= created.keys()
    assert done.json["targets"]["directory"]["survey"] == {
        "accounts": 0,
        "people": len(expected(here.sandbox)),
        "create": len(expected(here.sandbox)),
        "adopt": 0,
        "ambiguous": 0,
        "undecided": 0,
    }


async def test_the_sync_that_follows_does_just_that(here: World) -> None:
    """`plan`, then `sync` == the same numbers, and afterwards nothing to do, twice over."""
    for prepare in (lambda: None, lambda: change(here)):
        prepare()
        planned = (await here.run("plan", "--json")).json["targets"]["directory"]["counts"]
        row = (await here.run("sync", "--json")).json["targets"]["directory"]
        assert planned["create"] == row["created"]
        assert planned["update"] == row["updated"]
        assert planned["deactivate"] == row["deactivated"]
        assert planned["fail"] == row["failed"] == 0
        assert planned["create"] + planned["update"] > 0
        done = await here.run("plan", "--json")
        assert (done.code, done.json["targets"]["directory"]["counts"]["update"]) == (0, 0)


async def test_fields_are_shown_old_and_new(here: World) -> None:
    """`--values` == each differing attribute with what is there and what is wanted, and nothing else."""
    await here.run("sync")
    renamed = change(here)[0]
    before = here.sandbox.account.employees[renamed]["personal"]
    done = await here.run("plan", "--json", "--values")
    changes = {c["attribute"]: c for c in steps(done.json, "update")[f"person:{renamed}"]["changes"]}
    assert changes["name.familyName"]["new"] == before["lastName"] == "Ñandú"
    assert changes["name.familyName"]["old"] not in (None, "Ñandú", "…")
    assert changes.keys() == {"name.familyName", "displayName"}


async def test_values_are_hidden_unless_asked_for(here: World) -> None:
    """Without `--values` == fields are named, and nobody's name or address is printed, in either form."""
    for known in (False, True):
        for form in ((), ("--json",)):
            done = await here.run("plan", *form)
            assert ("displayName" in done.out) is bool(known or form)
            for person in here.sandbox.account.employees.values():
                for value in (person["account"].get("email"), person["personal"]["lastName"]):
                    assert not value or value not in done.out
        await here.run("sync")
        change(here)


async def test_references_to_what_is_to_be_created(here: World) -> None:
    """A manager without an account yet == shown as to be created, and not left out."""
    done = await here.run("plan", "--json", "--values")
    people = expected(here.sandbox)
    created = steps(done.json, "create")
    for id_, person in people.items():
        managers = [c for c in created[f"person:{id_}"]["changes"] if c["attribute"] == "manager"]
        wanted = [{"attribute": "manager", "old": None, "new": "(will be created)"}]
        assert managers == (wanted if person["work"].get("reportsToId") in people else [])


async def test_a_hold_is_foreseen(here: World) -> None:
    """More leavers than the limit == all of them to be deactivated, held, with the numbers; exit 2."""
    await here.run("sync")
    leavers = sorted(expected(here.sandbox))[:7]
    for id_ in leavers:
        here.sandbox.actions.leave(employee=id_)
    done = await here.run("plan", "--json")
    found = done.json["targets"]["directory"]
    held = {record for record, step in steps(done.json, "deactivate").items() if step["hold"]}
    assert held == {f"person:{id_}" for id_ in leavers}
    assert [hold["id"] for hold in found["holds"]] == ["directory-remove"]
    assert "would remove 7 people" in found["holds"][0]["reason"]
    assert done.code == 2
    assert (await here.run("sync")).code == 2


async def test_first_contact_is_foreseen(here: World) -> None:
    """Accounts that match nobody == the survey's numbers and the hold that a sync then raises."""
    for number in range(25):
        body = {"schemas": [USER], "userName": f"kontakt{number}"}
        async with here.direct.post("/v2/Users", json=body) as made:
            assert made.status == 201
    done = await here.run("plan", "--json")
    found = done.json["targets"]["directory"]
    assert (found["survey"]["accounts"], found["survey"]["create"]) == (25, 17)
    assert [hold["id"] for hold in found["holds"]] == ["directory-first-contact"]
    await here.run("sync")
    (hold,) = (await here.run("holds", "--json")).json
    assert hold["reason"] == found["holds"][0]["reason"]


async def test_what_cannot_be_decided_is_shown(here: World) -> None:
    """Two accounts with a person's key == a failure that names both, not a guess."""
    id_ = min(expected(here.sandbox))
    for number in range(2):
        body = {"schemas": [USER], "userName": f"kontakt{number}", "externalId": id_}
        async with here.direct.post("/v2/Users", json=body) as made:
            assert made.status == 201
    done = await here.run("plan", "--json")
    (step,) = steps(done.json, "fail").values()
    assert (step["record"], len(step["candidates"])) == (f"person:{id_}", 2)


async def test_an_account_that_was_deleted_there(here: World) -> None:
    """A changed person whose account was deleted there == to be created again, as the sync then does."""
    await here.run("sync")
    renamed = change(here)[0]
    (user,) = [user for user in await here.users() if user["externalId"] == renamed]
    async with here.direct.delete(f"/v2/Users/{user['id']}") as done:
        assert done.status == 204
    planned = (await here.run("plan", "--json")).json
    assert steps(planned, "create").keys() == {f"person:{renamed}"}
    assert (await here.run("sync", "--json")).json["targets"]["directory"]["created"] == 1


async def test_a_day_to_come(here: World) -> None:
    """`--on` the day after somebody's last one == that person is deactivated, and on no day before."""
    await here.run("sync")
    id_ = min(expected(here.sandbox))
    last = here.sandbox.account.today + timedelta(days=10)
    here.sandbox.account.employees[id_]["work"]["contractEnd"] = f"{last.isoformat()}T00:00:00.000Z"
    here.sandbox.account.employees[id_]["work"]["startDate"] = "2020-01-01T00:00:00.000Z"
    for days, leaves in ((0, False), (10, False), (11, True)):
        day = here.sandbox.account.today + timedelta(days=days)
        done = await here.run("plan", "--json", "--on", f"{day}")
        assert (f"person:{id_}" in steps(done.json, "deactivate")) is leaves, done.err
    assert (await here.run("plan", "--on", "2020-01-01")).code == 3


async def test_problems_are_exit_3(here: World) -> None:
    """A target that does not answer, an implausible snapshot, Kenjo down == exit 3 and a sentence."""
    await here.run("sync")
    change(here)
    here.proxy.fail_always(dropped)
    done = await here.run("plan")
    assert (done.code, "cannot be asked" in done.out) == (3, True)
    here.proxy.fail_always(answer(401))
    assert (await here.run("plan")).code == 3
    here.proxy.fail_always(None)
    here.sandbox.faults.add("half", path="/employees/accounts")
    done = await here.run("plan")
    assert (done.code, "the last known values stay" in done.out) == (3, True)
    here.sandbox.faults.add("status", path="/employees/works", status=500)
    done = await here.run("plan")
    assert (done.code, done.out) == (3, "")


async def test_the_page_as_it_is_printed(here: World) -> None:
    """What the terminal shows of a first contact and of every kind of change == the golden files."""
    first = await here.run("plan")
    await here.run("sync")
    change(here)
    later = await here.run("plan", "--values")
    check_golden("plan_first.txt", first.out)
    check_golden("plan.txt", later.out)
