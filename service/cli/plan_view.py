"""What `plan` shows on a terminal: how much of what, then alike steps together, and what to do next.

Names of people only where they may be shown; values only where they were asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from bridge.commands import command
from bridge.exchange import FieldChange
from bridge.model import CALLED, Key, Kind, Outcome, Stored
from bridge.printable import counted, some
from service.operations.naming import name_of
from service.operations.plans import Plan, TargetPlan
from service.operations.steps import RETRYING, Step
from service.operations.telling import COUNTED, counts, shown, word

NOTHING = "nothing"

_FEW = 5
"""Records that are shown of those who are alike, unless all are asked for."""

_SIGNS: Mapping[str, tuple[str, str]] = {
    Outcome.CREATED: ("+", "green"),
    Outcome.ADOPTED: ("=", "green"),
    Outcome.UPDATED: ("~", "yellow"),
    Outcome.DEACTIVATED: ("-", "red"),
    Outcome.DELETED: ("x", "red"),
    Outcome.FAILED: ("!", "red"),
    RETRYING: ("!", "yellow"),
}
_ORDER = list(_SIGNS)
_STANDS = ("unchanged", "held", "parked")


@dataclass(frozen=True, slots=True)
class Shows:
    """What of a plan is shown: people's `names`, old and new `values`, or `all` instead of the first few."""

    names: bool = False
    values: bool = False
    all: bool = False
    records: Mapping[Key, Stored] = field(default_factory=dict, repr=False)

    def name(self, key: Key) -> str:
        """What a record is called, with its key."""
        name = name_of(self.records.get(key)) if self.names else ""
        return f"{name}  {key}" if name else str(key)


def show_plan(console: Console, found: Plan, shows: Shows, *, then: Iterable[str]) -> None:
    """How much there is to do, what is wrong with Kenjo, and the steps of each target.

    `then`: the lines with what to do next.
    """
    day = f" on {found.day}, until its end" if found.day else ""
    kinds = {kind: found.snapshot.count(kind) for kind in Kind}
    _print(console, f"Kenjo{day}: {_records(kinds)}; {len(found.changes)} changes since the last poll")
    for name, target in found.targets.items():
        _print(console, f"{name}: {_summary(target)}", "bold")
    for problem in found.snapshot.problems:
        row = problem.id or "a row without an id"
        _print(console, f"Kenjo {problem.list}, {row}: {problem.reason}", "yellow")
    for warning in found.snapshot.warnings:
        _print(console, warning, "yellow")
    if found.held:
        _print(console, f"held: {found.held}; nothing would be changed anywhere", "red")
    for name, target in found.targets.items():
        show_target(console, name, target, shows)
    _print(console, "")
    for line in then:
        _print(console, f"next: {line}", "bold")


def _summary(target: TargetPlan) -> str:
    """How many people and groups there are of each kind of step; who is parked or held counts as that."""
    found: dict[str, Counter[Kind]] = {name: Counter() for name in COUNTED}
    for step in target.steps:
        found["held" if step.hold else word(step)][step.key.kind] += 1
    found["parked"].update(key.kind for key, _ in target.parked)
    parts = [
        f"{_records(number)} {name if name in _STANDS else f'to {name}'}"
        for name, number in found.items()
        if number
    ]
    trouble = ["cannot be asked"] if target.trouble else []
    return ", ".join(trouble + parts) or "nothing to do"


def show_target(console: Console, name: str, target: TargetPlan, shows: Shows) -> None:
    """The steps of one target, if there is anything to tell of it."""
    lines = list(_target(target, shows))
    for line, style in [("", ""), (name, "bold"), *lines] if lines else ():
        _print(console, line, style)


def _target(target: TargetPlan, shows: Shows) -> Iterator[tuple[str, str]]:
    """The lines of one target, each with its style."""
    if target.paused:
        yield f"  paused now: {target.paused}", "yellow"
    if target.trouble:
        yield f"  cannot be asked: {target.trouble}", "red"
    if survey := target.survey:
        numbers = f"{survey.create} to create, {survey.adopt} to adopt, {survey.ambiguous} ambiguous"
        if survey.undecided:
            numbers += (
                f", {survey.undecided} match an account of somebody else or an inactive one: a person decides"
            )
        yield f"  first contact: {survey.accounts} accounts there; {numbers}", ""
    yield from ((f"  held {wait.id}: {wait.reason}", "yellow") for wait in target.holds)
    acting = sorted((step for step in target.steps if step.action in _SIGNS), key=_likeness)
    for _, alike in groupby(acting, key=_likeness):
        yield from _alike(list(alike), shows)
    if target.drifted:
        yield f"  changed there by hand, and left like that: {some(target.drifted)}; {_drifted()}", "yellow"
    for reason, parked in groupby(sorted(target.parked, key=lambda one: one[1].reason), key=_reason):
        keys = sorted(key for key, _ in parked)
        yield f"  ! parked {_records(_kinds(keys))}: {reason}", "red"
        yield from _rest((f"      {shows.name(key)}" for key in keys), len(keys), shows)
    skipped = sorted((step for step in target.steps if step.action == Outcome.SKIPPED), key=_why)
    for reason, left_out in groupby(skipped, key=_why):
        yield f"    skip {_records(_kinds(step.key for step in left_out))}: {reason}", "dim"


