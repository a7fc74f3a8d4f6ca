"""`kenjo-bridge` with a file as its target: processes of their own, and what stands in the file."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.store.holds import PUBLICATION
from tests.running import running, until
from tests.world import World, expected, world

HOLD = f"payroll-{PUBLICATION}"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """Twelve people, and a file beside the configuration."""
    async with world(tmp_path) as ready:
        (tmp_path / "export").mkdir()
        ready.config["targets"] = {"payroll": {"kind": "file", "path": "./export/people.csv"}}
        yield ready


def rows(here: World) -> dict[str, dict[str, str]]:
    """The file's rows by Kenjo id."""
    with (here.folder / "export" / "people.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


async def test_everybody_has_a_row(here: World) -> None:
    """A first sync with the least settings == a row for each active person, for its owner's eyes."""
    done = await here.run("sync", "--json")
    assert done.code == 0, done.err
    people, found = expected(here.sandbox), rows(here)
    assert found.keys() == people.keys()
    for id_, person in people.items():
        assert found[id_]["last_name"] == person["personal"]["lastName"]
        assert found[id_]["start_date"] == (person["work"]["startDate"] or "")[:10]
        assert found[id_]["active"] == "true"
    path = here.folder / "export" / "people.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["people.csv"]
    status = (await here.run("status", "--json")).json["targets"]["payroll"]["publication"]
    assert (status["file"], status["rows"], status["waiting"]) == ("people.csv", len(people), 0)
    assert "people.csv with" in (await here.run("status")).out


async def test_a_life_in_the_file(here: World) -> None:
    """A joiner, a mover, a leaver, back == the file says so after each sync, and an idle one leaves it."""
    await here.run("sync")
    first, second = list(expected(here.sandbox))[:2]
    actions, path = here.sandbox.actions, here.folder / "export" / "people.csv"
    actions.rename(employee=first, last_name='Ñandú; "Jr"')
    actions.leave(employee=second)
    joiner = actions.hire(start="2020-01-01", active=True)["account"]["_id"]
    assert (await here.run("sync")).code == 0
    assert rows(here)[joiner]["start_date"] == "2020-01-01"
    assert rows(here)[first]["last_name"] == 'Ñandú; "Jr"'
    assert rows(here)[second]["active"] == "false"
    before = path.stat().st_ino
    done = await here.run("sync", "--json")
    assert (done.code, path.stat().st_ino) == (0, before)
    here.sandbox.account.employees[second]["account"]["isActive"] = True
    assert (await here.run("sync")).code == 0
    assert rows(here)[second]["active"] == "true"


async def test_a_folder_that_is_not_there(here: World) -> None:
    """No such folder == `check` and `sync` say so in a sentence, 3; it is made == the next sync writes."""
    (here.folder / "export").rmdir()
    checked = await here.run("check", "--json")
    assert checked.code == 3
    assert "create it" in checked.out
    done = await here.run("sync")
    assert done.code == 3
    assert "payroll is halted" in done.out
    assert "create it" in done.out
    (here.folder / "export").mkdir()
    done = await here.run("sync")
    assert done.code == 0, done.out + done.err
    assert rows(here).keys() == expected(here.sandbox).keys()


async def test_a_file_that_would_lose_rows_waits_for_a_person(here: World) -> None:
    """Redis is new, and the file has many more rows == 2, the old file stays; approved == it is replaced."""
    path = here.folder / "export" / "people.csv"
    await here.run("sync")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{number:024x},,Old,Person\r\n" for number in range(30))
    here.config["data_dir"] = str(here.folder / "another")
    before = path.read_bytes()
    done = await here.run("sync", "--json")
    assert done.code == 2, done.err
    assert "30" in done.json["targets"]["payroll"]["unpublished"]
    assert path.read_bytes() == before
    assert HOLD in (await here.run("holds")).out
    assert (await here.run("holds", "approve", HOLD)).code == 0
    assert (await here.run("sync")).code == 0
    assert rows(here).keys() == expected(here.sandbox).keys()


async def test_one_person_first_writes_no_file(here: World) -> None:
    """`sync --only` and `--canary` deliver some == no file of half a company; the whole sync writes it."""
    person = next(iter(expected(here.sandbox)))
    done = await here.run("sync", "--only", person)
    assert not (here.folder / "export" / "people.csv").exists()
    assert "not published" in done.out
    done = await here.run("sync", "--canary", "3")
    assert done.code == 0, done.out + done.err
    assert rows(here).keys() == expected(here.sandbox).keys()


async def test_a_running_bridge_keeps_the_file(here: World) -> None:
    """`run` == the file appears by itself, and a change in Kenjo is in it soon after."""
    path = here.folder / "export" / "people.csv"
    person = next(iter(expected(here.sandbox)))

    async def there() -> bool:
        return path.exists()

    async def renamed() -> bool:
        return rows(here)[person]["last_name"] == "Ñandú"

    async with running(here, "run"):
        await until(there, 20)
        assert rows(here).keys() == expected(here.sandbox).keys()
        here.sandbox.actions.rename(employee=person, last_name="Ñandú")
        await until(renamed, 20)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"path": "people.doc"}, "set format"),
        ({"path": "people-{week}.csv"}, "{week}"),
        ({"columns": ["id", "iban"]}, "which is not mapped"),
        ({"map": {"team": "team.name"}}, "people only"),
        ({"groups": {"from": ["teams"]}}, "people only"),
        ({"at": ["6:00"]}, "time of day"),
        ({"content": "changes"}, "a name for each file"),
        ({"path": "sftp://kb@127.0.0.1/people.csv"}, "needs host_key"),
        ({"path": "sftp://kb:hush@127.0.0.1/people.csv"}, "must not hold a password"),
    ],
)
async def test_bad_settings_get_one_sentence(here: World, change: dict[str, Any], says: str) -> None:
    """A wrong setting == 3, and a sentence that names it; nothing is written."""
    here.config["targets"]["payroll"].update(change)
    done = await here.run("sync")
    assert done.code == 3, done.out
    assert says in done.err
    assert "targets.payroll" in done.err
    assert "hush" not in done.err
    assert "Traceback" not in done.err
    assert not list((here.folder / "export").iterdir())
