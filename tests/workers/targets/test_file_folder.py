"""Files in a folder of this machine: whole or not at all, at their time, and taken away when they are old."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.errors import LockLost, TargetHalted, TryLater
from bridge.exchange import Publication
from tests.workers.targets.filing import Filed
from workers.targets.file.address import Address, Name
from workers.testing.permits import Counted

DAILY = "people-{year}{month}{day}.jsonl"
EACH = "people-{year}{month}{day}-{hour}{minute}{second}.jsonl"
DAY = 86400.0


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def rows(path: Path) -> dict[str, Any]:
    return {(row := json.loads(line))["id"]: row for line in path.read_bytes().splitlines()}


class Killed(BaseException):
    """The process ends here."""


class Fatal(Counted):
    """A permit at which the process is killed when it is asked once more than allowed."""

    async def ask(self, *, paced: bool = False) -> None:
        try:
            await super().ask(paced=paced)
        except LockLost:
            raise Killed from None


async def test_a_crash_before_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between writing and renaming == the old file is whole; the next publication clears up."""
    file = Filed(tmp_path / "people.jsonl")
    await file.give("ana")
    await file.publish()
    before = (tmp_path / "people.jsonl").read_bytes()
    await file.give("ben")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: None)  # who is killed clears nothing up
        with pytest.raises(Killed):
            await file.publish(Fatal(1))
    assert (tmp_path / "people.jsonl").read_bytes() == before
    (left,) = [name for name in names(tmp_path) if name.endswith(".part")]
    assert (tmp_path / left).stat().st_mode & 0o777 == 0o600
    (tmp_path / ".other.jsonl.0123456789abcdef.part").write_text("somebody else's")
    assert await file.publish()
    assert names(tmp_path) == [".other.jsonl.0123456789abcdef.part", "people.jsonl"]
    assert rows(tmp_path / "people.jsonl").keys() == {"ana", "ben"}


async def test_each_step_needs_permission(tmp_path: Path) -> None:
    """Nothing allowed == nothing is in the folder; the rename not allowed == nothing is left there."""
    file = Filed(tmp_path / "people.jsonl")
    await file.give("ana")
    for allowed in (0, 1):
        with pytest.raises(LockLost):
            await file.publish(Counted(allowed))
        assert names(tmp_path) == []


@contextmanager
def small_files() -> Iterator[None]:
    """No file can grow beyond a hundred bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk(tmp_path: Path) -> None:
    """It cannot be written whole == tried again later, the old file is whole, nothing is beside it."""
    file = Filed(tmp_path / "people.jsonl", columns=["id"])
    await file.give("ana")
    await file.publish()
    for number in range(20):
        await file.give(f"p{number}")
    with small_files(), pytest.raises(TryLater):
        await file.publish()
    assert rows(tmp_path / "people.jsonl").keys() == {"ana"}
    assert names(tmp_path) == ["people.jsonl"]


@pytest.mark.parametrize("folder", ["missing", "a-file", "/proc/self"])
async def test_a_folder_that_cannot_be_used(tmp_path: Path, folder: str) -> None:
    """It is missing, a file, or takes no files == halted, with what to do."""
    (tmp_path / "a-file").write_text("x")
    file = Filed(tmp_path / folder / "people.jsonl")
    await file.give("ana")
    with pytest.raises(TargetHalted, match=r"create it|let the user"):
        await file.publish()


async def test_mode_and_place(tmp_path: Path) -> None:
    """`file_mode` == the file's, whatever the umask; the check tells format, place and rows."""
    file = Filed(tmp_path / "people.jsonl", file_mode="0640")
    await file.give("ana")
    former = os.umask(0o077)
    try:
        await file.publish()
    finally:
        os.umask(former)
    assert (tmp_path / "people.jsonl").stat().st_mode & 0o777 == 0o640
    assert (await file.target.check()).facts == (f"JSON lines file {tmp_path}/people.jsonl, 1 row",)


async def test_only_what_is_ours_and_old_goes(tmp_path: Path) -> None:
    """A file each day, kept for two == our older ones go; others of that name, and other names, stay."""
    file = Filed(tmp_path / DAILY, keep_days=2)
    for name in ("people-20200101.jsonl", "people-20231114.txt", "notes.jsonl"):
        (tmp_path / name).write_text("somebody else's")
    for day in range(5):
        await file.give("ana", first_name=f"Ana {day}")
        file.now = 1_700_000_000 + day * DAY  # 2023-11-14
        await file.publish()
    ours = [f"people-202311{day}.jsonl" for day in (16, 17, 18)]
    assert names(tmp_path) == sorted(["notes.jsonl", "people-20200101.jsonl", "people-20231114.txt", *ours])


async def test_a_name_that_is_not_ours_any_more_stays(tmp_path: Path) -> None:
    """The name was changed since == what was written under the old one is not deleted."""
    file = Filed(tmp_path / DAILY, keep_days=1)
    file.now = 1_700_000_000
    await file.give("ana")
    await file.publish()
    file.set(path=str(tmp_path / EACH))
    file.now += 9 * DAY
    await file.publish()
    assert len(names(tmp_path)) == 2


