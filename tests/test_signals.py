"""SIGTERM and Ctrl-C, from the first moment of a command to its last, at real processes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from aiohttp import web

from tests.running import until
from tests.world import Started, World
from workers.testing.proxy import Proxy

ROOT = Path(__file__).parents[1]
UNSHARE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_while_everything_is_imported(here: World, number: signal.Signals) -> None:
    """A signal while modules are imported == the end, 128 + its number, and a sentence."""
    process = await importing(here)
    process.send_signal(number)
    code, err = await ended(process)
    name = "SIGTERM" if number == signal.SIGTERM else "Ctrl-C"
    assert code == 128 + number
    assert err == f"kenjo-bridge: ended by {name} before it had begun; nothing was changed\n"


async def test_as_process_1(tmp_path: Path) -> None:
    """SIGTERM for the first process of a container while it imports == heard: the kernel keeps none back."""
    if not may_unshare():
        pytest.skip("no namespaces can be made here")
    paths = os.pathsep.join([str(hanging(tmp_path)), str(ROOT)])
    outer = await asyncio.create_subprocess_exec(
        *UNSHARE, sys.executable, "-m", "service.cli.main", "run",
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await until(lambda: asyncio.to_thread((tmp_path / "imports").exists), 60)
    os.kill(only_child(outer.pid), signal.SIGTERM)
    _, err = await asyncio.wait_for(outer.communicate(), 30)
    assert outer.returncode == 128 + signal.SIGTERM
    assert b"ended by SIGTERM before it had begun" in err


@pytest.mark.parametrize("command", ["check", "plan", "sync"])
async def test_while_kenjo_is_asked(here: World, command: str) -> None:
    """SIGTERM while Kenjo does not answer == everything is closed, 143, a sentence, nothing written."""
    here.sandbox.faults.add("slow", path="/employees/accounts", seconds=60)
    process = await here.start(command)
    await asked(here)
    process.send_signal(signal.SIGTERM)
    code, err = await ended(process)
    assert (code, "ended by SIGTERM before it was done" in err, "Traceback" in err) == (143, True, False)
    assert not here.proxy.writes
    here.sandbox.faults.clear()
    assert (await here.run("sync")).code == 0  # the private Redis and the lease are free


async def test_sync_in_first_contact(here: World) -> None:
    """SIGTERM while the directory does not answer the first look-ups == 1, and what stays pending is told."""
    here.proxy.fail_always(never)
    process = await here.start("sync", "--json")
    await requested(here, 1)
    process.send_signal(signal.SIGTERM)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1, err
    assert json.loads(out)["ended"].startswith("ended early by SIGTERM; records that stay pending")
    assert not here.proxy.writes


async def test_sync_that_is_ended_says_so(here: World) -> None:
    """SIGTERM in the middle of the deliveries == 1, and a sentence with how many records are left where."""
    here.config["targets"]["directory"]["rate"] = 10
    process = await here.start_afresh("sync")
    await written(here, 4)
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"ended early by SIGTERM; records that stay pending for the next sync:" in out
    assert b" at directory" in out


async def test_a_second_signal_ends_at_once(here: World) -> None:
    """SIGTERM twice while a delivery is under way == 143 at once; the private Redis ends, too."""
    process = await here.start_afresh("run")
    await written(here, 4)
    here.proxy.fail_always(never)
    await requested(here, len(here.proxy.seen) + 1)
    process.send_signal(signal.SIGTERM)
    await said(process, "stopping")
    process.send_signal(signal.SIGTERM)
    code, err = await ended(process)
    assert (code, "ended by SIGTERM at once" in err) == (143, True)
    assert (await here.run("status")).code == 0  # its data folder is free again


async def test_a_demo_that_was_to_end_by_itself(here: World) -> None:
    """SIGTERM in the middle of `demo --once` == 143; of one that goes on until it is ended == 0."""
    for options, code in ((("--once",), 143), ((), 0)):
        process = await here.start("demo", "--people", "20", *options)
        assert process.stdout
        while b"metrics" not in await asyncio.wait_for(process.stdout.readline(), 60):
            pass
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == code


async def test_version(here: World) -> None:
    """`--version` == the version of the installed package, and 0."""
    done = await here.run("--version")
    assert (done.code, done.out) == (0, f"kenjo-bridge {metadata.version('kenjo-bridge')}\n")


def may_unshare() -> bool:
    """Whether a process can be made that is number 1 in a world of its own."""
    return bool(shutil.which("unshare")) and subprocess.run((*UNSHARE, "true"), check=False).returncode == 0  # noqa: S603 - our own words


def only_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


async def never(_proxy: Proxy, _request: web.Request) -> web.StreamResponse:
    """A directory that takes requests and does not answer them."""
    await asyncio.sleep(3600)
    raise AssertionError


async def importing(here: World) -> Started:
    """A process that stands still in the middle of its imports."""
    paths = os.pathsep.join([str(hanging(here.folder)), str(ROOT)])
    process = await here.start_afresh("run", PYTHONPATH=paths)
    await until(lambda: asyncio.to_thread((here.folder / "imports").exists), 60)
    return process


def hanging(folder: Path) -> Path:
    """A folder with a module that the bridge imports before the real one, and that never ends."""
    place = folder / "modules"
    place.mkdir()
    (place / "structlog.py").write_text(
        "import pathlib, time\npathlib.Path('imports').touch()\ntime.sleep(60)\n"
    )
    return place


async def ended(process: Started) -> tuple[int | None, str]:
    _, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, err.decode()


async def said(process: Started, word: str) -> None:
    assert process.stderr
    while word not in (await asyncio.wait_for(process.stderr.readline(), 60)).decode():
        pass


async def requested(here: World, number: int) -> None:
    async def holds() -> bool:
        return len(here.proxy.seen) >= number

    await until(holds, 90)


async def written(here: World, number: int) -> None:
    async def holds() -> bool:
        return len(here.proxy.writes) >= number

    await until(holds, 90)


async def asked(here: World) -> None:
    """Until Kenjo is asked for accounts."""

    async def holds() -> bool:
        return here.sandbox.requests.counts["GET /employees/accounts"] > 0

    await until(holds, 90)