def _reason(parked: tuple[Key, Any]) -> str:
    return str(parked[1].reason)


def _why(step: Step) -> str:
    return step.reason


def _likeness(step: Step) -> tuple[int, str, str, str, str]:
    """By what steps are alike: what is done, to which kind, in which attributes, why, and what holds it."""
    shows = step.action in (Outcome.UPDATED, Outcome.ADOPTED)
    fields = dict.fromkeys(change.attribute for change in step.changes) if shows else ()
    return _ORDER.index(step.action), step.key.kind, ", ".join(fields), step.reason, step.hold


def _alike(steps: list[Step], shows: Shows) -> Iterator[tuple[str, str]]:
    """A heading for steps that are alike, and the first few of them."""
    first = steps[0]
    sign, style = _SIGNS[first.action]
    number = _records(_kinds(step.key for step in steps))
    notes = "; ".join(filter(None, (first.reason, first.hold and f"held by {first.hold}")))
    told = "".join(f": {note}" for note in (_likeness(first)[2], notes) if note)
    yield f"  {sign} {word(first)} {number}{told}", style
    steps = sorted(steps, key=lambda step: step.key)
    yield from _rest((line for step in steps for line in _step(step, shows)), len(steps), shows)


def _rest(lines: Iterable[str], number: int, shows: Shows) -> Iterator[tuple[str, str]]:
    """The lines of the first few records, or of all, and how many are not shown."""
    few = 0
    for line in lines:
        few += not line.startswith(" " * 8)
        if few > _FEW and not shows.all:
            yield f"      and {number - _FEW} more: --all shows all", "dim"
            return
        yield line, ""


def _step(step: Step, shows: Shows) -> Iterator[str]:
    """One record, and below it what changes, where values are shown."""
    moves = [change for change in step.changes if change.attribute == "members"]
    told = f"  {_moved(moves)}" if moves and not shows.values and step.action != Outcome.CREATED else ""
    yield f"      {shows.name(step.key)}{told}"
    if shows.values:
        yield from (f"        {line}" for line in lines(step.changes))


def lines(changes: Iterable[FieldChange]) -> Iterator[str]:
    """A line per attribute, old -> new; of members how many come and go."""
    members = [change for change in changes if change.attribute == "members"]
    for change in changes:
        if change.attribute != "members":
            yield f"{change.attribute:<20} {_text(change.old)} -> {_text(change.new)}"
    if members:
        yield f"{'members':<20} {_moved(members)}"


def _drifted() -> str:
    return f"{command('status')} says in what, {command('sync --verify')} gives them what Kenjo says"


def _moved(members: list[FieldChange]) -> str:
    added = sum(1 for change in members if change.new is not None)
    return f"{added} added, {len(members) - added} removed"


def next_steps(found: Plan, saved: str = "") -> Iterator[str]:
    """What to do after a plan, a line each. `saved`: the file that carries it out."""
    total = sum((counts(target) for target in found.targets.values()), Counter[str]())
    acts = any(step.acts and not step.hold for target in found.targets.values() for step in target.steps)
    if found.held:
        yield f"{command('sync')} holds this; {command('holds')} then shows it"
    elif not found.stands:
        yield f"{command('check')} says what is wrong"
    elif found.day:
        yield f"nothing now: a sync on {found.day} does this" if acts else "nothing"
    elif acts and saved:
        yield f"{command('sync --plan', saved)} does just this"
    elif acts:
        more = "; with --canary 5 it begins with five people" if total["create"] > _FEW else ""
        yield f"{command('sync')} does this{more}"
    if total["held"] and not found.held:
        yield f"what is held waits for a person: {command('holds')}, after a sync"
    if total["fail"] + total["parked"]:
        yield f"put right what fails, in Kenjo or the mapping; {command('failures')}, after a sync"
    elif not acts and found.stands and not found.day and not total["held"]:
        yield "nothing"


def _text(value: Any) -> str:
    found = shown(value, True)
    return NOTHING if found is None else str(found).lower() if isinstance(found, bool) else str(found)


def _kinds(keys: Iterable[Key]) -> Counter[Kind]:
    return Counter(key.kind for key in keys)


def _records(number: Mapping[Kind, int]) -> str:
    """`12 people and 1 group`."""
    parts = [counted(count, *CALLED[kind]) for kind in Kind if (count := number.get(kind, 0))]
    return " and ".join(parts) or "nobody"


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)
