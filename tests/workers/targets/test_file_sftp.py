"""Files that go to an SFTP server: the pinned key, faults in the middle, never half a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from bridge.errors import ConfigurationError, LockLost, TargetHalted, TryLater
from tests.workers.targets.filing import Filed
from tests.workers.targets.sftp_server import PASSWORD, Served, sftp_server
from workers.testing.permits import Counted


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Served]:
    async with sftp_server(tmp_path / "root") as served:
        yield served


async def filed(server: Served, **settings: Any) -> Filed:
    """A target with one person, who is not published yet."""
    given = {"path": server.address, **server.settings(), **settings}
    found = Filed(**given)
    await found.give("ana", first_name="Ana")
    return found


@pytest.mark.parametrize("by", [{}, {"private_key": None, "password": PASSWORD}])
async def test_a_file_arrives_and_is_replaced(server: Served, by: dict[str, Any]) -> None:
    """Signed in with a key, or a password == the file is there, for its owner, and then the newer one."""
    file = await filed(server, **by)
    greeting = await file.target.check()
    assert "CSV file sftp://kb@127.0.0.1" in greeting.facts[0]
    assert await file.publish()
    assert "Ana" in server.text()
    assert (server.root / "drop" / "people.csv").stat().st_mode & 0o777 == 0o600
    await file.give("ben", first_name="Ben")
    assert await file.publish()
    assert (server.text().count("\n"), server.names()) == (3, ["people.csv"])


async def test_the_host_key_is_pinned(server: Served) -> None:
    """The server shows another key == halted with what to ask, and neither password nor file was sent."""
    for kind, says in (("ssh-ed25519", "another host key"), ("ecdsa-sha2-nistp256", "no key of the kind")):
        other = asyncssh.generate_private_key(kind).export_public_key().decode()
        file = await filed(server, host_key=other, private_key=None, password=PASSWORD)
        for act in (file.target.check, file.publish):
            with pytest.raises(TargetHalted, match=says):
                await act()
    assert server.faults.steps == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"private_key": asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()},
        {"private_key": None, "password": "wrong"},
    ],
)
async def test_who_may_not_sign_in(server: Served, wrong: dict[str, Any]) -> None:
    """A wrong key or password == halted with what to check; the secret is in no word."""
    file = await filed(server, **wrong)
    with pytest.raises(TargetHalted, match="refuses to let us in") as caught:
        await file.target.check()
    told = f"{caught.value} {file.settings!r} {file.target!r}"
    assert "wrong'" not in told
    assert "PRIVATE KEY" not in told


async def test_a_lost_connection_leaves_the_old_file(server: Served) -> None:
    """The connection is lost in the middle == the old file is whole, and the next try replaces it."""
    file = await filed(server)
    await file.publish()
    before = server.text()
    await file.give("ben", first_name="B" * 300_000)
    server.faults.cut_after = 100_000
    with pytest.raises(TryLater) as caught:
        await file.publish()
    assert caught.value.unreachable
    assert server.text() == before
    server.faults.cut_after = None
    assert await file.publish()
    assert server.names() == ["people.csv"]  # what the lost connection had left is gone, too
    assert "BBB" in server.text()


async def test_a_server_that_hangs(server: Served) -> None:
    """The server does not answer the rename == given up after the time-out, and the old file is whole."""
    file = await filed(server, timeout=0.5)

    async def hang() -> None:
        await asyncio.sleep(5)

    server.faults.before_rename = hang
    with pytest.raises(TryLater) as caught:
        await file.publish()
    assert caught.value.unreachable
    assert server.names() in ([], [name for name in server.names() if name.endswith(".part")])


async def test_a_full_disk(server: Served) -> None:
    """The server refuses to write == tried again later, and nothing is left there but the old file."""
    file = await filed(server)
    await file.publish()
    await file.give("ben")
    server.faults.full = True
    with pytest.raises(TryLater) as caught:
        await file.publish()
    assert not caught.value.unreachable
    assert "No space" not in str(caught.value)
    assert (server.text().count("\n"), server.names()) == (2, ["people.csv"])


async def test_a_folder_that_may_not_be_written(server: Served) -> None:
    """Read-only, or not there == halted, naming the folder."""
    file = await filed(server)
    server.faults.read_only = True
    with pytest.raises(TargetHalted, match="does not let us write into /drop"):
        await file.publish()
    (server.root / "drop").rmdir()
    for act in (file.target.check, file.publish):
        with pytest.raises(TargetHalted, match="/drop is not there"):
            await act()


async def test_a_server_that_cannot_replace(server: Served) -> None:
    """No posix-rename == a first file is renamed all the same; one that is there is not taken away."""
    server.faults.no_replace = True
    file = await filed(server)
    assert await file.publish()
    before = server.text()
    await file.give("ben")
    with pytest.raises(TargetHalted, match="a name of its own"):
        await file.publish()
    assert (server.text(), server.names()) == (before, ["people.csv"])


async def test_the_permit_is_asked_before_each_step(server: Served) -> None:
    """Allowed for the upload and not for the rename == no file; nothing allowed == nothing is sent."""
    file = await filed(server)
    with pytest.raises(LockLost):
        await file.publish(Counted(0))
    assert server.faults.steps == []
    with pytest.raises(LockLost):
        await file.publish(Counted(1))
    assert "rename" not in server.faults.steps
    assert server.names() == []


async def test_the_rename_comes_right_after_the_permit(server: Served) -> None:
    """The permit is asked, then it is renamed == nothing lies between."""
    file, permit = await filed(server), Counted(9)

    async def note() -> None:
        permit.order.append("renamed")

    server.faults.before_rename = note
    await file.publish(permit)
    assert permit.order == ["asked", "asked", "renamed"]


async def test_old_files_go(server: Served) -> None:
    """Each file has a name of its own == those of ours that are older than the days are deleted, no other."""
    address = server.address.replace("people", "people-{year}{month}{day}")
    file = await filed(server, path=address, keep_days=2)
    (server.root / "drop" / "people-20200101.csv").write_text("somebody else's")
    for day in range(4):
        await file.give("ana", first_name=f"Ana {day}")
        file.now = 1_700_000_000 + day * 86400
        await file.publish()
    assert server.names() == [
        "people-20200101.csv", "people-20231115.csv", "people-20231116.csv", "people-20231117.csv",
    ]  # fmt: skip


async def test_nobody_listens(tmp_path: Path) -> None:
    """The server is away == tried again later, as unreachable."""
    async with sftp_server(tmp_path / "gone") as gone:
        file = await filed(gone)
    with pytest.raises(TryLater) as caught:
        await file.target.check()
    assert caught.value.unreachable


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"host_key": "ssh-ed25519 AAAA"}, "host_key is no public key"),
        ({"private_key": "hush"}, "private_key"),
    ],
)
async def test_keys_that_cannot_be_read(server: Served, wrong: dict[str, Any], says: str) -> None:
    """Something else stands in their place == a sentence before anything is sent, without it."""
    with pytest.raises(ConfigurationError, match=says) as caught:
        await filed(server, **wrong)
    assert "hush" not in str(caught.value)
