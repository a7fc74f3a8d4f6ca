"""What somebody else may have put in the place of the data folder, or into it."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.store.private_redis import PrivateRedis, private_key, running_url
from tests.bridge.processes import mode


async def refused(folder: Path, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        async with PrivateRedis(folder):
            pass


@pytest.mark.parametrize("bits", [0o777, 0o770, 0o702, 0o1777])
async def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path, bits: int) -> None:
    """Whatever is in it may be somebody else's == refused, and left as it is."""
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(bits)
    await refused(folder, "others can write to the data folder")
    with pytest.raises(ConfigurationError, match="others can write"):
        private_key(folder)
    assert (mode(folder), list(folder.iterdir())) == (bits, [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
async def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    """Its owner can put anything in == refused."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    await refused(folder, "belongs to another user")


async def test_a_folder_that_everybody_can_rename_is_refused(tmp_path: Path) -> None:
    """A parent is open to everybody == refused; where only owners may rename, as in /tmp, it is not."""
    parent = tmp_path / "open"
    parent.mkdir()
    parent.chmod(0o777)
    await refused(parent / "data", f"everybody can rename what is in {parent}")
    parent.chmod(0o1777)
    async with PrivateRedis(parent / "data"):
        pass


async def test_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    """The folder is a link == refused, and nothing is made where it leads."""
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "data").symlink_to(tmp_path / "real")
    await refused(tmp_path / "data", "is a link or no folder")
    assert list((tmp_path / "real").iterdir()) == []


@pytest.mark.parametrize("name", ["bridge.lock", "redis.log", "appendonly.aof", "appendonlydir", "some.rdb"])
async def test_links_in_the_folder_are_not_followed(tmp_path: Path, name: str) -> None:
    """A link to a file of the user's == refused, and that file is as it was."""
    folder, precious = tmp_path / "data", tmp_path / "precious"
    folder.mkdir(mode=0o700)
    precious.write_text("precious")
    (folder / name).symlink_to(precious)
    await refused(folder, f"{name} is a link, which is not followed")
    assert precious.read_text() == "precious"


def test_a_key_behind_a_link_is_not_read(tmp_path: Path) -> None:
    """encryption.key leads elsewhere, to something or to nothing == refused, and nothing is made there."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "encryption.key").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"encryption\.key is a link"):
            private_key(folder)
        assert not (tmp_path / "elsewhere").exists() or (tmp_path / "elsewhere").read_text() == "x"
        (tmp_path / "elsewhere").write_text("x")


def test_a_file_with_two_names_is_not_taken(tmp_path: Path) -> None:
    """A hard link to another file == refused, and its mode is as it was."""
    folder, precious = tmp_path / "data", tmp_path / "precious"
    folder.mkdir(mode=0o700)
    precious.write_text("precious")
    precious.chmod(0o644)
    os.link(precious, folder / "encryption.key")
    with pytest.raises(ConfigurationError, match="is not a file of the bridge's own"):
        private_key(folder)
    assert mode(precious) == 0o644


@pytest.mark.parametrize("where", ["file", "socket", "redis.sock", "temporary"])
async def test_a_note_unlinks_nothing_of_others(tmp_path: Path, where: str) -> None:
    """redis.address names a file or a socket that no bridge has made == it stays; nobody calls there."""
    folder, elsewhere = tmp_path / "data", tmp_path / "kenjo-bridge-elsewhere"
    folder.mkdir(mode=0o700)
    elsewhere.mkdir(mode=0o700)
    path = elsewhere / ("redis.sock" if where == "redis.sock" else where)
    if where == "temporary":
        elsewhere = Path(tempfile.mkdtemp(prefix="somebody-else-"))
        path = elsewhere / "redis.sock"
    with socket.socket(socket.AF_UNIX) as server:
        if where == "file":
            path.write_text("precious")
        else:
            server.bind(str(path))
            server.listen()
        (folder / "redis.address").write_text(str(path))
        assert await running_url(folder) is None
        async with PrivateRedis(folder):
            pass
        assert path.exists()
    if where == "temporary":
        path.unlink()
        elsewhere.rmdir()


async def test_a_note_that_is_a_link_is_replaced(tmp_path: Path) -> None:
    """redis.address leads to a file of the user's == that file is not written."""
    folder, precious = tmp_path / "data", tmp_path / "precious"
    folder.mkdir(mode=0o700)
    precious.write_text("precious")
    (folder / "redis.address").symlink_to(precious)
    async with PrivateRedis(folder) as private:
        assert await running_url(folder) == private.url
    assert precious.read_text() == "precious"
