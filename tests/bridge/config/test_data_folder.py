"""The folder of a private Redis: its modes, its key, its socket."""

import base64
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.store.private_redis import PrivateRedis, private_key, running_url
from tests.bridge.processes import client, line, mode, other_bridge, prepare


async def test_folder_and_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """A new folder has mode 0700; key and data in it are closed to others even if the folder is opened."""
    async with PrivateRedis(tmp_path / "new" / "data") as private:
        async with client(private.url) as redis:
            await redis.set("a", "b")
        private_key(tmp_path / "new" / "data")
        assert mode(tmp_path / "new" / "data") == 0o700
        kept = [*(tmp_path / "new" / "data").rglob("*.aof"), tmp_path / "new" / "data" / "encryption.key"]
        assert {mode(path) for path in kept} == {0o600}


async def test_open_folder_is_closed(tmp_path: Path) -> None:
    """An empty folder that others could read is tightened to 0700."""
    prepare(tmp_path, 0o755)
    async with PrivateRedis(tmp_path):
        assert mode(tmp_path) == 0o700


async def test_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """A folder that is open to others and holds other files keeps its mode, and the bridge refuses it."""
    prepare(tmp_path, 0o755, letter_txt=b"")
    with pytest.raises(ConfigurationError, match=r"holds other files; set data_dir to a folder of"):
        await PrivateRedis(tmp_path).__aenter__()
    assert mode(tmp_path) == 0o755


@pytest.mark.parametrize("name", ["d" * 120, "with space"])
async def test_socket_of_an_awkward_folder_is_elsewhere(tmp_path: Path, name: str) -> None:
    """A path that is too long for a socket, or needs quoting, gets one in a private temporary folder."""
    async with PrivateRedis(tmp_path / name) as private:
        socket = Path(private.url.removeprefix("unix://"))
        assert await running_url(tmp_path / name) == private.url
        assert tmp_path not in socket.parents
        assert mode(socket.parent) == 0o700
    assert not socket.parent.exists()
    assert not (tmp_path / name / "redis.address").exists()


async def test_temporary_folder_of_a_killed_bridge_is_removed(tmp_path: Path) -> None:
    """The next start removes the folder of the socket that a killed bridge left behind."""
    folder = tmp_path / ("d" * 120)
    with other_bridge(folder) as process:
        left_behind = Path(line(process).removeprefix("unix://")).parent
        process.kill()
    assert left_behind.exists()
    async with PrivateRedis(folder):
        assert not left_behind.exists()


async def test_unusable_folder_is_named(tmp_path: Path) -> None:
    """A folder that cannot be made is a configuration error that names it and the reason."""
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    message = rf"the data folder {folder} cannot be used \(Not a directory\)"
    with pytest.raises(ConfigurationError, match=message):
        await PrivateRedis(folder).__aenter__()
    with pytest.raises(ConfigurationError, match=message):
        private_key(folder)


def test_key_is_made_once_and_kept(tmp_path: Path) -> None:
    """The first call makes a key of 32 bytes in a file of mode 0600; later ones give the same."""
    key = private_key(tmp_path / "data")
    assert len(base64.b64decode(key, validate=True)) == 32
    assert private_key(tmp_path / "data") == key
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / "encryption.key") == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["encryption.key"]


def test_open_key_file_is_closed(tmp_path: Path) -> None:
    """A key file that others could read is tightened, and its key kept."""
    key = private_key(tmp_path)
    (tmp_path / "encryption.key").chmod(0o644)
    assert private_key(tmp_path) == key
    assert mode(tmp_path / "encryption.key") == 0o600


def test_broken_key_file_is_named_without_its_content(tmp_path: Path) -> None:
    """A file that holds no key is not replaced, because it may be all that opens the data."""
    private_key(tmp_path)
    (tmp_path / "encryption.key").write_text("half-a-key")
    with pytest.raises(ConfigurationError, match=r"encryption\.key does not hold 32 bytes") as caught:
        private_key(tmp_path)
    assert "half-a-key" not in str(caught.value)
    assert (tmp_path / "encryption.key").read_text() == "half-a-key"
