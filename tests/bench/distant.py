"""The bridge and a directory that is far away: beside the plain loop, with one worker process and with two.

From the first account there to the last one, so that no start-up is counted. How fast people arrive is
limited by the answers, and by how many of them are waited for at once; the bridge looks up before it creates.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridge.store.private_redis import find_server
from tests.bench.leavers import active, counted
from tests.bench.parts import ROOT, configuration, directory, kenjo

LATE = 20
"""Milliseconds to an answer."""

AT_ONCE = 50
"""Requests under way at once, of each process."""


def measure(people: int) -> dict[str, float]:
    """People per second of the plain loop, and of one and two worker processes."""
    with kenjo(people) as source:
        wanted = sum(1 for _ in active(source))
        with directory(LATE) as target:
            loop = [sys.executable, "-m", "tests.bench.plain", *source[:2], f"{target}/v2", str(AT_ONCE)]
            with process(loop):
                plain = pace(target, wanted)
        return {"plain loop": plain} | {
            f"{number} worker process(es)": bridged(source, wanted, number) for number in (1, 2)
        }


def bridged(source: tuple[str, str, str], wanted: int, number: int) -> float:
    """People per second through so many worker processes."""
    with directory(LATE) as target, tempfile.TemporaryDirectory() as folder:
        socket, config = f"{folder}/redis.sock", Path(folder) / "bridge.yaml"
        settings = json.loads(configuration(source, target, AT_ONCE))
        settings |= {"redis": {"url": f"unix://{socket}"}, "web": {"port": 0}}
        config.write_text(json.dumps(settings))
        command = [sys.executable, "-m", "service.cli.main"]
        with contextlib.ExitStack() as running:
            server = [find_server(), "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
            running.enter_context(process(server))
            while not Path(socket).exists():
                time.sleep(0.05)
            for _ in range(number):
                running.enter_context(process([*command, "work", "--config", str(config)]))
            time.sleep(5.0)  # they are ready by then
            running.enter_context(process([*command, "serve", "--config", str(config)]))
            return pace(target, wanted)


def pace(target: str, wanted: int) -> float:
    """Accounts per second, from the first to the last."""
    began = count = 0.0
    end = time.monotonic() + 300
    while count < wanted:
        if time.monotonic() > end:
            sys.exit(f"only {count:.0f} of {wanted} accounts arrived")
        time.sleep(0.02)
        count = counted(target)
        began = began or (time.monotonic() if count else 0.0)
    return wanted / (time.monotonic() - began)


@contextlib.contextmanager
def process(command: Sequence[str]) -> Iterator[None]:
    """A process that runs as long as the context lasts."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:  # noqa: S603
        try:
            yield
        finally:
            running.terminate()
