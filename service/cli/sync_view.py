"""What `sync` shows while it runs and at its end, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bridge.commands import command
from bridge.printable import counted
from bridge.store.gate import HALTED, HELD, MAINTENANCE
from service.cli.views import places, problems, warn
from service.operations.standing import Standing
from service.operations.sync import COLUMNS, SyncResult, TargetResult

Show = Callable[[Mapping[str, int]], None]


@contextmanager
def progress(console: Console, *, quiet: bool) -> Iterator[Show]:
    """A bar per target; the function it yields takes the number of pending records per target."""
    if quiet:
        yield lambda _pending: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}
        totals: dict[str, int] = {}

        def show(pending: Mapping[str, int]) -> None:
            for name, left in pending.items():
                if name not in tasks:
                    tasks[name] = bars.add_task(name, total=left)
                totals[name] = max(totals.get(name, 0), left)
                bars.update(tasks[name], total=totals[name], completed=totals[name] - left)

        yield show


def show_sync(console: Console, result: SyncResult) -> None:
    """What was done, where people stand now, what somebody should know, and what to do next."""
    rows = result.targets
    did = [name for name in COLUMNS if any(row.counts.get(name) for row in rows.values())]
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column("target", overflow="fold")
    for column in did:  # as few as there are, so that 60 columns show them
        table.add_column(column, justify="right", overflow="fold")
    for name, row in rows.items():
        table.add_row(name, *(str(row.counts.get(column, 0)) for column in did))
    console.print(table)
    console.print()
    console.print(places({name: row.people for name, row in rows.items()}))
    for name, row in rows.items():
        for sentence in _remarks(name, row):
            warn(console, sentence)
    for sentence in result.stopped:
        warn(console, f"stopped after the canary: {sentence}")
    if result.ended:
        warn(console, result.ended)
    problems(console, [(p.list, p.id, p.reason) for p in result.snapshot.problems])
    for warning in result.snapshot.warnings:
        warn(console, warning)
    for line in list(_next(result)) or ["nothing: everything is delivered"]:
        console.print(Text(f"next: {line}", "bold"), soft_wrap=True)


def _next(result: SyncResult) -> Iterator[str]:
    """What waits after a sync, and the command that helps, a line each."""
    rows = result.targets.values()
    if halted := [name for name, row in result.targets.items() if row.state == HALTED]:
        yield f"put right what {' and '.join(halted)} refuses, then {command('check')}"
    if any(row.held for row in rows):
        yield f"{command('holds')} shows what waits for a person"
    if any(row.counts["failed"] or row.people[Standing.FAILING.field] for row in rows):
        yield f"{command('failures')} shows what fails, and why"
    if result.stopped:
        yield "put the mapping right, then sync --canary again"
    if result.snapshot.partial:
        yield f"{command('status')} names the rows of Kenjo to put right"
    left = any(row.pending or row.others or (row.undone and not row.counts["failed"]) for row in rows)
    if result.ended or left:
        yield f"{command('sync')} delivers what is left"


def _remarks(name: str, row: TargetResult) -> Iterator[str]:
    """What a person should know or do about one target, a sentence each."""
    if row.state == HALTED:
        yield f"{name} is halted: {row.paused}. Put it right, then run: {command('check')}"
    elif row.state == HELD:
        yield f"{name} is held: {row.paused} See {command('holds')}"
    elif row.state == MAINTENANCE:
        yield f"{name} rests: {row.paused}. To let it go on: {command('targets resume', name)}"
    elif row.paused:
        yield f"{name} is {row.state}: {row.paused}; deliveries go on by themselves"
    if row.counts["held"]:
        held = counted(row.counts["held"], "record is", "records are")
        yield f"{name}: {held} held; see {command('holds')}"
    if row.unpublished:
        yield f"{name}: not published: {row.unpublished.reason}"
    if row.others:
        others = counted(row.others, "other record stays", "other records stay")
        yield f"{name}: {others} pending for the next sync"
    if row.pending:
        yield f"{name}: {counted(row.pending, 'record waits', 'records wait')}, and will be tried again"
    for reason, number in row.reasons.items():
        yield f"{name}: {number} failed: {reason}"


def sync_json(result: SyncResult) -> dict[str, Any]:
    """`{"changes", "problems": [[list, id, reason]], "warnings", "targets": {name: {column: count}}}`."""
    return {
        "changes": result.changes,
        "problems": [[p.list, p.id, p.reason] for p in result.snapshot.problems],
        "warnings": list(result.snapshot.warnings),
        "stopped": list(result.stopped),
        "ended": result.ended,
        "targets": {
            name: {
                **{column: row.counts.get(column, 0) for column in COLUMNS},
                "people": dict(row.people),
                "pending": row.pending,
                "others": row.others,
                "state": row.state,
                "reason": row.paused,
                "unpublished": row.unpublished.reason if row.unpublished else "",
            }
            for name, row in result.targets.items()
        },
    }
