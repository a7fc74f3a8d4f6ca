"""Bringing one record up to date now; the pace and last trouble of a target; the audit log as a file."""

from __future__ import annotations

import csv
import io
import json

from tests.service.operated import Operator, park
from tests.service.web.asking import Program
from tests.service.web.visiting import visiting


async def test_one_person_is_synced_now(operator: Operator) -> None:
    """Somebody changed the account by hand == said before, put right by the next delivery, in the trail."""
    ana, ben = operator.people()[:2]
    before = await operator.users()
    for id_ in (ana, ben):
        await operator.edit(id_, title="By hand")
    async with visiting(operator, "operator") as visit:
        assert f'href="/people/{ana}/sync"' in await visit.text(f"/people/{ana}")
        page = await visit.text(f"/people/{ana}/sync")
        assert "title: By hand →" in page
        assert (await operator.users())[ana]["title"] == "By hand"
        assert "Every target is looked at now." in await visit.press(f"/people/{ana}/sync")
        await visit.text("/people/none/sync", status=404)
    assert (await operator.sync()).exit_code == 0
    users = await operator.users()
    assert (users[ana].get("title"), users[ben]["title"]) == (before[ana].get("title"), "By hand")
    (event,) = (await operator("audit", "--kind", "read back", "--json")).json_lines
    (run, *_) = (await operator("runs", "--json")).json
    assert (run["cause"], run["by"], run["counts"]) == (
        "read back",
        "operator",
        {"directory": {"updated": 1}},
    )
    assert (event["record"], event["target"], event["by"]) == (f"person:{ana}", "directory", "operator")


async def test_what_is_right_stays(operator: Operator) -> None:
    """Nothing differs == said, and nothing is written; a viewer may not."""
    ana = operator.people()[0]
    async with visiting(operator, "operator") as visit:
        assert "Nothing would be done." in await visit.text(f"/people/{ana}/sync")
        await visit.press(f"/people/{ana}/sync")
    operator.here.proxy.seen.clear()
    assert (await operator.sync()).exit_code == 0
    assert operator.here.proxy.writes == []
    assert operator.here.proxy.seen  # it was looked at
    async with visiting(operator, "viewer") as visit:
        assert "/sync" not in await visit.text(f"/people/{ana}")
        await visit.text(f"/people/{ana}/sync", status=403)
        await visit.press(f"/people/{ana}/sync", status=403)


async def test_a_program_does_the_same(program: Program, operator: Operator) -> None:
    """`/people/ID/sync` and of a group == what would be done, and 204; nobody and viewers are refused."""
    ana = operator.people()[0]
    await operator.edit(ana, title="By hand")
    program.wait()
    found = await program.get(f"/people/{ana}/sync")
    (step,) = found["targets"]["directory"]["steps"]
    assert (step["action"], [one["attribute"] for one in step["changes"]]) == ("update", ["title"])
    assert (await program("POST", f"/people/{ana}/sync", {})).status == 204
    assert (await program("POST", f"/people/{ana}/sync", {}, role="viewer")).status == 403
    assert (await program("POST", "/people/none/sync", {})).status == 404
    team = next(iter(operator.here.sandbox.account.tables["teams"]))
    found = await program.get(f"/groups/{team}/sync")
    assert [one["action"] for one in found["targets"]["directory"]["steps"]] == ["unchanged"]
    assert (await program("POST", f"/groups/{team}/sync", {})).status == 204


async def test_pace_and_the_last_trouble_are_told(operator: Operator, program: Program) -> None:
    """Twelve were created just now, then one is refused == both on the card of the target and in the API."""
    async with visiting(operator, "operator") as visit:
        assert "changes in the last minute" in await visit.text("/")
    assert (await program.get("/targets/directory"))["trouble"] is None
    ana = operator.people()[0]
    await park(operator, ana)
    program.wait()
    found = await program.get("/targets/directory")
    assert found["pace"] > 0
    assert (found["trouble"]["record"], "400" in found["trouble"]["reason"]) == (f"person:{ana}", True)
    async with visiting(operator, "operator") as visit:
        assert "Last trouble, " in await visit.text("/")


async def test_the_history_as_a_file(operator: Operator) -> None:
    """As the page shows it, by target and kind, whole == a table and JSON lines, without names."""
    leavers = operator.leave(2)
    await operator.sync()
    async with visiting(operator, "viewer") as visit:
        page = await visit.text("/history?what=deactivated&target=directory")
        assert "/history/export?target=directory&what=deactivated" in page
        table = await visit.text("/history/export?target=directory&what=deactivated")
        rows = list(csv.DictReader(io.StringIO(table)))
        assert {row["record"] for row in rows} == {f"person:{id_}" for id_ in leavers}
        lines = (await visit.text("/history/export?format=jsonl")).splitlines()
        whole = "\n".join(lines)
    assert len([json.loads(line) for line in lines]) > 2 + len(leavers)
    assert not any(text in whole for text in operator.texts(operator.people() + leavers))
