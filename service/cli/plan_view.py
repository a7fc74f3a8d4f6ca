"""What `plan` shows on a terminal, and as JSON. Personal values only where they were asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from bridge.exchange import FieldChange
from bridge.model import Key, Kind, Outcome, Stored
from bridge.printable import some
from service.operations.plans import Plan, TargetPlan
from service.operations.steps import Step
from service.operations.telling import shown, step_json, word

NOTHING = "nothing"

_SIGNS: Mapping[str, tuple[str, str]] = {
    Outcome.CREATED: ("+", "green"),
    Outcome.ADOPTED: ("=", "green"),
    Outcome.UPDATED: ("~", "yellow"),
    Outcome.DEACTIVATED: ("-", "red"),
    Outcome.DELETED: ("x", "red"),
    Outcome.FAILED: ("!", "red"),
    "retrying": ("!", "yellow"),
}
_ORDER = list(_SIGNS)
COUNTED = ("create", "adopt", "update", "deactivate", "delete", "skip", "unchanged", "fail", "held", "parked")


def show_plan(console: Console, found: Plan, *, values: bool) -> None:
    """The changes of each target, what waits, what cannot be done, and the totals."""
    day = f" on {found.day}" if found.day else ""
    people, teams = found.snapshot.count(Kind.PERSON), found.snapshot.count(Kind.TEAM)
    _print(
        console,
        f"Kenjo{day}: {people} people, {teams} groups; {len(found.changes)} changes since the last poll",
    )
    for problem in found.snapshot.problems:
        _print(
            console,
            f"Kenjo {problem.list}, {problem.id or 'a row without an id'}: {problem.reason}",
            "yellow",
        )
    for warning in found.snapshot.warnings:
        _print(console, warning, "yellow")
    if found.held:
        _print(console, f"held: {found.held}; nothing would be changed anywhere", "red")
    total: Counter[str] = Counter()
    for name, target in found.targets.items():
        _print(console, "")
        _print(console, name, "bold")
        _show_target(console, target, found.records, values=values)
        total += counts(target)
        _print(console, f"  {name}: {_sentence(counts(target))}")
    if found.targets:
        _print(console, "")
        _print(console, f"Plan: {_sentence(total)}.", "bold")


def _show_target(
    console: Console, target: TargetPlan, records: Mapping[Key, Stored], *, values: bool
) -> None:
    if target.paused:
        _print(console, f"  paused now: {target.paused}", "yellow")
    if target.trouble:
        _print(console, f"  cannot be asked: {target.trouble}", "red")
    if survey := target.survey:
        numbers = f"{survey.create} to create, {survey.adopt} to adopt, {survey.ambiguous} ambiguous"
        if survey.undecided:
            numbers += (
                f", {survey.undecided} match an account of somebody else or an inactive one: a person decides"
            )
        _print(console, f"  first contact: {survey.accounts} accounts there; {numbers}")
    for wait in target.holds:
        _print(console, f"  held {wait.id}: {wait.reason}", "yellow")
    shown = (step for step in target.steps if step.action in _SIGNS)
    for step in sorted(shown, key=lambda step: (_ORDER.index(step.action), step.key)):
        _show_step(console, step, records, values=values)
    skipped = Counter(step.reason for step in target.steps if step.action == Outcome.SKIPPED)
    for reason, number in sorted(skipped.items()):
        _print(console, f"    skip {number}: {reason}", "dim")
    if target.drifted:
        _print(
            console,
            f"  changed there by hand, and left like that: {some(target.drifted)}; kenjo-bridge status says"
            " in what, sync --verify gives them what Kenjo says",
            "yellow",
        )
    for key, entry in target.parked:
        _print(console, f"  ! parked      {_name(key, records, values=values)}  {entry.reason}", "red")


def _show_step(console: Console, step: Step, records: Mapping[Key, Stored], *, values: bool) -> None:
    sign, style = _SIGNS[step.action]
    notes = [note for note in (step.reason, f"held by {step.hold}" if step.hold else "") if note]
    name = _name(step.key, records, values=values)
    _print(console, f"  {sign} {word(step):<11} {name}  {'; '.join(notes)}".rstrip(), style)
    if step.action == Outcome.CREATED and not values:
        fields = ", ".join(dict.fromkeys(change.attribute for change in step.changes))
        _print(console, f"      {fields}")
        return
    for line in lines(step.changes, values=values):
        _print(console, f"      {line}")


def lines(changes: Iterable[FieldChange], *, values: bool) -> Iterator[str]:
    """A line per attribute, old -> new; of members how many come and go."""
    members = [change for change in changes if change.attribute == "members"]
    for change in changes:
        if change.attribute != "members":
            yield f"{change.attribute:<20} {_text(change.old, values)} -> {_text(change.new, values)}"
    if members:
        added = sum(1 for change in members if change.new is not None)
        yield f"{'members':<20} {added} added, {len(members) - added} removed"


def counts(target: TargetPlan) -> Counter[str]:
    """How many steps of each kind. What is held counts as held, and not as what it would be."""
    found = Counter("held" if step.hold else word(step) for step in target.steps)
    found["parked"] = len(target.parked)
    return found


def plan_json(found: Plan, *, values: bool) -> dict[str, Any]:
    """For `--json`: `{"exit_code", "held", "snapshot", "targets": {name: {steps, holds, counts, ...}}}`."""
    return {
        "exit_code": found.exit_code,
        "day": found.day.isoformat() if found.day else None,
        "held": found.held or None,
        "snapshot": {
            "people": found.snapshot.count(Kind.PERSON),
            "teams": found.snapshot.count(Kind.TEAM),
            "changes": len(found.changes),
            "problems": [[p.list, p.id, p.reason] for p in found.snapshot.problems],
            "warnings": list(found.snapshot.warnings),
        },
        "targets": {name: _target_json(target, values=values) for name, target in found.targets.items()},
    }


def _target_json(target: TargetPlan, *, values: bool) -> dict[str, Any]:
    found = counts(target)
    return {
        "counts": {name: found[name] for name in COUNTED},
        "steps": [step_json(step, values=values) for step in target.steps],
        "holds": [{"id": w.id, "reason": w.reason, "count": w.count} for w in target.holds],
        "drifted": list(target.drifted),
        "parked": [{"record": str(key), "reason": entry.reason} for key, entry in target.parked],
        "survey": target.survey.counts() if target.survey else None,
        "paused": target.paused or None,
        "trouble": target.trouble or None,
    }


def _text(value: Any, values: bool) -> str:
    found = shown(value, values)
    return NOTHING if found is None else str(found).lower() if isinstance(found, bool) else str(found)


def name_of(stored: Stored | None) -> str:
    """What a record is called among people. Personal: only where values may be shown."""
    data = stored.record.data if stored else {}
    personal, account = data.get("personal") or {}, data.get("account") or {}
    return str(personal.get("displayName") or account.get("email") or data.get("name") or "")


def _name(key: Key, records: Mapping[Key, Stored], *, values: bool) -> str:
    name = name_of(records.get(key)) if values else ""
    return f"{key} ({name})" if name else str(key)


def _sentence(found: Counter[str]) -> str:
    parts = [f"{number} {_phrase(name)}" for name in COUNTED if (number := found[name])]
    return ", ".join(parts) or "nothing to do"


def _phrase(name: str) -> str:
    return name if name in ("unchanged", "held", "parked") else f"to {name}"


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)
