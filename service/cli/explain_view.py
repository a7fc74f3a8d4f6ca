"""What `explain` shows on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.printable import counted
from service.cli.decisions_view import show_audit
from service.operations.times import told

_STYLES = {"in step": "green", "waiting": "yellow", "held": "yellow", "failing": "red"}


def show_explained(console: Console, found: Mapping[str, Any], *, values: bool) -> None:
    """One page: Kenjo, each target, the last events."""
    gone = ", gone from Kenjo" if found["gone"] else ""
    _print(
        console, f"{found['record']}: revision {found['revision']}, seen {told(found['seen'])}{gone}", "bold"
    )
    if lifecycle := found["lifecycle"]:
        facts = [
            f"{name} {_plain(lifecycle[name])}"
            for name in ("isActive", "startDate", "contractEnd")
            if name in lifecycle
        ]
        _print(console, f"  {lifecycle['is']}: {lifecycle['why']} ({', '.join(facts) or 'dates unknown'})")
        if "kenjo" in lifecycle:
            _print(console, f"  Kenjo was asked for the dates: {lifecycle['kenjo']}", "yellow")
    for reason in found["unusable"]:
        _print(console, f"  cannot be used: {reason}", "yellow")
    if values:
        for name, value in found["fields"].items():
            _print(console, f"  {name:<28} {_plain(value)}")
    for name, target in found["targets"].items():
        _print(console, "")
        _print(console, f"{name} ({target['kind']}, {target['mode']})", "bold")
        _show_target(console, target)
        if candidates := target["candidates"]:
            _show_candidates(console, candidates)
    _print(console, "")
    _print(console, "last events", "bold")
    show_audit(console, found["events"])


def _show_target(console: Console, target: Mapping[str, Any]) -> None:
    if not target["served"]:
        _print(console, "  gets no records of this kind")
        return
    stand = target["standing"]
    _print(
        console, f"  {stand['is']}{': ' if stand['why'] else ''}{stand['why']}", _STYLES.get(stand["is"], "")
    )
    if scope := target["scope"]:
        for part in scope["parts"]:
            mark = "  <- decides" if part["decides"] else ""
            _print(console, f"  scope {_plain(part['value']):<6} {part['source']}{mark}")
    elif target["scoped"]:
        _print(console, "  scope true   (no scope: everyone)")
    for row in target["payload"]:
        _show_attribute(console, row)
    _print(console, f"  account: {target['account'] or 'none'}")
    _show_ledger(console, target["ledger"])
    _show_calls(console, target["calls"])
    for thing in target["next"]:
        when = f" at {told(thing['at'])}" if thing["at"] else ""
        _print(console, f"  next: {thing['what']}{when}")
    if stand["helps"]:
        _print(console, f"  helps: {stand['helps']}")
    if step := target["step"]:
        changed = ", ".join(dict.fromkeys(change["attribute"] for change in step["changes"]))
        if words := "; ".join(part for part in (step["reason"], changed, *step["candidates"]) if part):
            _print(console, f"        {words}")


def _show_attribute(console: Console, row: Mapping[str, Any]) -> None:
    value = _listed(row["value"])
    once = "   (given once)" if row.get("once") else ""
    _print(console, f"  {row['attribute']:<20} {row['source']:<34} {value}{once}")
    if why := row.get("why"):
        _print(console, f"  {'':<20} {why}")


def _show_ledger(console: Console, entry: Mapping[str, Any] | None) -> None:
    if entry is None:
        _print(console, "  ledger: never looked at")
        return
    facts = [
        f"revision {entry['revision']}",
        counted(entry["attempts"], "attempt") if entry["attempts"] else "",
    ]
    facts += [entry["reason"], f"last at {told(entry['at'])}" if entry["at"] else ""]
    facts += [f"waits for {name}" for name in entry["missing"]]
    words = ", ".join(fact for fact in facts if fact)
    _print(console, f"  ledger: {entry['state']} ({entry['outcome']}), {words}")


def _show_calls(console: Console, calls: Sequence[Mapping[str, Any]]) -> None:
    """What the target was asked last, and its answers, oldest first."""
    for call in calls:
        took = f"{call['seconds']:.2f} s"
        _print(console, f"  asked at {told(call['at'])}: {call['what']}, {call['answer']} ({took})")


def _show_candidates(console: Console, found: Mapping[str, Any]) -> None:
    """The accounts to choose from, a column for each; what is not as wanted has a mark."""
    more = f", and {found['left_out']} more" if found["left_out"] else ""
    _print(console, f"  to choose from, beside what is wanted (≠ differs){more}:")
    if found["trouble"]:
        _print(console, f"  they cannot be compared now: {found['trouble']}", "yellow")
    beside = max(1, (console.width - 2 * _COLUMN) // _COLUMN)
    for first in range(0, len(found["accounts"]), beside):
        _print(console, "")
        console.print(_beside(found["wanted"], found["accounts"][first : first + beside]))


_COLUMN = 24
"""Characters that a column of candidates takes at least; who does not fit stands below."""


def _beside(wanted: Sequence[Mapping[str, Any]], accounts: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 1))
    for name in ("attribute", "wanted", *(one["account"] for one in accounts)):
        table.add_column(Text(name), overflow="fold")
    table.add_row("whose", "", *(Text(_whose(one)) for one in accounts))
    for number, row in enumerate(wanted):
        cells = [_cell(one["fields"][number]) if one["fields"] else Text("") for one in accounts]
        table.add_row(Text(row["attribute"]), Text(_listed(row["value"])), *cells)
    return table


def _whose(account: Mapping[str, Any]) -> str:
    owner = account["owner"] and f"{account['owner']}{' (' + account['why'] + ')' if account['why'] else ''}"
    words = [word for word in (owner, *account["facts"], account["trouble"]) if word]
    return "; ".join(words) or "nobody's, as far as is known"


def _cell(field: Mapping[str, Any]) -> Text:
    value = _listed(field["value"])
    return Text(f"≠ {value}", "yellow") if field["differs"] else Text(value)


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)
