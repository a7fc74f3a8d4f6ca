"""`profile check` and `profile new`, as somebody uses them who describes an API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.launcher import Launched
from tests.workers.targets.oddhr_rig import PROFILE, oddhr_rig
from tests.world import Ended
from workers.testing.rig import person

ROOT = Path(__file__).parents[3]


async def run(folder: Path, *arguments: str) -> Ended:
    process = await Launched.start(arguments, folder, {"PYTHONPATH": str(ROOT), "COLUMNS": "200"})
    out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def test_a_right_profile(tmp_path: Path) -> None:
    """A profile without a mistake == exit 0, and what it has requests for."""
    done = await run(tmp_path, "profile", "check", str(PROFILE))
    assert (done.code, done.err) == (0, "")
    assert "Odd HR: the profile is right" in done.out
    assert "groups: list, read, create, update, delete, members" in done.out


async def test_a_wrong_profile(tmp_path: Path) -> None:
    """A mistake == exit 3, and one sentence with file, line and the nearest word."""
    path = tmp_path / "mytool.yaml"
    path.write_text(PROFILE.read_text().replace("rate: 20", "rte: 20"))
    done = await run(tmp_path, "profile", "check", str(path))
    assert done.code == 3
    line = path.read_text().splitlines().index("rte: 20") + 1
    assert f"rte is not a word that can stand here; did you mean rate? ({path}, line {line})" in done.err


async def test_begin_a_profile(tmp_path: Path) -> None:
    """`profile new` == a commented file that is right as it is, and never written over another."""
    assert (await run(tmp_path, "profile", "new", "mytool.yaml")).code == 0
    assert (await run(tmp_path, "profile", "check", "./mytool.yaml")).code == 0
    again = await run(tmp_path, "profile", "new", "mytool.yaml")
    assert (again.code, "is there already" in again.err) == (3, True)
    assert (await run(tmp_path, "profile", "new")).out == (tmp_path / "mytool.yaml").read_text()


async def test_prove_it_live(tmp_path: Path) -> None:
    """`--live` == lists, finds, reads, and tells what expressions gave; people's values only with --values.

    Nothing is sent that writes, and no secret is shown.
    """
    async with oddhr_rig() as rig, rig.reached() as (target, _):
        await target.upsert(person(rig, 1), None)
        config = {"targets": {"hr": rig.settings(rig.origin)}, "kenjo": {"api_key": "x"}}
        (tmp_path / "bridge.yaml").write_text(yaml.safe_dump(config))
        before = len(rig.oddhr.asked)
        done = await run(tmp_path, "profile", "check", str(PROFILE), "--live", "hr")
        asked = rig.oddhr.asked[before:]
        shown = await run(tmp_path, "profile", "check", str(PROFILE), "--live", "hr", "--values")
    assert done.code == 3, done.out  # there is no group to look at
    assert "people: found by mail" in done.out
    assert "people: one read by its id, in use" in done.out
    assert "there are no groups to look at" in done.out
    assert "people.list.body" in done.out
    assert all(one.startswith("GET") or one.endswith(("/session", "/query")) for one in asked), asked
    assert "ana.mueller1" not in done.out
    assert "odd-key" not in done.out + shown.out
    assert "people.mail: ana.mueller1@example.com" in shown.out


ROW = {"id": 7, "external_id": "k1", "email": "ana@example.com", "first_name": "Ana", "active": True}


@pytest.mark.parametrize("as_folder", [False, True])
async def test_prove_it_with_recorded_answers(tmp_path: Path, *, as_folder: bool) -> None:
    """`--recorded` == the same from a file, or a folder, without any server; what one lacks is named."""
    recorded: list[dict[str, Any]] = [
        {"request": "GET /people", "answer": {"people": [ROW], "total": 1}},
        {"request": "GET /people/7", "answer": ROW},
    ]
    path = tmp_path / "recorded"
    if as_folder:
        path.mkdir()
        for number, one in enumerate(recorded):
            (path / f"{number}.json").write_text(json.dumps(one))
    else:
        path.write_text(json.dumps(recorded))
    await run(tmp_path, "profile", "new", "mytool.yaml")
    done = await run(tmp_path, "profile", "check", "./mytool.yaml", "--recorded", str(path), "--json")
    proof = done.json["proof"]
    assert (done.code, proof["problems"]) == (0, [])
    assert proof["steps"] == [
        "people: 1 listed",
        "people: found by email",
        "people: found by external_id",
        "people: one read by its id, in use",
    ]
    assert proof["missing"] == ["people.last_name at last_name"]
    assert proof["attributes"]["people.email"] == "text"


async def test_answers_as_they_were_recorded(tmp_path: Path) -> None:
    """All headers of the connection stand in what was recorded, and the tool's own address == no matter."""
    carried = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": "3",
        "Connection": "close",
    }
    carried |= {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}
    at = "https://acme.mytool.example/api"
    recorded = [
        {
            "request": f"GET {at}/people?limit=100",
            "headers": {**carried, "Link": f'<{at}/people/2?after=7>; rel="next"'},
            "answer": {"people": [ROW]},
        },
        {"request": "GET /people/2", "headers": carried, "answer": {"people": [{**ROW, "id": 8}]}},
    ]
    (tmp_path / "recorded.json").write_text(json.dumps(recorded))
    await run(tmp_path, "profile", "new", "mytool.yaml")
    profile = (tmp_path / "mytool.yaml").read_text()
    profile = profile.replace("pages: {by: offset, size: 100, total: total}", "pages: {by: link, size: 100}")
    (tmp_path / "mytool.yaml").write_text(profile.replace("    params: {limit: size, offset: offset}\n", ""))
    done = await run(tmp_path, "profile", "check", "./mytool.yaml", "--recorded", "recorded.json", "--json")
    assert (done.code, done.err) == (3, "")
    assert done.json["proof"]["steps"][:3] == [
        "people: 2 listed",
        "people: found by email",
        "people: found by external_id",
    ]
    assert "nothing is recorded for GET /people/7" in done.json["proof"]["problems"]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "[7]",
        '{"answer": 1}',
        '{"request": "people"}',
        '{"request": "GET /people", "status": "abc"}',
        '{"request": "GET /people", "status": 100}',
        '{"request": "GET /people", "headers": ["Link"]}',
        '{"request": "GET /people", "headers": {"Link": 5}}',
        '{"request": "GET /people", "headers": {"Link": "a\\nb"}}',
    ],
)
async def test_nothing_recorded(tmp_path: Path, content: str) -> None:
    """A file that holds no recorded answers == exit 3 and one sentence."""
    (tmp_path / "recorded.json").write_text(content)
    done = await run(tmp_path, "profile", "check", "personio", "--recorded", "recorded.json")
    assert done.code == 3
    assert "recorded.json" in done.err
    assert "recorded answer" in done.err or "JSON" in done.err
    assert "Traceback" not in done.err
