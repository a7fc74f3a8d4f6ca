"""`status` and `check` of several companies, briefly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bridge.commands import command
from bridge.config.companies import Companies, load_companies
from bridge.logs import configure
from bridge.printable import counted
from service.cli.app import out, print_json
from service.cli.views import warn
from service.operations.check import Finding
from service.operations.check import check as check_everything
from service.operations.companies import Look, look_at_all, shared_targets
from service.operations.standing import Standing
from service.operations.status import status as read_status
from service.operations.sync import PROBLEM
from service.operations.times import ago


async def status_of_all(config: Path | None, *, json: bool) -> int:
    """Show a row for each company. 3 where one cannot be shown."""
    companies = load_companies(config)
    configure(companies.common.log)
    looks = await look_at_all(companies, read_status)
    if json:
        rows = {look.company: look.seen or {"problem": look.problem} for look in looks}
        print_json({"companies": rows, "warnings": list(companies.remarks)})
    else:
        _show_status(out, looks)
        _show_rest(out, companies, looks)
    return PROBLEM if any(look.problem for look in looks) else 0


async def check_all(config: Path | None, *, json: bool) -> int:
    """Check each company, and whether two are in each other's way. 3 where one has a problem."""
    companies = load_companies(config)
    configure(companies.common.log)
    looks = await look_at_all(companies, check_everything)
    warnings = [*companies.remarks, *shared_targets(companies)]
    if json:
        rows = {
            look.company: {"problem": look.problem, "findings": [one.as_json() for one in look.seen or ()]}
            for look in looks
        }
        print_json({"companies": rows, "warnings": warnings})
    else:
        _show_check(out, looks)
        for warning in warnings:
            warn(out, warning)
    return PROBLEM if any(_problems(look) for look in looks) else 0


def _show_status(console: Console, looks: Sequence[Look[dict[str, Any]]]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("company", "Kenjo", "people", *map(str, Standing), "targets that rest"):
        table.add_column(title, justify="right" if title in ("people", *map(str, Standing)) else "left")
    for look in looks:
        if look.seen is not None:
            table.add_row(look.company, *_row(look.seen))
    console.print(table)


def _row(seen: Mapping[str, Any]) -> list[str]:
    """When Kenjo was seen, how many people it has, and how many stand where at all targets together."""
    snapshot, stands = seen["snapshot"], Counter[str]()
    for target in seen["targets"].values():
        stands.update(target["people"])
    resting = [f"{name} ({row['state']})" for name, row in seen["targets"].items() if row["reason"]]
    return [
        f"seen {ago(snapshot['age'])}" if snapshot else "not seen yet",
        str(snapshot["people"]) if snapshot else "",
        *(str(stands[one.field]) for one in Standing),
        ", ".join(resting),
    ]


def _show_rest(console: Console, companies: Companies, looks: Sequence[Look[Any]]) -> None:
    for look in looks:
        if look.problem:
            warn(console, f"{look.company}: {look.problem}")
    for remark in companies.remarks:
        warn(console, remark)
    if looks:
        console.print(f"{command('status', company='NAME')} shows one of them.")
    else:
        console.print("There is no company yet.")


def _show_check(console: Console, looks: Sequence[Look[list[Finding]]]) -> None:
    for look in looks:
        for line in (problems := _problems(look)):
            console.print(f"{look.company}: {line}", style="red", soft_wrap=True)
        if not problems:
            targets = [one for one in look.seen or () if one.part.startswith("target ")]
            console.print(f"{look.company}: ok, {counted(len(targets), 'target')}", style="green")


def _problems(look: Look[list[Finding]]) -> list[str]:
    found = [f"{one.part}: {problem}" for one in look.seen or () for problem in one.problems]
    return [*([look.problem] if look.problem else ()), *found]
