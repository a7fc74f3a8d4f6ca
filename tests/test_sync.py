"""`kenjo-bridge sync` as an administrator runs it: a process of its own, real Redis, a real SCIM server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.world import World, expected
from workers.testing.proxy import dropped

EARLY, LATE = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # 25 hours apart: never the same day
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


async def test_everybody_arrives_as_mapped(here: World) -> None:
    """A first sync == one account for each active person, with names, department and manager as in Kenjo."""
    done = await here.run("sync", "--json")
    assert done.code == 0, done.err
    people = expected(here.sandbox)
    users = {user["externalId"]: user for user in await here.users()}
    assert users.keys() == people.keys()
    departments = here.sandbox.account.tables["departments"]
    for id_, person in people.items():
        user = users[id_]
        assert user["userName"] == person["account"]["email"]
        assert user["name"]["familyName"] == person["personal"]["lastName"]
        department = departments.get(person["work"].get("departmentId"), {}).get("name")
        assert user.get(ENTERPRISE, {}).get("department") == department
        manager = users.get(person["work"].get("reportsToId"), {}).get("id")
        assert user.get(ENTERPRISE, {}).get("manager", {}).get("value") == manager


async def test_teams_arrive_with_their_members(here: World) -> None:
    """A first sync == a group for each team, with exactly its active people, and a table with the target."""
    done = await here.run("sync")
    for word in ("created", "skipped", "in step", "waiting", "held", "failing", "left out", "directory"):
        assert word in done.out
    ids = {user["externalId"]: user["id"] for user in await here.users()}
    groups = {group["externalId"]: group for group in await here.groups()}
    assert groups.keys() == here.sandbox.account.tables["teams"].keys()
    for id_, group in groups.items():
        members = {member["value"] for member in group.get("members") or []}
        wanted = {
            ids[person]
            for person, sections in expected(here.sandbox).items()
            if id_ in (sections["work"].get("teamIds") or [])
        }
        assert members == wanted


async def test_departments_and_offices_become_groups(here: World) -> None:
    """Asked for == a group for each, with its active people; not asked for any more == they stay."""
    target = here.config["targets"]["directory"]
    target["groups"] = {"from": ["departments", "offices"], "name": 'team.name + " (" + team.kind + ")"'}
    done = await here.run("sync")
    assert done.code == 0, done.err
    people = expected(here.sandbox)
    ids = {user["externalId"]: user["id"] for user in await here.users()}
    wanted = {
        f"{row['name']} ({kind})": {
            ids[id_] for id_ in people if people[id_]["work"].get(f"{kind}Id") == row["_id"]
        }
        for kind in ("department", "office")
        for row in here.sandbox.account.tables[f"{kind}s"].values()
    }
    there = await here.groups()
    assert {
        group["displayName"]: {one["value"] for one in group.get("members") or []} for group in there
    } == wanted
    target["groups"] = {"from": []}
    here.proxy.seen.clear()
    assert (await here.run("sync")).code == 0
    assert (here.proxy.writes, await here.groups()) == ([], there)


async def test_one_change_is_one_write(here: World) -> None:
    """One person renamed == one PATCH, and the table says one updated."""
    await here.run("sync")
    here.proxy.seen.clear()
    person = next(iter(expected(here.sandbox)))
    here.sandbox.actions.rename(employee=person, last_name="Ñandú")
    done = await here.run("sync", "--json")
    assert [seen.method for seen in here.proxy.writes] == ["PATCH"]
    assert done.json["targets"]["directory"]["updated"] == 1
    (user,) = [user for user in await here.users() if user["externalId"] == person]
    assert user["name"]["familyName"] == "Ñandú"


async def test_a_leaver_is_deactivated(here: World) -> None:
    """Deactivated in Kenjo == inactive at the directory, in none of its groups."""
    await here.run("sync")
    person = next(id_ for id_, one in expected(here.sandbox).items() if one["work"].get("teamIds"))
    here.sandbox.actions.leave(employee=person)
    done = await here.run("sync", "--json")
    assert done.json["targets"]["directory"]["deactivated"] == 1
    (user,) = [user for user in await here.users() if user["externalId"] == person]
    assert user["active"] is False
    members = [m["value"] for group in await here.groups() for m in group.get("members") or []]
    assert user["id"] not in members


FAULTS: list[tuple[str, dict[str, Any], int, str]] = [
    ("empty", {"path": "/employees/accounts"}, 1, "12 people are missing from"),
    ("half", {"path": "/employees/accounts"}, 1, "6 people are missing from"),
    ("status", {"path": "/employees/works", "status": 500}, 3, "500"),
    ("status", {"path": "/employees/works", "status": 403}, 3, "tick 'employee'"),
    ("html", {"path": "/employees/personals", "status": 200}, 3, "text/html"),
    ("truncated", {"path": "/employees/accounts"}, 3, "employees/accounts"),
    ("truncated", {"path": "/employees/accounts", "complete": True}, 3, "employees/accounts"),
    ("drop", {"path": "/departments"}, 3, "departments"),
]


async def test_anything_less_than_whole_changes_nothing(here: World) -> None:
    """Broken, empty and half lists == no request to the target, one sentence, exit 3 or 1, nothing lost."""
    await here.run("sync")
    before = await here.users()
    here.proxy.seen.clear()
    for fault, options, code, says in FAULTS:
        here.sandbox.faults.add(fault, **options)
        done = await here.run("sync")
        assert (done.code, here.proxy.seen) == (code, []), (fault, options, done.err)
        assert says in done.out + done.err
        assert "Traceback" not in done.err
        here.sandbox.faults.clear()
        assert (await here.run("sync")).code == 0, (fault, options)
    assert await here.users() == before


async def test_a_person_missing_from_one_list_is_not_a_leaver(here: World) -> None:
    """Half of the people missing from another list than accounts == nobody is deactivated, a warning."""
    await here.run("sync")
    here.proxy.seen.clear()
    here.sandbox.faults.add("half", path="/employees/personals")
    done = await here.run("sync", "--json")
    assert here.proxy.writes == []
    assert any("employees/personals" in warning for warning in done.json["warnings"])


@pytest.mark.parametrize("variant", ["no_id", "wrong_types", "huge_name", "duplicate_id", "shared_email"])
async def test_a_malformed_row_is_reported_and_the_others_go_on(here: World, variant: str) -> None:
    """One malformed row of many == exit 1, the row reported without values, the others delivered."""
    path = "/employees/accounts" if variant in ("shared_email", "no_id") else "/employees/personals"
    here.sandbox.faults.add("malformed", path=path, variant=variant)
    done = await here.run("sync", "--json")
    assert done.code == 1
    assert done.json["problems"]
    assert len(await here.users()) >= len(expected(here.sandbox)) - 2
    assert len(await here.users()) > 5


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda c: c["kenjo"].pop("api_key"), 3, "kenjo.api_key is missing"),
        (lambda c: c["kenjo"].update(api_key="wrong"), 3, "refused the API key"),
        (lambda c: c["kenjo"].update(base_url="http://127.0.0.1:1/api/v1"), 3, "nothing listens at"),
        (lambda c: c["kenjo"].update(api_kye="x"), 3, "did you mean kenjo.api_key"),
        (lambda c: c["targets"]["directory"].pop("token"), 3, "targets.directory.token is missing"),
        (lambda c: c["targets"]["directory"].update(kind="skim"), 3, "there is no target kind 'skim'"),
        (lambda c: c["targets"]["directory"].update(token="wrong"), 3, "directory is halted"),
        (
            lambda c: c["targets"]["directory"].update(scope="person.work."),
            3,
            "scope is not a CEL expression",
        ),
        (lambda c: c.update(redis={"url": "redis://127.0.0.1:1"}), 3, "Redis does not answer"),
        (lambda c: c.update(targets={}), 3, "no target is configured"),
    ],
)
async def test_bad_input_gets_one_sentence(
    here: World, change: Callable[[dict[str, Any]], None], code: int, says: str
) -> None:
    """A wrong setting == the exit code, a sentence that says what to do, no traceback, nobody created."""
    change(here.config)
    done = await here.run("sync")
    assert done.code == code, done.err
    assert says in done.err + done.out
    assert "Traceback" not in done.err
    assert await here.users() == []


async def test_an_unreachable_target_loses_nothing(here: World) -> None:
    """The target is away == exit 1 and a sentence; when it is back, a further sync delivers everything."""
    here.proxy.fail_always(dropped)
    done = await here.run("sync", "--patience", "3")
    assert done.code == 1
    assert "no answer" in done.out
    here.proxy.fail_always(None)
    assert (await here.run("sync")).code == 0
    assert len(await here.users()) == len(expected(here.sandbox))


async def test_one_down_target_does_not_stop_another(here: World) -> None:
    """Two targets, one of them answering 500 only == the other has everybody."""
    broken = dict(here.config["targets"]["directory"], base_url="http://127.0.0.1:1/v2")
    here.config["targets"]["broken"] = broken
    done = await here.run("sync", "--patience", "1", "--json")
    assert done.code == 1
    assert done.json["targets"]["directory"]["created"] == len(await here.users()) + len(await here.groups())
    assert len(await here.users()) == len(expected(here.sandbox))


async def test_a_refused_token_is_put_right(here: World) -> None:
    """A wrong token, then the right one == the next sync delivers without another command."""
    right = here.config["targets"]["directory"]["token"]
    here.config["targets"]["directory"]["token"] = "wrong"
    assert (await here.run("sync")).code == 3
    here.config["targets"]["directory"]["token"] = right
    assert (await here.run("sync")).code == 0
    assert len(await here.users()) == len(expected(here.sandbox))


async def test_only_the_lists_in_use_are_requested(here: World) -> None:
    """The default mapping == home, financial, address and schedule lists are never asked for."""
    await here.run("sync")
    asked = {name.partition(" ")[2] for name in here.sandbox.requests.counts}
    assert asked.isdisjoint(
        {"/employees/homes", "/employees/financials", "/employees/addresses", "/employees/work-schedules"}
    )
    assert here.sandbox.requests.most_at_once <= 2


async def test_an_unchanged_second_sync_sends_nothing(here: World) -> None:
    """After `status`, `plan` and `explain`, each with the private Redis started anew == no request at all."""
    assert (await here.run("sync")).code == 0
    for command in (("status",), ("plan",), ("explain", next(iter(expected(here.sandbox))))):
        await here.run(*command)
    here.proxy.seen.clear()
    done = await here.run("sync", "--json")
    assert (done.code, here.proxy.seen) == (0, []), done.err
    row = done.json["targets"]["directory"]
    assert row["unchanged"] == len(await here.users()) + len(await here.groups())


async def test_status_tells_where_it_stands(here: World) -> None:
    """`status --json` before and after a sync == no snapshot, then its people and the target's counts."""
    assert (await here.run("status", "--json")).json["snapshot"] is None
    await here.run("sync")
    found = (await here.run("status", "--json")).json
    assert found["snapshot"]["people"] == 12
    row = found["targets"]["directory"]
    assert row["applied"] == len(await here.users()) + len(await here.groups())
    assert (row["pending"], row["failed"], row["state"]) == (0, 0, "running")


