"""`make bench`: the bridge beside a plain loop that pushes the same people, in one run on one machine.

Kenjo and the directory run in processes of their own and are not counted. Figures are of the whole `sync`
process, start-up and private Redis included: people per second, CPU seconds, peak memory. Ratios are to the
plain loop of the same round; with several rounds the middle one is shown with its spread.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """Of one process: seconds by the clock and of CPU, peak memory in MiB, requests at the directory."""

    wall: float
    cpu: float
    memory: float
    reads: int
    writes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="*", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    for people in options.people:
        rounds = [measure(people) for _ in range(options.rounds)]
        show(people, rounds)


def measure(people: int) -> dict[str, Cost]:
    """One round: the plain loop, then the bridge three times on a directory of its own."""
    with kenjo(people) as source:
        with directory() as target:
            plain = run([sys.executable, "-m", "tests.bench.plain", *source[:2], f"{target}/v2"], target)
        with directory() as target, tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "bridge.yaml"
            config.write_text(configuration(source, target))
            sync = [sys.executable, "-m", "service.cli.main", "sync", "--json", "--config", str(config)]
            first = run(sync, target)
            unchanged = run(sync, target)
            change(source, people // 100)
            changed = run(sync, target)
    return {"plain loop": plain, "first sync": first, "unchanged": unchanged, "1 % changed": changed}


def run(command: list[str], target: str) -> Cost:
    """Run a process to its end and say what it cost, its children included."""
    before, started = counts(target), time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout
        assert process.stderr
        output, errors = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode not in (0, 1):
        sys.exit(f"{command} ended with {process.returncode}: {output.decode()}{errors.decode()}")
    after = counts(target)
    cpu = usage.ru_utime + usage.ru_stime
    read, write = (after[name] - before[name] for name in ("read", "write"))
    return Cost(wall, cpu, usage.ru_maxrss / 1024, read, write)


def show(people: int, rounds: list[dict[str, Cost]]) -> None:
    table = Table(title=f"{people:,} people, {len(rounds)} round(s)", title_justify="left", box=None)
    for column in ("", "seconds", "people/s", "CPU s", "peak MiB", "reads", "writes", "CPU ratio"):
        table.add_column(column, justify="right" if column else "left")
    for name in rounds[0]:
        costs = [each[name] for each in rounds]
        ratios = [each[name].cpu / each["plain loop"].cpu for each in rounds]
        wall = middle([cost.wall for cost in costs])
        table.add_row(
            name,
            wall,
            f"{people / statistics.median(cost.wall for cost in costs):,.0f}",
            middle([cost.cpu for cost in costs]),
            middle([cost.memory for cost in costs], 0),
            str(costs[-1].reads),
            str(costs[-1].writes),
            middle(ratios),
        )
    Console().print(table)


def middle(values: list[float], digits: int = 2) -> str:
    """The median, and the spread where there is one."""
    text = f"{statistics.median(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def configuration(source: tuple[str, str, str], target: str) -> str:
    return json.dumps(
        {
            "kenjo": {"base_url": source[0], "api_key": source[1]},
            "targets": {
                "directory": {
                    "kind": "scim",
                    "base_url": f"{target}/v2",
                    "token": "bench",
                    "rate": 100000,
                    "concurrency": 10,
                }
            },
            "log": {"level": "error"},
        }
    )


def change(source: tuple[str, str, str], number: int) -> None:
    for _ in range(number):
        with urlopen(Request(f"{source[2]}/actions/rename", data=b"{}", method="POST")) as answer:  # noqa: S310
            answer.read()


def counts(target: str) -> dict[str, int]:
    with urlopen(f"{target}/counts") as answer:  # noqa: S310
        found: dict[str, int] = json.load(answer)
        return found


@contextlib.contextmanager
def kenjo(people: int) -> Iterator[tuple[str, str, str]]:
    """A sandbox Kenjo: its address, its key, the address of its controls."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--people", str(people), "--seed", "1"]
    with server(command, f"http://127.0.0.1:{port}/_sandbox/state"):
        yield f"http://127.0.0.1:{port}/api/v1", "sandbox-key", f"http://127.0.0.1:{port}/_sandbox"


@contextlib.contextmanager
def directory() -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with server([sys.executable, "-m", "tests.bench.directory", str(port)], f"{url}/counts"):
        yield url


@contextlib.contextmanager
def server(command: list[str], answers: str) -> Iterator[None]:
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            for _ in range(300):
                with contextlib.suppress(OSError), urlopen(answers):  # noqa: S310
                    break
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
