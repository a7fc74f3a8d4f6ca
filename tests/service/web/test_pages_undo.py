"""The pages of runs: what was done, what could be put back, done only as it was seen; and who may."""

from __future__ import annotations

import re

import pytest

from tests.service.operated import Operator
from tests.service.web.asking import Program
from tests.service.web.visiting import Visit, visiting


async def last_run(visit: Visit) -> str:
    """The address of the newest run."""
    return str(re.findall(r'href="(/history/runs/\d+-\d+)"', await visit.text("/history/runs"))[0])


def version(page: str) -> str:
    """What the form of a page says was seen."""
    return str(re.findall(r'name="version" value="(\w+)"', page)[0])


async def test_a_run_is_undone_and_that_is_ended(operator: Operator) -> None:
    """Who was deactivated, what would be put back, and it is; it waits at "To decide" until it is ended."""
    leavers = operator.leave(2)
    assert (await operator.sync()).exit_code == 0
    async with visiting(operator, "operator") as visit:
        assert "2 changes in Kenjo" in await visit.text("/history/runs")
        run = await last_run(visit)
        page = await visit.text(run)
        assert all(f'href="/people/{id_}"' in page for id_ in leavers)
        page = await visit.text(f"{run}/undo")
        assert page.count("active: no → yes") == 2
        assert "What would be done has changed".lower() in (await visit.press(f"{run}/undo")).lower()
        assert await operator.inactive() == sorted(leavers)
        page = await visit.press(f"{run}/undo", version=version(page))
        assert "2 records get back what they had: that is done next." in page
        await operator.sync()
        assert await operator.inactive() == []
        assert "2 records have what they had before a run" in await visit.text("/decide")
        assert "1 thing waits for you." in await visit.text("/")
        page = await visit.text(run)
        assert "operator has undone it." in page
        assert f'href="{run}/undo"' not in page
        page = await visit.text(f"{run}/redo")
        assert page.count("not active in Kenjo") == 2
        await visit.press(f"{run}/redo", version=version(page))
        assert "/redo" not in await visit.text(await last_run(visit))
    await operator.sync()
    assert await operator.inactive() == sorted(leavers)
    events = (await operator("audit", "--kind", "undone", "--kind", "redone", "--json")).json_lines
    assert {event["by"] for event in events} == {"operator"}


async def test_what_cannot_be_put_back_is_said(operator: Operator) -> None:
    """The first run created everybody, and an unknown one is none == why, and no button."""
    async with visiting(operator, "operator") as visit:
        page = await visit.text(f"{await last_run(visit)}/undo")
        assert "it was created, and an undo takes nothing away" in page
        assert 'name="version"' not in page
        for way in ("", "/undo", "/redo"):
            page = await visit.text(f"/history/runs/1-1{way}", status=404)
            assert "there is no run" in page


async def test_a_viewer_may_look_and_sees_nobody(operator: Operator) -> None:
    """Ids of those in a run, no names; no way back, neither its page nor its form."""
    (leaver,) = operator.leave(1)
    await operator.sync()
    async with visiting(operator, "viewer") as visit:
        run = await last_run(visit)
        page = await visit.text(run)
        assert leaver in page
        assert not any(text in page for text in operator.texts([leaver]))
        assert f"{run}/undo" not in page
        await visit.text(f"{run}/undo", status=403)
        await visit.press(f"{run}/undo", status=403, version="x")
    assert await operator.inactive() == [leaver]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 200)])
async def test_a_program_does_the_same(program: Program, operator: Operator, role: str, status: int) -> None:
    """`/runs`, one of them, what undoing it would do, and doing that == as on the pages; not for viewers."""
    (leaver,) = operator.leave(1)
    await operator.sync()
    program.wait()
    run = (await program.get("/runs?limit=1"))["items"][0]
    assert (run["cause"], run["seen"], run["counts"]) == ("changes", 1, {"directory": {"deactivated": 1}})
    whole = await program.get(f"/runs/{run['id']}")
    assert [one["record"] for one in whole["deliveries"]] == [f"person:{leaver}"]
    where = f"/runs/{run['id']}/undo"
    asked = await program("GET", where, role=role)
    assert asked.status == status
    if status != 200:
        assert (await program("POST", where, {"version": "x"}, role=role)).status == status
        return
    (step,) = asked.json["targets"]["directory"]["steps"]
    assert step["changes"] == [{"attribute": "active", "old": False, "new": True}]
    assert (await program("POST", where, {"version": "x"})).status == 409
    assert (await program("GET", "/runs/1-1/undo")).status == 404
    assert await program.post(where, {"version": asked.json["version"]}) == {"records": 1}
    await operator.sync()
    assert await operator.inactive() == []
