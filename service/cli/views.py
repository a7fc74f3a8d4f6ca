"""What the commands show on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from bridge.commands import command
from bridge.printable import counted, some
from bridge.store.gate import MAINTENANCE
from bridge.store.holds import ORPHANS
from service.operations.check import Finding
from service.operations.standing import Standing
from service.operations.times import ago, told


def places(rows: Mapping[str, Mapping[str, int]]) -> Table:
    """How many people stand where at each target, each one once."""
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column("people at")
    for standing in Standing:
        table.add_column(str(standing), justify="right")
    for name, row in rows.items():
        table.add_row(name, *(str(row[one.field]) for one in Standing))
    return table


def show_status(console: Console, found: Mapping[str, Any]) -> None:
    """The snapshot's age and a row per target."""
    snapshot = found["snapshot"]
    if snapshot is None:
        console.print("No snapshot of Kenjo has been accepted yet.")
    else:
        people, groups = counted(snapshot["people"], "person", "people"), counted(snapshot["teams"], "group")
        console.print(f"Kenjo: {people}, {groups}, seen {ago(snapshot['age'])}, {told(snapshot['at'])}")
        problems(console, snapshot["problems"])
        if snapshot["problems"]:
            warn(console, "Put these rows right in Kenjo; until then the last known values stay.")
        for warning in snapshot["warnings"]:
            warn(console, warning)
    console.print(places({name: row["people"] for name, row in found["targets"].items()}))
    for name, row in found["targets"].items():
        _show_remarks(console, name, row)
    for warning in found["forgotten"]["warnings"]:
        warn(console, warning)
    console.print(Text(f"Redis: {found['redis']}"), soft_wrap=True)


def _show_remarks(console: Console, name: str, row: Mapping[str, Any]) -> None:
    """What a target's row does not say."""
    groups = ", ".join(
        f"{row['groups'][one.name.lower()]} {one}" for one in Standing if row["groups"][one.name.lower()]
    )
    if groups:
        console.print(Text(f"{name}: groups: {groups}"), soft_wrap=True)
    if row["reason"]:
        state = "in maintenance" if row["state"] == MAINTENANCE else row["state"]
        warn(console, f"{name} is {state}: {row['reason']}")
    for sentence in _drift(name, row["drift"]) if row["drift"] else ():
        warn(console, sentence)
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
            f" {some(records)}. {command('sync --verify')} gives them what Kenjo says; drift: repair does so"
            " by itself"
        )
    if orphans := [f"{account} (person:{id_})" for account, id_ in sorted(drift["orphans"].items())]:
        yield (
            f"{name}: open accounts with ids of people whom Kenjo does not have: {some(orphans)}. If they"
            f" have left, and are no other company's: {command('holds show', f'{name}-{ORPHANS}')}"
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


def problems(console: Console, rows: Iterable[Iterable[str | None]]) -> None:
    """The rows of Kenjo that cannot be used: list, id, reason."""
    for list_, id_, reason in rows:
        warn(console, f"Kenjo {list_}, {id_ or 'a row without an id'}: {reason}")


def warn(console: Console, text: str) -> None:
    """A sentence that somebody should read."""
    console.print(Text(text, "yellow"), soft_wrap=True)
