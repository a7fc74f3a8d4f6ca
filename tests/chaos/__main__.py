"""`python -m tests.chaos`: plays, shows a table, and ends with 1 when anything is wrong."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import shutil
import signal
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

import tests.chaos
from tests.chaos.company import Company
from tests.chaos.disturbances import ALL, DISTURBANCES, OF_SENTINELS
from tests.chaos.playing import Plan, Play, Result
from tests.chaos.stage import staged
from tests.noting import note

SHOWN = 20  # sentences of each kind in the output; all are in findings.json


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=tests.chaos.__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=120.0, help="seconds to wait for the end")
    parser.add_argument("--only", choices=sorted(ALL), action="append", default=[],
                        help="play nothing but this; may be given several times")  # fmt: skip
    parser.add_argument("--rehearse", type=int, default=0, metavar="TIMES",
                        help="play each disturbance so often, and say how long changes take")  # fmt: skip
    parser.add_argument(
        "--sentinels", action="store_true", help="let Sentinels watch Redis, and its primary fail"
    )
    parser.add_argument("--keep", action="store_true", help="keep the logs even if nothing is wrong")
    parser.add_argument("--note", action="store_true", help="write the figures into docs/reliability.md")
    options = parser.parse_args()
    kinds, rounds = options.only * options.rounds, options.rounds
    if options.rehearse:
        every = OF_SENTINELS if options.sentinels else DISTURBANCES
        kinds = [kind for kind in options.only or every for _ in range(options.rehearse)]
        rounds = len(kinds)
    patient = bool(options.rehearse)
    plan = Plan(
        rounds, options.people, options.seed, options.patience, kinds,
        patient=patient, watched=options.sentinels,
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        result = asyncio.run(_until_signal(folder, plan))
    except BaseException:
        sys.stderr.write(f"It ended early; the logs of all processes are in {folder}\n")
        raise
    if result is None:
        shutil.rmtree(folder)
        return 130
    show(Console(), result, plan)
    keep_or_remove(result, folder, keep=options.keep)
    if options.note:
        note("chaos", figures(result, plan))
    return 0 if result.good else 1


async def _until_signal(folder: Path, plan: Plan) -> Result | None:
    """Play, or end everything in order when a signal comes."""
    playing = asyncio.create_task(play(folder, plan))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        return await playing
    return None


async def play(folder: Path, plan: Plan) -> Result:
    """One run with its own processes, whose logs go to `folder`."""
    draws = [random.Random(f"{plan.seed} {what}") for what in ("people", "processes")]  # noqa: S311 - repeatable
    async with staged(folder, plan.people, plan.seed, watch=plan.watched, limited=not plan.patient) as stage:
        return await Play(plan, stage, Company(stage, draws[0]), draws[1]).run()


def keep_or_remove(result: Result, folder: Path, *, keep: bool = False) -> None:
    """Keep the logs of a run in which something is wrong, with all findings, and say where."""
    if result.good and not keep:
        shutil.rmtree(folder)
        return
    (folder / "findings.json").write_text(json.dumps(result.problems, indent=1))
    (folder / "record.json").write_text(json.dumps(result.record))
    for what, sentences in result.problems.items():
        for sentence in sentences[:SHOWN]:
            sys.stderr.write(f"{what}: {sentence}\n")
    sys.stderr.write(f"The logs of all processes, the findings and the directory's record are in {folder}\n")


def figures(result: Result, plan: Plan) -> str:
    """The run in a line."""
    wrong = ", ".join(f"{len(sentences)} {what}" for what, sentences in result.problems.items())
    return (
        f"{plan.rounds} rounds, {plan.people:,} people, {result.restarts} restarts,"
        f" {result.changes:,} changes, {len(result.record['events']):,} writes:"
        f" {wrong}; equal after {_seconds(result.converged)} s,"
        f" longest takeover {_seconds(result.takeover)} s"
    )


def show(console: Console, result: Result, plan: Plan) -> None:
    table = Table(
        show_header=False, box=None, title=f"{plan.rounds} rounds, {plan.people} people", title_justify="left"
    )
    events = result.record["events"]
    rows = {
        **{f"  {kind}": number for kind, number in sorted(result.kinds.items())},
        "started again": f"{result.restarts} ({result.refusals} could not start while Redis was away)",
        "changes made": result.changes,
        "requests": result.record["requests"],
        "  that met a fault": sum(result.record["faults"].values()),
        "writes": len(events),
        **{what: len(sentences) for what, sentences in result.problems.items()},
        "older values, put right again": result.findings.stepped_back,
        "seconds until converged": _seconds(result.converged),
        "longest takeover, seconds": _seconds(result.takeover),
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    console.print(table)
    if plan.patient:
        console.print(rehearsed(result))


def rehearsed(result: Result) -> Table:
    """By disturbance the seconds until whatever was changed before and during it had arrived."""
    table = Table("", "median", "longest", box=None, title="seconds to the last change", title_justify="left")
    for kind, waits in result.waits.items():
        table.add_row(kind, f"{statistics.median(waits):.1f}", f"{max(waits):.1f}")
    return table


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
