"""What the API shows of a real Kenjo, directory and Redis: nothing is changed by these tests."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import pytest_asyncio

from bridge.store.drifts import Drift
from tests.service.operated import Operator, operated
from tests.service.web.asking import WEB, Program, asking

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def operator(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Operator]:
    """Twelve people have their accounts; all that look share them."""
    async with operated(tmp_path_factory.mktemp("world"), redis_url) as ready:
        assert (await ready.sync()).exit_code == 0
        yield ready


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def program(operator: Operator) -> AsyncIterator[Program]:
    """Asks their bridge."""
    operator.here.config["web"] = WEB
    async with operator.bridge() as bridge, asking(bridge) as ready:
        yield ready


async def test_what_there_is(program: Program, operator: Operator) -> None:
    """Overview, targets, people, groups == the people there are, each in one place, by name for operators."""
    overview = await program.get("/overview")
    number = overview["places"]["in_step"]
    assert (overview["state"], overview["holds"], number >= len(operator.people())) == ("fine", 0, True)
    assert len(overview["done"]) == 14
    assert overview["done"][-1]["count"] >= number
    (target,) = (await program.get("/targets"))["items"]
    assert target == await program.get("/targets/directory")
    assert (target["state"], target["people"]) == ("running", overview["places"])
    everybody = await program.get("/people?limit=500")
    assert (everybody["count"], everybody["next"]) == (sum(overview["places"].values()), None)
    names = [one["name"] for one in everybody["items"]]
    assert all(names)
    assert names == sorted(names, key=str.casefold)
    groups = await program.get("/groups?standing=in_step&target=directory")
    assert groups["count"] == target["groups"]["in_step"] > 0


async def test_a_list_in_parts(program: Program) -> None:
    """Five at a time, along the links == everybody once, in the order of the whole list."""
    whole = (await program.get("/people?limit=500"))["items"]
    found, path = [], "/people?limit=5"
    while path:
        answer = await program("GET", path)
        found += answer.json["items"]
        link = answer.headers.get("Link", "")
        assert bool(link) == bool(answer.json["next"])
        path = link.partition(">")[0].removeprefix("</api/v1")
    assert found == whole
    last = whole[-1]["id"]
    assert (await program.get(f"/people?after={last}"))["items"] == []


async def test_who_is_looked_for(program: Program, operator: Operator) -> None:
    """By name, address, id, place, department == that one; a viewer finds by id alone, and by no value."""
    ana = operator.people()[0]
    person = operator.here.sandbox.account.employees[ana]
    email, name = person["account"]["email"], person["personal"]["displayName"]
    for text in (email.upper(), ana, name):
        found = await program.get(f"/people?q={text}")
        assert ana in [one["id"] for one in found["items"]], text
    assert (await program.get(f"/people?q={ana}", role="viewer"))["count"] == 1
    assert (await program.get(f"/people?q={email}", role="viewer"))["count"] == 0
    assert (await program.get("/people?standing=failing"))["count"] == 0
    assert (await program.get("/people?lifecycle=active"))["count"] >= len(operator.people())
    (listed,) = (await program.get(f"/people?q={email}"))["items"]
    if department := listed["department"]:
        same = (await program.get(f"/people?department={department}"))["items"]
        assert ana in [one["id"] for one in same]
    assert (await program("GET", "/people?department=Sales", role="viewer")).status == 403


async def test_everything_about_one(program: Program, operator: Operator) -> None:
    """One person == name, fields, what the target has; a group likewise."""
    ana = operator.people()[0]
    email = operator.here.sandbox.account.employees[ana]["account"]["email"]
    found = await program.get(f"/people/{ana}")
    assert found["fields"]["account.email"] == email
    there = found["targets"]["directory"]
    assert (there["standing"], there["account"], there["step"]) == (
        "in_step",
        (await operator.users())[ana]["id"],
        None,
    )
    assert {one["attribute"] for one in there["attributes"]} >= {"userName", "active"}
    assert found["lifecycle"]["is_active"] is True
    assert found["events"][-1]["what"] == "appeared"
    assert any("POST" in call["what"] for call in there["calls"])
    (group, *_) = (await program.get("/groups"))["items"]
    assert (await program.get(f"/groups/{group['id']}"))["name"] == group["name"]


async def test_what_happened(program: Program, operator: Operator) -> None:
    """The audit log in parts, filtered, as a table and as lines == the same events, the newest first."""
    whole = (await program.get("/audit?limit=500"))["items"]
    ids = [tuple(map(int, one["id"].split("-"))) for one in whole]
    assert ids == sorted(ids, reverse=True)
    found: list[Any] = []
    path: str | None = "/audit?limit=20"
    while path:
        answer = await program.get(path)
        found += answer["items"]
        path = f"/audit?limit=20&after={answer['next']}" if answer["next"] else None
    assert found == whole
    ana = operator.people()[0]
    about = (await program.get(f"/audit?record={ana}&what=created&what=appeared&target=directory"))["items"]
    assert [(one["what"], one["record"]) for one in about] == [("created", f"person:{ana}")]
    second = f"{about[0]['at'][:19]}Z"
    earlier = (await program.get(f"/audit?until={second}&limit=500"))["items"]
    later = (await program.get(f"/audit?since={second}&limit=500"))["items"]
    assert (about[0] in earlier, about[0] in later, len(earlier) + len(later)) == (False, True, len(whole))
    table = await program("GET", "/audit/export")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [(row["what"], row["record"]) for row in rows] == [
        (one["what"], one["record"] or "") for one in whole
    ]
    assert table.headers["Content-Type"] == "text/csv"
    lines = await program("GET", f"/audit/export?format=jsonl&record={ana}")
    told = [orjson.loads(line) for line in lines.text.splitlines()]
    assert {one["record"] for one in told} == {f"person:{ana}"}
    assert (await program("HEAD", "/audit/export")).text == ""


async def test_no_cell_is_a_formula(program: Program, operator: Operator) -> None:
    """A target that somebody named like a formula == text in the table."""
    async with operator.backend() as backend:
        await backend.audit.note("paused", 1.0, target="=1+1", by="@ana")
    table = await program("GET", "/audit/export?what=paused")
    (row,) = csv.DictReader(io.StringIO(table.text))
    assert (row["target"], row["by"]) == ("'=1+1", "'@ana")


async def test_what_a_sync_would_do(program: Program, operator: Operator) -> None:
    """The plan now, and of a day == steps with names and values for who may see them; nothing is written."""
    ana = operator.people()[0]
    operator.here.sandbox.actions.rename(employee=ana, last_name="Ñandú")
    operator.here.proxy.seen.clear()
    found = await program.get("/plan?target=directory")
    (step,) = [one for one in found["targets"]["directory"]["steps"] if one["action"] == "update"]
    assert (step["record"], "Ñandú" in str(step["changes"]), bool(step["name"])) == (
        f"person:{ana}",
        True,
        True,
    )
    assert found["targets"]["directory"]["counts"]["update"] == 1
    assert not operator.here.proxy.writes
    day = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    assert (await program.get(f"/plan?on={day}"))["day"] == day
    assert (await program("GET", "/plan?target=nowhere")).status == 404


async def test_drift(program: Program, operator: Operator) -> None:
    """Nobody has looked yet == no target; after a look == what it found, with names for operators."""
    assert await program.get("/drift") == {"targets": {}}
    ana = operator.people()[0]
    async with operator.backend() as backend:
        found = Drift(1000.0, 12, 0, {f"person:{ana}": ("title",)}, {"42": "5f00"})
        await backend.drifts("directory").note(found)
    program.wait()
    there = (await program.get("/drift"))["targets"]["directory"]
    assert [(one["record"], one["attributes"]) for one in there["records"]] == [(f"person:{ana}", ["title"])]
    assert there["records"][0]["name"]
    assert [(one["account"], one["record"]) for one in there["orphans"]] == [("42", "person:5f00")]
