"""What the commands show on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bridge.printable import counted, some
from bridge.store.gate import HALTED, HELD, MAINTENANCE
from bridge.store.holds import ORPHANS
from service.operations.check import Finding
from service.operations.standing import Standing
from service.operations.sync import COLUMNS, SyncResult, TargetResult
from service.operations.times import ago, told

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
    """The table that `sync` ends with, and what it could not use."""
    table = Table(box=None, pad_edge=False, collapse_padding=True)  # fits 80 columns
    table.add_column("target")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for name, row in result.targets.items():
        table.add_row(name, *(str(row.counts.get(column, 0)) for column in COLUMNS))
    console.print(table)
    for name, row in result.targets.items():
        for sentence in _remarks(name, row):
            _warn(console, sentence)
    for sentence in result.stopped:
        _warn(console, f"stopped after the canary: {sentence}")
    if result.ended:
        _warn(console, result.ended)
    _problems(console, [(p.list, p.id, p.reason) for p in result.snapshot.problems])
    for warning in result.snapshot.warnings:
        _warn(console, warning)


def _remarks(name: str, row: TargetResult) -> Iterator[str]:
    """What a person should know or do about one target, a sentence each."""
    if row.state == HALTED:
        yield f"{name} is halted: {row.paused}. Put it right, then run: kenjo-bridge check"
    elif row.state == HELD:
        yield f"{name} is held: {row.paused} See kenjo-bridge holds"
    elif row.state == MAINTENANCE:
        yield f"{name} rests: {row.paused}. To let it go on: kenjo-bridge targets resume {name}"
    elif row.paused:
        yield f"{name} is {row.state}: {row.paused}; deliveries go on by themselves"
    if row.counts["held"]:
        held = counted(row.counts["held"], "record is", "records are")
        yield f"{name}: {held} held; see kenjo-bridge holds"
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
                "pending": row.pending,
                "others": row.others,
                "state": row.state,
                "reason": row.paused,
                "unpublished": row.unpublished.reason if row.unpublished else "",
            }
            for name, row in result.targets.items()
        },
    }


def show_status(console: Console, found: Mapping[str, Any]) -> None:
    """The snapshot's age and a row per target."""
    snapshot = found["snapshot"]
    if snapshot is None:
        console.print("No snapshot of Kenjo has been accepted yet.")
    else:
        people, groups = counted(snapshot["people"], "person", "people"), counted(snapshot["teams"], "group")
        console.print(f"Kenjo: {people}, {groups}, seen {ago(snapshot['age'])}, {told(snapshot['at'])}")
        _problems(console, snapshot["problems"])
        if snapshot["problems"]:
            _warn(console, "Put these rows right in Kenjo; until then the last known values stay.")
        for warning in snapshot["warnings"]:
            _warn(console, warning)
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column("people at")
    for standing in Standing:
        table.add_column(str(standing), justify="right")
    for name, row in found["targets"].items():
        table.add_row(name, *(str(row["people"][one.field]) for one in Standing))
    console.print(table)
    for name, row in found["targets"].items():
        _show_remarks(console, name, row)
    for warning in found["forgotten"]["warnings"]:
        _warn(console, warning)


def _show_remarks(console: Console, name: str, row: Mapping[str, Any]) -> None:
    """What a target's row does not say."""
    groups = ", ".join(
        f"{row['groups'][one.name.lower()]} {one}" for one in Standing if row["groups"][one.name.lower()]
    )
    if groups:
        console.print(Text(f"{name}: groups: {groups}"), soft_wrap=True)
    if row["reason"]:
        state = "in maintenance" if row["state"] == MAINTENANCE else row["state"]
        _warn(console, f"{name} is {state}: {row['reason']}")
    for sentence in _drift(name, row["drift"]) if row["drift"] else ():
        _warn(console, sentence)
    if row["budget"]:
        console.print(Text(_budget(name, row["budget"])), soft_wrap=True)
    if row["publication"]:
        console.print(Text(_publication(name, row["publication"])), soft_wrap=True)


def _drift(name: str, drift: Mapping[str, Any]) -> Iterator[str]:
    """What somebody has changed at a target, and what to do about it."""
    records = [f"{record} ({', '.join(fields)})" for record, fields in sorted(drift["records"].items())]
    if records:
        of = f"of {drift['looked']}"
        differ = counted(len(records), f"{of} was not as it was given", f"{of} were not as they were given")
        yield (
            f"{name}: {differ} {ago(drift['age'])}:"
            f" {some(records)}. kenjo-bridge sync --verify gives them what Kenjo says; drift: repair does so"
            " by itself"
        )
    if orphans := [f"{account} (person:{id_})" for account, id_ in sorted(drift["orphans"].items())]:
        yield (
            f"{name}: open accounts with ids of people whom Kenjo does not have: {some(orphans)}. If they"
            f" have left, and are no other company's: kenjo-bridge holds show {name}-{ORPHANS}"
        )


def _budget(name: str, budget: Mapping[str, int]) -> str:
    """How many of the calls are used of which a target takes few."""
    return f"{name}: {budget['used']} of the {budget['limit']} calls for 24 hours are used"


def _publication(name: str, found: Mapping[str, Any]) -> str:
    """When a target's file was written last, and what has come since."""
    written = (
        f"{found['file']} with {counted(found['rows'], 'row')}, written {ago(found['age'])}"
        if found["age"]
        else ""
    )
    changes = counted(found["waiting"], "change waits", "changes wait")
    waits = f"{changes} for the next one" if found["waiting"] else ""
    trouble = f"the last try failed: {found['trouble']}" if found["trouble"] else ""
    return f"{name}: {'; '.join(filter(None, (written, waits, trouble)))}"


def show_check(console: Console, findings: Iterable[Finding]) -> None:
    """First what is wrong and what to do about it, a sentence each; then a row of facts per part."""
    findings = list(findings)
    for finding in findings:
        for problem in finding.problems:
            console.print(Text(f"{finding.part}: {problem}", "red"), soft_wrap=True)
    table = Table()
    table.add_column("part")
    table.add_column("")
    table.add_column("what it says", overflow="fold")
    for finding in findings:
        good = not finding.problems
        text = Group(*(Text(line) for line in finding.facts))
        table.add_row(finding.part, Text("ok", "green") if good else Text("problem", "red"), text)
    console.print(table)


def _problems(console: Console, problems: Iterable[Iterable[str | None]]) -> None:
    for list_, id_, reason in problems:
        _warn(console, f"Kenjo {list_}, {id_ or 'a row without an id'}: {reason}")


def _warn(console: Console, text: str) -> None:
    console.print(Text(text, "yellow"), soft_wrap=True)
