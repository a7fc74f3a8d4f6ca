"""What the commands show on a terminal, and as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bridge.printable import some
from bridge.store import Hold
from bridge.store.gate import HALTED, HELD, MAINTENANCE
from bridge.store.holds import ORPHANS
from service.operations.check import Finding
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
        yield f"{name}: {row.counts['held']} records are held; see kenjo-bridge holds"
    if row.unpublished:
        yield f"{name}: not published: {row.unpublished.reason}"
    if row.others:
        yield f"{name}: {row.others} other records stay pending for the next sync"
    if row.pending:
        yield f"{name}: {row.pending} records are still to be delivered and are tried again"
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
        console.print(
            f"Kenjo: {snapshot['people']} people, {snapshot['teams']} groups, seen {_ago(snapshot['age'])}"
        )
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


def _show_remarks(console: Console, name: str, row: Mapping[str, Any]) -> None:
    """What a target's row does not say."""
    groups = ", ".join(
        f"{row['groups'][one.name.lower()]} {one}" for one in Standing if row["groups"][one.name.lower()]
    )
    if groups:
        console.print(Text(f"{name}: groups: {groups}"), soft_wrap=True)
    if row["reason"]:
        _warn(console, f"{name} is {row['state']}: {row['reason']}")
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
        yield (
            f"{name}: {len(records)} of {drift['looked']} were not as they were given {_ago(drift['age'])}:"
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
        f"{found['file']} with {found['rows']} rows, written {_ago(found['age'])}" if found["age"] else ""
    )
    waits = f"{found['waiting']} changes wait for the next one" if found["waiting"] else ""
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


def show_holds(console: Console, holds: Sequence[Hold]) -> None:
    """A line per hold, and what can be done."""
    if not holds:
        console.print("Nothing is held.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("id", "state", "since", "what"):
        table.add_column(column, overflow="fold")
    for hold in holds:
        table.add_row(hold.id, hold.state, _ago(time.time() - hold.since), hold.reason)
    console.print(table)
    console.print()
    console.print("kenjo-bridge holds show ID, approve ID, reject ID")


def show_hold(console: Console, hold: Hold, names: Mapping[str, str]) -> None:
    """One hold with its records; names only where they were asked for."""
    console.print(f"{hold.id}: {hold.state} {hold.by}".rstrip())
    console.print(hold.reason)
    for key in hold.keys:
        console.print(Text(f"  {hold.kind} {key} {names.get(key, '')}".rstrip()), soft_wrap=True)
    console.print()
    command = f"kenjo-bridge holds approve {hold.id} --seen {hold.version}"
    console.print(Text(f"just these: {command}"), soft_wrap=True)


def show_failures(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """A paragraph per failure: what, since when, the target's own words, the candidates."""
    if not rows:
        console.print("Nothing has failed.")
    for row in rows:
        tries = f", {row['attempts']} attempts" if row["attempts"] else ""
        console.print(
            Text(
                f"{row['target']} {row['record']}: {row['state']} {_ago(time.time() - row['first'])}{tries}"
            ),
            soft_wrap=True,
        )
        _warn(console, f"  {row['reason']}")
        for candidate in row["candidates"]:
            command = f"kenjo-bridge failures adopt {row['target']} {row['record']} {candidate}"
            if command not in row["reason"]:
                console.print(Text(f"  {command}"), soft_wrap=True)


def show_failure(
    console: Console, rows: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]
) -> None:
    """One record's failures, when they began and go on, and what happened before."""
    show_failures(console, rows)
    for row in rows:
        begun, last = _moment(row["first"]), _moment(row["last"])
        then = f", next try {_moment(row['next'])}" if row["next"] else ""
        console.print(f"  {row['target']}: first {begun}, last {last}{then}")
        again = f"kenjo-bridge failures retry {row['record']}, or discard {row['target']} {row['record']}"
        console.print(Text(f"  {again}"), soft_wrap=True)
    console.print()
    show_audit(console, events)


def show_audit(console: Console, events: Sequence[Mapping[str, Any]]) -> None:
    """A line per event, the newest first."""
    for event in events:
        moment = _moment(event["at"])
        facts = " ".join(
            f"{name}={','.join(value) if isinstance(value, list) else value}"
            for name, value in event.items()
            if name not in ("at", "what") and value not in ([], "", 0)
        )
        console.print(Text(f"{moment} {event['what']} {facts}"), soft_wrap=True)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _problems(console: Console, problems: Iterable[Iterable[str | None]]) -> None:
    for list_, id_, reason in problems:
        _warn(console, f"Kenjo {list_}, {id_ or 'a row without an id'}: {reason}")


def _warn(console: Console, text: str) -> None:
    console.print(Text(text, "yellow"), soft_wrap=True)


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds ago"
    return f"{seconds / 60:.0f} minutes ago" if seconds < 7200 else f"{seconds / 3600:.0f} hours ago"
