"""How long a change takes from being seen in a poll to the directory's answer, while nothing else is to do.

People are renamed one after the other, each in a poll of its own. The figures are the bridge's own, from its
log (`updated ... seconds`); beside them, what an idle process costs.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

from tests.bench.leavers import active, wait_for
from tests.bench.parts import ROOT, configuration, directory, kenjo

CHANGES = 50
POLL = 1.0  # seconds
IDLE = 10.0  # seconds
IDLE_POLL = 60.0  # seconds between its polls


def measure(people: int, changes: int = CHANGES) -> dict[str, float]:
    """Median, 99th percentile and longest wait in seconds."""
    with kenjo(people) as source, directory() as target, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with running(source, target, Path(folder), POLL):
            wait_for(target, sum(1 for _ in active(source)))
            time.sleep(3.0)  # teams too
            before = len(seconds(log))  # managers, who arrived after their people
            for _ in range(changes):  # now and then of somebody who has no account
                rename(source)
                time.sleep(1.2 * POLL)
            time.sleep(2 * POLL)
        waits = seconds(log)[before:]
    return {
        "median": statistics.median(waits),
        "p99": statistics.quantiles(waits, n=100)[98],
        "longest": max(waits),
    }


def idle(people: int, watched: float = IDLE) -> float:
    """The share of a core that a bridge takes which has nothing to do, watched for so many seconds."""
    with (
        kenjo(people) as source,
        directory() as target,
        tempfile.TemporaryDirectory() as folder,
        running(source, target, Path(folder), IDLE_POLL) as process,
    ):
        wait_for(target, sum(1 for _ in active(source)))
        time.sleep(5.0)
        before = used(process.pid)
        time.sleep(watched)
        return (used(process.pid) - before) / watched


@contextlib.contextmanager
def running(
    source: tuple[str, str, str], target: str, folder: Path, poll: float
) -> Iterator[subprocess.Popen[bytes]]:
    """`kenjo-bridge run`, as long as the context lasts; its log is in the folder."""
    settings = json.loads(configuration(source, target))
    settings["kenjo"]["poll_interval"] = poll
    settings |= {"web": {"port": 0}, "log": {"level": "info", "format": "json"}}
    config = folder / "bridge.yaml"
    config.write_text(json.dumps(settings))
    command = [sys.executable, "-m", "service.cli.main", "run", "--config", str(config)]
    with (folder / "log").open("wb") as output, subprocess.Popen(command, cwd=ROOT, stderr=output) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.terminate()


def rename(source: tuple[str, str, str]) -> None:
    with urlopen(Request(f"{source[2]}/actions/rename", data=b"{}", method="POST")) as answer:
        answer.read()


def seconds(log: Path) -> list[float]:
    """What was said of each update so far."""
    lines = (json.loads(line) for line in log.read_bytes().splitlines() if line.startswith(b"{"))
    return [line["seconds"] for line in lines if line["event"] == "updated" and "person" in line["record"]]


def used(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