async def test_changes_only(tmp_path: Path) -> None:
    """`content: changes` == everybody first, then who differs; nothing differs == no file."""
    file = Filed(tmp_path / EACH, content="changes")
    told = []
    for given in ({"ana": "Ana", "ben": "Ben"}, {"ana": "Anna"}, {}, {"ana": "Ana", "cem": "Cem"}):
        for id_, first_name in given.items():
            await file.give(id_, first_name=first_name)
        file.now += 60
        if await file.publish():
            told.append({id_: row["first_name"] for id_, row in rows(tmp_path / file.last.name).items()})
    assert told == [{"ana": "Ana", "ben": "Ben"}, {"ana": "Anna"}, {"ana": "Ana", "cem": "Cem"}]
    assert len(names(tmp_path)) == 3


async def test_leavers_are_shown_where_they_can_be_told(tmp_path: Path) -> None:
    """With the column `active` they stay; without it they would look like the others, and go."""
    for columns, ids in ((["id", "active"], {"ana", "ben"}), (["id"], {"ben"})):
        file = Filed(tmp_path / f"{len(columns)}.jsonl", columns=columns)
        await file.give("ana", active=False)
        await file.give("ben")
        await file.publish()
        assert rows(tmp_path / f"{len(columns)}.jsonl").keys() == ids
    file.set(inactive_rows=True)
    await file.publish()
    assert rows(tmp_path / "1.jsonl").keys() == {"ana", "ben"}


async def test_set_times(tmp_path: Path) -> None:
    """`at` == due once the time has come in the bridge's zone, by summer time too; changed or not."""
    file = Filed(tmp_path / "people.jsonl", ZoneInfo("Europe/Berlin"), at=["06:00", "18:00"])
    await file.give("ana")

    async def due(*moment: int) -> bool:
        file.now = datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]
        return await file.target.due(file.last, file.now)

    assert await due(2026, 1, 10, 4, 59)  # never yet
    await file.publish()
    assert not await due(2026, 1, 10, 4, 59, 30)
    assert await due(2026, 1, 10, 5, 0)
    await file.give("ben")
    await file.publish()
    assert not await due(2026, 1, 10, 16, 59)
    assert await due(2026, 1, 10, 17, 0)
    inode = (tmp_path / "people.jsonl").stat().st_ino
    assert await file.publish()
    assert (tmp_path / "people.jsonl").stat().st_ino != inode
    assert await due(2026, 7, 1, 4, 0)
    await file.publish()
    assert not await due(2026, 7, 1, 15, 59)


async def test_what_stands_there_is_counted(tmp_path: Path) -> None:
    """Nobody remembers the file that is there == its rows are told, of many names those of the newest."""
    file = Filed(tmp_path / "people-{day}{month}{year}.jsonl")
    await file.give("ana")
    assert (await file.draft()).replaces is None
    for name, number in (("31122025", 3), ("01022026", 5), ("30012026", 4)):
        (tmp_path / f"people-{name}.jsonl").write_text('{"id": "x"}\n' * number)
    assert (await file.draft()).replaces == 5
    await file.publish()
    await file.give("ben")
    assert (await file.draft()).replaces is None
    file.last = Publication()
    (tmp_path / "people-01022027.jsonl").write_text("rubbish")
    assert (await file.draft()).replaces is None


def test_names() -> None:
    """Parts of the time in a name == those of the moment; another name does not fit."""
    name = Name(EACH)
    made = name.at(datetime(2026, 3, 1, 6, 5, 9, tzinfo=UTC))
    assert made == "people-20260301-060509.jsonl"
    assert name.fits(made)
    assert not any(map(name.fits, ["people-2026031-060509.jsonl", f"{made}.bak", "people.jsonl", f"x{made}"]))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/x/people-{now}.csv", "{now}"),
        ("/x/{year}/people.csv", "in a folder"),
        ("/x/people-{year.csv", "{"),
        ("/x/", "name of a file"),
        ("/x/.hidden", "name of a file"),
        ("sftp://host/people.csv", "no address"),
        ("sftp://me:pw@host/people.csv", "password"),
        ("sftp://me@host:x/people.csv", "no address"),
        ("sftp://me@host/people.csv?x", "no address"),
    ],
)
def test_paths_that_are_none(path: str, says: str) -> None:
    """A path that cannot be used == what is wrong with it."""
    with pytest.raises(ValueError, match=says):
        Address.parse(path)


@pytest.mark.parametrize(
    ("path", "folder", "user", "port"),
    [
        ("sftp://me@host/in/people.csv", "/in", "me", 22),
        ("sftp://me%40acme@host:2222/~/people.csv", ".", "me@acme", 2222),
        ("sftp://me@host/~/in/a%20b/people.csv", "in/a b", "me", 22),
        ("sftp://me@host/people.csv", "/", "me", 22),
    ],
)
def test_sftp_addresses(path: str, folder: str, user: str, port: int) -> None:
    """Folders from the root, or below the user's own (`~`), with what an address escapes."""
    found = Address.parse(path)
    assert (found.folder, found.user, found.port, found.name.pattern) == (folder, user, port, "people.csv")


def test_two_targets_never_write_one_file(tmp_path: Path) -> None:
    """The same path == shared, however it is written; another name is another file."""
    (tmp_path / "link").symlink_to(tmp_path)
    one, other = (Filed(path).settings for path in (tmp_path / "a.csv", tmp_path / "b.csv"))
    for same in ("./a.csv", "old/../a.csv", "link/a.csv"):
        assert one.shares(Filed(f"{tmp_path}/{same}").settings)
    assert not one.shares(other)
