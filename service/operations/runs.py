"""`runs`: what each cause has brought about at the targets, from the audit log. `undoing` has the way back.

A run begins with what a poll has found changed in Kenjo, with another configuration of a target, or with a
decision. To it belongs what was then delivered of its records, or to its target, until something else did.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.commands import command
from bridge.errors import NotThere
from bridge.model import ChangeKind, Key, Outcome
from bridge.store.audit import UNREMARKABLE, Wanted
from service.operations.assembly import Bridge
from service.operations.times import local

LOOKED = 20_000
"""Events that are looked through: the newest. Runs that began before are not told of."""

CHANGES = "changes"
"""The cause of a run that began with changes in Kenjo; other causes are called as in the audit log."""

_SAME = 1.0  # seconds within which the same decision is one; what a poll has found has one time
_DELIVERED = frozenset(Outcome) - frozenset(UNREMARKABLE)
_DECISIONS = ("approved", "chosen", "configured", "read back", "redone", "resumed", "retried", "undone")
_ALL = (*ChangeKind, *_DECISIONS, *_DELIVERED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was done at a target for a record, `at` (epoch seconds).

    `is_last`: no other run has done anything about it there since.
    """

    target: str
    key: Key
    outcome: Outcome
    at: float
    is_last: bool = True


@dataclass(slots=True)
class Run:
    """One run. `id` is of the first event, `at` epoch seconds, `cause` one of CHANGES and decisions.

    `by`: who decided, and `about` what: a target, a hold, or the run that was undone. `seen`: how many
    records had changed in Kenjo.
    """

    id: str
    at: float
    cause: str
    by: str = ""
    about: str = ""
    seen: int = 0
    deliveries: list[Delivery] = field(default_factory=list)

    def counts(self) -> dict[str, dict[str, int]]:
        """By target how often each outcome."""
        found: dict[str, Counter[str]] = {}
        for one in self.deliveries:
            found.setdefault(one.target, Counter())[str(one.outcome)] += 1
        return {target: dict(found[target]) for target in sorted(found)}


async def runs(bridge: Bridge, count: int) -> list[Run]:
    """The newest runs that did something at a target, the newest first."""
    found = await _all(bridge)
    return [run for run in reversed(found) if run.deliveries][:count]


async def find(bridge: Bridge, id_: str) -> Run:
    """One run. Raises NotThere."""
    for run in await _all(bridge):
        if run.id == id_ and run.deliveries:
            return run
    raise NotThere(f"there is no run '{id_}' among the newest: {command('runs')} shows them")


async def _all(bridge: Bridge) -> list[Run]:
    """All runs of the newest events, the oldest first."""
    events: list[tuple[str, dict[str, Any]]] = []
    last = ""
    while len(events) < LOOKED:
        page, last = await bridge.backend.audit.page(Wanted(kinds=_ALL), LOOKED - len(events), last)
        events += page
        if not last:
            break
    return await asyncio.to_thread(_runs, reversed(events))


def _runs(events: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Run]:
    """The runs of events, the oldest first. Pure."""
    found: list[Run] = []
    causes: dict[str, int] = {}  # by record, by target, by both and by "": the last run that is about it
    last: dict[tuple[str, Key], tuple[Run, int]] = {}
    for id_, event in events:
        if event["what"] not in _DELIVERED:
            _begin(found, causes, id_, event)
            continue
        key, target = Key.of(str(event.get("record"))), str(event.get("target"))
        about = (f"{key}", target, f"{target} {key}", "")
        numbers = [causes[one] for one in about if one in causes]
        if key is None or not numbers:
            continue  # its run began before these events
        named = [causes[one] for one in about[:3] if one in causes]
        run = found[max(named or numbers)]
        if former := last.get((target, key)):
            there, place = former
            one = there.deliveries[place]
            is_last = there is run  # several steps of one run are one change
            there.deliveries[place] = Delivery(one.target, one.key, one.outcome, one.at, is_last)
        last[target, key] = run, len(run.deliveries)
        run.deliveries.append(Delivery(target, key, Outcome(event["what"]), event["at"]))
    return found


def _begin(found: list[Run], causes: dict[str, int], id_: str, event: Mapping[str, Any]) -> None:
    """Note what may be a cause; what happened at the same moment for the same reason is one."""
    what, record, target = event["what"], event.get("record"), event.get("target")
    seen = what in tuple(ChangeKind)
    cause = CHANGES if seen else what
    about = "" if seen else str(event.get("hold") or event.get("run") or target or "")
    by = str(event.get("by", ""))
    last = found[-1] if found else None
    is_same = last is not None and (last.cause, last.about, last.by) == (cause, about, by)
    if last is None or not is_same or event["at"] > last.at + (0.0 if seen else _SAME):
        found.append(Run(id_, event["at"], cause, by, about))
    found[-1].seen += seen
    both = f"{target} {record}" if record and target else str(record or target or "")
    causes[both] = causes[""] = len(found) - 1


def as_json(bridge: Bridge, run: Run) -> dict[str, Any]:
    """A run for `--json` and the API: `{id, at, cause, by, about, seen, counts}`."""
    return {
        "id": run.id,
        "at": local(run.at, bridge.values.zone),
        "cause": run.cause,
        "by": run.by or None,
        "about": run.about or None,
        "seen": run.seen,
        "counts": run.counts(),
    }


def deliveries_json(bridge: Bridge, run: Run) -> list[dict[str, Any]]:
    """What a run did: `{record, target, what, at}`."""
    return [
        {
            "record": str(one.key),
            "target": one.target,
            "what": str(one.outcome),
            "at": local(one.at, bridge.values.zone),
        }
        for one in run.deliveries
    ]
