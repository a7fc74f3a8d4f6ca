"""`check` where something does not answer: first what is wrong and what to do, each a sentence."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bridge.config.data_folder import using
from bridge.errors import ConfigurationError
from bridge.store.private_redis import PrivateRedis
from tests.bridge.processes import server_pid
from tests.workers.targets.certificates import made
from tests.world import ROOT, World, world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, people=3) as ready:
        yield ready


async def problem_of(here: World, **environment: str) -> str:
    """What `check` says of the directory, in a process that begins with these variables."""
    start = here.start_afresh if environment else here.start
    out, err = await (await start("check", "--json", **environment)).communicate()
    assert err == b""
    (found,) = [part["problems"] for part in json.loads(out) if part["part"] == "target directory"]
    return " ".join(found)


@asynccontextmanager
async def served(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """A server that answers `{}` to everything. Gives its port."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"totalResults": 0, "Resources": []})

    app = web.Application()
    app.router.add_get("/{rest:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def at(here: World, url: str) -> None:
    here.config["targets"]["directory"]["base_url"] = url


async def test_certificates(here: World, tmp_path: Path) -> None:
    """An unknown authority, another name == said; with the authority in SSL_CERT_FILE it works."""
    ours = made(tmp_path)
    async with served(ours.server()) as port:
        at(here, f"https://localhost:{port}/scim/v2")
        assert "an authority that this machine does not know: have one made" in await problem_of(here)
        trusted = {"SSL_CERT_FILE": str(ours.authority)}
        assert await problem_of(here, **trusted) == ""
    (other := tmp_path / "other").mkdir()
    theirs = made(other, ("elsewhere.example",))
    async with served(theirs.server()) as port:
        at(here, f"https://localhost:{port}/scim/v2")
        trusted = {"SSL_CERT_FILE": str(theirs.authority)}
        assert "certificate is for another name" in await problem_of(here, **trusted)


async def test_other_ways_of_no_answer(here: World) -> None:
    """No TLS there, a closed port, a name that nobody knows == what to look at, without the address."""
    async with served(None) as port:
        at(here, f"https://127.0.0.1:{port}/scim/v2")
        assert "it does not speak TLS there: look whether the address wants http://" in await problem_of(here)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        at(here, f"http://127.0.0.1:{closed.getsockname()[1]}/scim/v2")
        assert "nothing listens at this host and port" in await problem_of(here)
    at(here, "http://no-such-host.invalid/scim/v2")
    problem = await problem_of(here)
    assert "name" in problem
    assert "no-such-host" not in problem
    here.config["kenjo"]["base_url"] = "http://no-such-host.invalid/api/v1"
    done = await here.run("check")
    first, second, *_ = done.out.splitlines()
    assert first.startswith("kenjo: Kenjo could not be asked for /auth/login: no answer: ")
    assert second.startswith("target directory: no answer: ")
    assert "(Kenjo is asked at no-such-host.invalid)" in first


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ("/Users", "base_url ends in /Users, which the bridge appends itself: take it off the end"),
        ("/groups/", "base_url ends in /groups, which the bridge appends itself"),
        ("/wrong", "base_url has to be the part of the server's addresses before /Users"),
    ],
)
async def test_an_address_that_goes_too_far(here: World, end: str, says: str) -> None:
    """404, as the address ends in a resource, or elsewhere == which part of it is wrong."""
    at(here, here.config["targets"]["directory"]["base_url"] + end)
    problem = await problem_of(here)
    assert problem.startswith(says)
    assert "(answered 404" in problem


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('"{}"', "targets.directory.token stands in double quotes, which are a part of it here"),
        ("'{}'", "targets.directory.token stands in single quotes"),
        ("Bearer {}", "targets.directory.token begins with 'Bearer', which the bridge writes itself"),
        ("{}\n", ""),
        (" {} \r\n", ""),
    ],
)
async def test_a_token_with_something_around_it(here: World, written: str, says: str) -> None:
    """Quotes or a word around a token == said without it; a line end of a file is no part of it."""
    token = here.config["targets"]["directory"].pop("token")
    done = await here.run("check", KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN=written.format(token))
    assert (done.code, says in done.err) == (3 if says else 0, True)
    assert token not in done.out + done.err


async def test_a_private_redis_that_hangs(here: World) -> None:
    """The Redis of a bridge that runs does not answer == that is said, and not that two bridges run."""
    await here.run("status")
    async with PrivateRedis(here.folder / ".kenjo-bridge") as private:
        pid = await server_pid(private.url)
        os.kill(pid, signal.SIGSTOP)
        try:
            done = await here.run("check")
        finally:
            os.kill(pid, signal.SIGCONT)
    assert done.code == 3
    assert "the private Redis of the kenjo-bridge that runs" in done.err
    assert "redis.log" in done.err


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "its disk is full: free some space there"),
        (errno.EROFS, "in a container: to a volume"),
        (errno.EACCES, "let this user write to it"),
        (errno.EIO, "set data_dir or redis.url"),
    ],
)
def test_a_folder_that_cannot_be_used(tmp_path: Path, number: int, says: str) -> None:
    """What the system says of the data folder == what to do about it."""
    with pytest.raises(ConfigurationError, match="cannot be used") as caught, using(tmp_path):
        raise OSError(number, os.strerror(number))
    assert says in str(caught.value)


def test_an_older_python() -> None:
    """Python 3.10 == one sentence and exit 3, before anything is imported that it cannot read."""
    program = (
        "import sys; sys.version_info = (3, 10, 13, 'final', 0)\nfrom service.cli.main import main\nmain()"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "kenjo-bridge: needs Python 3.11 or newer, and this is 3.10: make its environment with a newer one\n"
    )
