"""What `runs` shows on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.commands import command
from bridge.printable import counted, some
from service.cli.plan_view import Shows, show_target
from service.operations.times import told
from service.operations.undoing import Way

_CAUSES: Mapping[str, str] = {
    "approved": "hold approved",
    "chosen": "account chosen",
    "configured": "other configuration",
    "read back": "synced now",
    "redone": "undo ended",
    "resumed": "target resumed",
    "retried": "tried again",
    "undone": "undo",
}


def show_runs(console: Console, runs: Sequence[Mapping[str, Any]]) -> None:
    """A line per run and target, the newest last."""
    if not runs:
        console.print("Nothing was done at any target yet.")
        return
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for column in ("run", "when", "why", "target", "what"):
        table.add_column(column, overflow="fold")
    for run in reversed(runs):
        first = [run["id"], told(run["at"]), why(run)]
        for target, counts in run["counts"].items():
            table.add_row(*first, target, ", ".join(f"{number} {what}" for what, number in counts.items()))
            first = ["", "", ""]
    console.print(table)
    last = runs[0]["id"]
    _say(console, f"{command('runs show', last)} says of whom")
    _say(console, f"{command('runs undo', last)} says what could be put back, and does nothing yet")


def why(run: Mapping[str, Any]) -> str:
    """Why a run was, in a few words."""
    if run["cause"] == "changes":
        return f"{counted(run['seen'], 'change')} in Kenjo"
    about = f" {run['about']}" if run["about"] else ""
    by = f" by {run['by']}" if run["by"] else ""
    return f"{_CAUSES[run['cause']]}{about}{by}"


def show_run(console: Console, run: Mapping[str, Any], deliveries: Sequence[Mapping[str, Any]]) -> None:
    """What one run did, record by record."""
    _say(console, f"{run['id']}: {told(run['at'])}, {why(run)}", "bold")
    for one in deliveries:
        name = f"{one['name']}  " if one.get("name") else ""
        _say(console, f"  {one['what']:<12} {one['target']}  {name}{one['record']}")


def show_way(console: Console, way: Way, shows: Shows) -> None:
    """What an undo would do, what it would leave, and what to do next."""
    for name, target in way.targets.items():
        show_target(console, name, target, shows)
    for reason, group in groupby(sorted(way.left, key=lambda one: one.why), key=lambda one: one.why):
        keys = [str(one.key) for one in group]
        _say(console, f"left as it is: {counted(len(keys), 'record')} ({some(keys)}): {reason}", "yellow")
    if not way.acts:
        _say(console, "next: nothing; there is nothing that could be put back", "bold")
        return
    rest = (way.run, "--yes", "--seen", way.version)
    does = command("runs redo", *rest) if way.again else command("runs undo", *rest)
    _say(console, f"next: {does} does just this", "bold")


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)
