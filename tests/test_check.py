"""`kenjo-bridge check` as an administrator runs it, against a Kenjo and a real SCIM server."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.world import World
from workers.testing.proxy import answer


async def test_check_writes_nothing(here: World) -> None:
    """`check` on a good configuration == exit 0, every part named, no request that writes."""
    done = await here.run("check")
    assert (done.code, here.proxy.writes) == (0, [])
    for part in ("configuration", "redis", "kenjo", "target directory"):
        assert part in done.out


async def test_check_names_each_problem(here: World) -> None:
    """`check` with a key that may not read a list and a target that refuses == both problems, exit 3."""
    here.sandbox.faults.add("status", path="/teams", status=403)
    here.proxy.fail_always(answer(401))
    done = await here.run("check", "--json")
    problems = {finding["part"]: finding["problems"] for finding in done.json}
    assert done.code == 3
    assert "tick 'team'" in problems["kenjo"][0]
    assert "401" in problems["target directory"][0]


@pytest.mark.parametrize(
    "command", ["plan", "check", "explain WHO", "try directory WHO --map title=person.id"]
)
async def test_a_pause_is_kept_whoever_was_told(here: World, command: str) -> None:
    """A command that only looks is told to wait (429) == the next sync asks Kenjo for nothing."""
    person = min(here.sandbox.account.employees)
    await here.run("sync")
    here.sandbox.faults.add("status", path="/employees/works", status=429, retry_after=300, count=1)
    await here.run(*command.replace("WHO", person).split())
    here.sandbox.requests.reset()
    done = await here.run("sync")
    assert done.code == 3
    assert "asked to be left alone" in done.err
    assert here.sandbox.requests.counts == {}


async def test_a_misspelt_custom_field(here: World) -> None:
    """A custom field that Kenjo has not == a problem with the list of labels and names; the others pass."""
    fields = here.sandbox.account.tables["custom-fields"].values()
    name = next(field["apiName"] for field in fields if field["section"] == "work")
    target = here.config["targets"]["directory"]
    target["map"] = {"nickName": f"person.work.{name}", "userType": f"person.work.{name}x"}
    done = await here.run("check", "--json")
    assert done.code == 3
    (kenjo,) = [finding for finding in done.json if finding["part"] == "kenjo"]
    (problem,) = kenjo["problems"]
    assert f"person.work.{name}x is no custom field in Kenjo; did you mean person.work.{name}?" in problem
    assert f"-> person.work.{name}" in problem


async def test_a_key_without_the_permission(here: World) -> None:
    """The key may not read the list of custom fields == not checked, and that is said; no problem."""
    target = here.config["targets"]["directory"]
    target["map"] = {"nickName": "person.work.c_unheard"}
    here.sandbox.faults.add("status", "/custom-fields", status=403)
    done = await here.run("check", "--json")
    (kenjo,) = [finding for finding in done.json if finding["part"] == "kenjo"]
    assert (done.code, kenjo["problems"]) == (0, [])
    assert any(fact.startswith("custom fields: not checked") for fact in kenjo["facts"])


async def test_check_names_an_office_that_kenjo_has_not(here: World) -> None:
    """A misspelt office in `timezones` == a problem that names the nearest one."""
    office = next(iter(here.sandbox.account.tables["offices"].values()))["name"]
    here.config |= {"timezones": {office: "Pacific/Pago_Pago", office[:-1] + "x": "Pacific/Pago_Pago"}}
    done = await here.run("check")
    assert done.code == 3
    assert f"timezones names the office '{office[:-1]}x', which Kenjo does not have" in done.out
    assert f"did you mean {office}?" in done.out


async def test_personal_fields_are_shown(here: World) -> None:
    """A line per target with its fields; `--record-of-processing` == the table alone, nothing asked."""
    done = await here.run("check", "--json")
    (target,) = [finding for finding in done.json if finding["part"] == "target directory"]
    assert any("person.account.email -> emails.work, userName" in fact for fact in target["facts"])
    here.proxy.seen.clear()
    done = await here.run("check", "--record-of-processing")
    assert done.code == 0, done.err
    assert "| person.personal.lastName | personal | directory |" in done.out
    assert here.proxy.seen == []


def problems_of(part: str, findings: list[dict[str, Any]]) -> list[str]:
    (found,) = [finding["problems"] for finding in findings if finding["part"] == part]
    return list(found)


async def test_a_custom_field_of_another_section(here: World) -> None:
    """A custom field written under a section that has it not == the section that has it."""
    row = next(r for r in here.sandbox.account.tables["custom-fields"].values() if r["section"] == "work")
    name = row["apiName"]
    here.config["targets"]["directory"]["map"] = {"nickName": f"person.personal.{name}"}
    done = await here.run("check", "--json")
    assert problems_of("kenjo", done.json) == [
        f"person.personal.{name} is a custom field of another section: write person.work.{name}"
    ]


async def test_a_custom_field_that_kenjo_lost(here: World) -> None:
    """It is deleted in Kenjo after a sync == the next one ends with 3, and no attribute is emptied."""
    table = here.sandbox.account.tables["custom-fields"]
    id_, row = next((id_, r) for id_, r in table.items() if r["apiName"] == "c_Seniority")
    here.config["targets"]["directory"]["map"] = {
        "nickName": f'default(person.work.{row["apiName"]}, "none")'
    }
    assert (await here.run("sync")).code == 0
    before = {user["id"]: user.get("nickName") for user in await here.users()}
    del table[id_]
    for person in here.sandbox.account.employees.values():
        person["work"].pop(row["apiName"], None)
    done = await here.run("sync")
    assert done.code == 3
    assert f"person.work.{row['apiName']} is no custom field in Kenjo" in done.err
    assert {user["id"]: user.get("nickName") for user in await here.users()} == before


async def test_nobody_in_scope(here: World) -> None:
    """A scope that no one fits == a problem with both numbers; one that some fit == a fact."""
    target = here.config["targets"]["directory"]
    target["scope"] = 'person.work.department == "Slaes"'
    done = await here.run("check", "--json")
    (problem,) = problems_of("target directory", done.json)
    assert re.match(r"in scope at directory: 0 of \d+ people: targets\.directory\.scope is true for", problem)
    assert problem.endswith('nobody\'s person.work.department is "Slaes"; did you mean "Sales"?')
    target["scope"] = "person.work.department != null"
    done = await here.run("check", "--json")
    (found,) = [finding for finding in done.json if finding["part"] == "target directory"]
    assert any(re.fullmatch(r"in scope: [1-9]\d* of \d+ people", fact) for fact in found["facts"])
    assert (done.code, found["problems"]) == (0, [])


@pytest.mark.parametrize(
    ("attribute", "source", "reason"),
    [
        (
            "nickName",
            "person.account.language + person.work.c_Nothing",
            "map.nickName failed ('+' cannot be used",
        ),
        ("title", "person.work.c_Levels", "map.title gives a list, which title does not hold"),
    ],
)
async def test_what_would_fail(here: World, attribute: str, source: str, reason: str) -> None:
    """An expression that fails for everybody, or gives what is not held == a problem, not a surprise."""
    here.sandbox.faults.add("status", "/custom-fields", status=403)
    for person in here.sandbox.account.employees.values():
        person["work"]["c_Levels"] = ["a", "b"]
    here.config["targets"]["directory"]["map"] = {attribute: source}
    done = await here.run("check", "--json")
    (problem,) = problems_of("target directory", done.json)
    assert re.match(rf"(\d+) of \1 people would fail: targets\.directory\.{re.escape(reason)}", problem)
    assert here.proxy.writes == []


async def test_who_is_protected_by_nothing(here: World) -> None:
    """An entry that is nobody's == named by its place, an address by nothing else; the others are silent."""
    people = here.sandbox.account.employees
    id_, person = next(iter(people.items()))
    person["work"]["employeeNumber"] = "10121"
    wrong = ["CEO", "nobody@example.com", 'person.work.jobTitle == "Emperor"', "5f" * 12]
    here.config["protected"] = [id_, "10121", person["account"]["email"].upper(), *wrong]
    done = await here.run("check", "--json")
    problems = problems_of("protected", done.json)
    assert [problem.partition(" protects")[0] for problem in problems] == [
        "entry 4 (CEO)",
        "entry 5 (an e-mail address)",
        "entry 6",
        f"entry 7 ({wrong[-1]})",
    ]
    assert "nobody@" not in done.out
    here.config["protected"] = here.config["protected"][:3]
    assert (await here.run("check")).code == 0