async def synced(here: World, id_: str) -> bool:
    """Whether a person has an account after a sync."""
    done = await here.run("sync")
    assert done.code == 0, done.err
    return id_ in {user["externalId"] for user in await here.users()}


async def test_an_office_has_days_of_its_own(here: World) -> None:
    """The first day has come by the default zone: without an account by the office's own zone, else with."""
    id_ = next(iter(expected(here.sandbox)))
    work = here.sandbox.account.employees[id_]["work"]
    work["startDate"] = datetime.now(UTC).astimezone(ZoneInfo(EARLY)).date().isoformat()
    office = here.sandbox.account.tables["offices"][work["officeId"]]["name"]
    here.config |= {"timezone": EARLY, "timezones": {office: LATE}}
    assert not await synced(here, id_)
    here.config |= {"timezones": {}}
    assert await synced(here, id_)


async def test_lead_days_bring_the_account_forward(here: World) -> None:
    """A first day in 30 days: no account with a lead of 20 days, one with a lead of 40."""
    id_ = next(iter(expected(here.sandbox)))
    start = datetime.now(UTC).date() + timedelta(days=30)
    here.sandbox.account.employees[id_]["work"]["startDate"] = start.isoformat()
    here.config |= {"lead_days": 20}
    assert not await synced(here, id_)
    here.config |= {"lead_days": 40}
    assert await synced(here, id_)
