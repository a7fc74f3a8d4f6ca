"""What `holds`, `failures` and `audit` show on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.commands import command
from bridge.printable import counted
from bridge.store import Hold
from service.operations.times import ago, local, told


def show_holds(console: Console, holds: Sequence[Hold]) -> None:
    """A line per hold, and what can be done."""
    if not holds:
        console.print("Nothing is held.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("id", "state", "since", "what"):
        table.add_column(column, overflow="fold")
    for hold in holds:
        table.add_row(hold.id, hold.state, ago(time.time() - hold.since), hold.reason)
    console.print(table)
    console.print()
    show, approve, reject = (command(f"holds {word} ID") for word in ("show", "approve", "reject"))
    console.print(Text(f"{show}\n{approve}\n{reject}"), soft_wrap=True)


def show_hold(console: Console, hold: Hold, names: Mapping[str, str], zone: ZoneInfo) -> None:
    """One hold with its records; names only where they were asked for."""
    by = f" by {hold.by}" if hold.by else ""
    console.print(f"{hold.id}: {hold.state}{by}, since {told(local(hold.since, zone))}")
    console.print(hold.reason)
    for key in hold.keys:
        console.print(Text(f"  {hold.kind} {key} {names.get(key, '')}".rstrip()), soft_wrap=True)
    console.print()
    approve = command("holds approve", hold.id, "--seen", hold.version)
    console.print(Text(f"just these: {approve}"), soft_wrap=True)


def show_failures(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """A paragraph per failure: what, since when, the target's own words, the candidates."""
    if not rows:
        console.print("Nothing has failed.")
    for row in rows:
        tries = f", {counted(row['attempts'], 'attempt')}" if row["attempts"] else ""
        since = f"{row['state']} {ago(time.time() - row['first'].timestamp())}{tries}"
        console.print(Text(f"{row['target']} {_named(row)}: {since}"), soft_wrap=True)
        console.print(Text(f"  {row['reason']}", "yellow"), soft_wrap=True)
        for candidate in row["candidates"]:
            adopt = command("failures adopt", row["target"], row["record"], candidate)
            if adopt not in row["reason"]:
                console.print(Text(f"  {adopt}"), soft_wrap=True)


def show_failure(
    console: Console, rows: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]
) -> None:
    """One record's failures, when they began and go on, and what happened before."""
    show_failures(console, rows)
    for row in rows:
        begun, last = told(row["first"]), told(row["last"])
        then = f", next try {told(row['next'])}" if row["next"] else ""
        console.print(f"  {row['target']}: first {begun}, last {last}{then}")
        for words in (
            command("failures retry", row["record"]),
            command("failures discard", row["target"], row["record"]),
        ):
            console.print(Text(f"  {words}"), soft_wrap=True)
        if row["candidates"]:
            beside = command("explain", row["record"], "--values")
            console.print(Text(f"  side by side with what is wanted: {beside}"), soft_wrap=True)
    console.print()
    show_audit(console, events)


def show_audit(console: Console, events: Iterable[Mapping[str, Any]]) -> None:
    """A line per event, as they come."""
    for event in events:
        facts = " ".join(
            f"{name}={_named(event) if name == 'record' else _plain(value)}"
            for name, value in event.items()
            if name not in ("at", "what", "name") and value not in ([], "", 0)
        )
        console.print(Text(f"{told(event['at'])} {event['what']} {facts}"), soft_wrap=True)


def _plain(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _named(row: Mapping[str, Any]) -> str:
    """A record's key, with its name where the row has it."""
    return f"{row['record']} ({row['name']})" if row.get("name") else str(row["record"])
