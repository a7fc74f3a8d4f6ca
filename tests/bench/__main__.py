"""`make bench`: the bridge beside a plain loop that pushes the same people, in one run on one machine.

Kenjo and the directory run in processes of their own and are not counted. Figures are of the whole `sync`
process, start-up and private Redis included: people per second, CPU seconds, peak memory. Ratios are to the
plain loop of the same round; with several rounds the middle one is shown with its spread.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from rich.console import Console
from rich.table import Table

from tests.bench import distant, latency, leavers, mapping, pages, polls
from tests.bench.parts import ROOT, configuration, counts, directory, kenjo


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
    parser.add_argument("--polls", type=int, nargs="*", default=[1000, 10000, 100000])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="every row with few people: does it still run?")
    options = parser.parse_args()
    if options.short:
        options.people, options.polls = [40], [40]
    for people in options.people:
        rounds = [measure(people) for _ in range(options.rounds)]
        show(people, rounds)
    show_polls({people: polls.measure(people) for people in options.polls})
    most = max(options.people)
    show_costs(most, 1.0 if options.short else latency.IDLE)
    if options.short:
        show_times(200, most, changes=3, leaving=2)
    else:
        show_times(1000, most, changes=latency.CHANGES, leaving=leavers.LEAVERS)


def show_costs(people: int, watched: float) -> None:
    """What mapping, the first page and doing nothing (for so many seconds) cost."""
    cost, least, worst = mapping.measure(people)
    Console().print(
        f"default SCIM mapping of {people:,} people: {cost:.2f} ({least:.2f}-{worst:.2f}) s of CPU,"
        f" {mapping.ROUNDS} rounds"
    )
    first = pages.measure(people)
    Console().print(
        f"the pages' overview of {people:,} people, ms of CPU: "
        + ", ".join(f"{name} {cost:.0f}" for name, cost in first.items())
    )
    idle = latency.idle(people, watched)
    Console().print(f"idle, {people:,} people: {100 * idle:.2f} % of a core between polls")


def show_times(far_away: int, people: int, changes: int, leaving: int) -> None:
    """How long things take: people at a directory that is far away, single changes, and leavers."""
    far = distant.measure(far_away)
    Console().print(
        f"{far_away:,} people, a directory that answers in {distant.LATE} ms, {distant.AT_ONCE} at once,"
        " people/s: " + ", ".join(f"{name} {pace:,.0f}" for name, pace in far.items())
    )
    seen = latency.measure(min(people, 200), changes)
    Console().print(
        f"{changes} changes while nothing else is to do, milliseconds from seen to the answer: median"
        f" {seen['median'] * 1000:.0f}, p99 {seen['p99'] * 1000:.0f}, longest {seen['longest'] * 1000:.0f}"
    )
    waits = leavers.measure(people, leaving)
    Console().print(
        f"{leaving} leavers during the first load of {people:,} people"
        f" ({waits['queued']:,.0f} still queued when the last one left), seconds from seen to done:"
        f" median {waits['median']:.2f}, p99 {waits['p99']:.2f}, longest {waits['longest']:.2f}"
    )


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
            explained = run([*sync[:3], "explain", somebody(source), "--config", str(config)], target)
    return {
        "plain loop": plain,
        "first sync": first,
        "unchanged": unchanged,
        "1 % changed": changed,
        "explain": explained,
    }


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
    read, write = (after[name] - before[name] for name in ("reads", "writes"))
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


def show_polls(found: dict[int, dict[str, Any]]) -> None:
    table = Table(title="polls, CPU also to orjson.loads of the same bytes", title_justify="left", box=None)
    for column in ("people", "MB", "poll", "CPU s", "ratio", "peak MiB", "loop held ms"):
        table.add_column(column, justify="left" if column == "poll" else "right")
    for people, one in found.items():
        for name, cost in one["polls"].items():
            cells = [f"{cost['cpu']:.3f}", f"{cost['cpu'] / one['loads']:.2f}"]
            cells += [f"{cost[what]:.0f}" for what in ("peak", "held")]
            table.add_row(f"{people:,}", f"{one['bytes'] / 1e6:.1f}", name, *cells)
    Console().print(table)


def middle(values: list[float], digits: int = 2) -> str:
    """The median, and the spread where there is one."""
    text = f"{statistics.median(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def somebody(source: tuple[str, str, str]) -> str:
    """The id of a person who has an account."""
    return next(leavers.active(source))


def change(source: tuple[str, str, str], number: int) -> None:
    for _ in range(number):
        with urlopen(Request(f"{source[2]}/actions/rename", data=b"{}", method="POST")) as answer:
            answer.read()


if __name__ == "__main__":
    main()
