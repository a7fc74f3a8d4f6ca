"""Which records a sync is to deliver when not all: one person, a few people first, or a signed plan."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bridge.commands import command
from bridge.errors import ConfigurationError
from bridge.model import Key, Snapshot, Stored
from service.operations.assembly import Bridge
from service.operations.finding import find
from service.operations.planning import plan_of
from service.operations.plans import Plan
from service.operations.signing import Signed, moved, read_plan
from service.watch.judging import Asks
from workers.connect import Connected

Chosen = Mapping[str, frozenset[Key]]
"""By target: the records to deliver. Everything else stays pending."""

Targets = Mapping[str, Connected]
Choose = Callable[[Bridge, Targets, Snapshot, Asks], Awaitable[Chosen]]
"""Chooses, when Kenjo has been read and nothing was written yet. Raises ConfigurationError to refuse."""


def only_person(who: str) -> Choose:
    """One person (or team), by whatever they are called (see `finding.find`)."""

    async def choose(bridge: Bridge, targets: Targets, snapshot: Snapshot, _: Asks) -> Chosen:
        snapshot = await bridge.backend.forgotten.without(snapshot)
        seen = {key: Stored(record, 0) for key, record in snapshot.records.items()}
        key = await find(bridge, who, seen)
        if key not in seen and await bridge.backend.records.get(key) is None:
            raise ConfigurationError(
                f"nothing is known of {key} that could be delivered: {command('explain', key)} says why"
            )
        return dict.fromkeys(targets, frozenset({key}))

    return choose


def planned(bridge: Bridge, file: Path) -> tuple[Signed, Choose]:
    """What a signed plan says, provided that it is still what would be done.

    Raises ConfigurationError for a file that is no plan of this bridge, and when something has moved.
    """
    signed = read_plan(bridge, file)

    async def choose(bridge: Bridge, targets: Targets, snapshot: Snapshot, source: Asks) -> Chosen:
        now = await plan_of(bridge, targets, snapshot, source, time.time())
        if differences := moved(bridge, signed, now):
            shown = "; ".join(differences[:10]) + ("; ..." if len(differences) > 10 else "")
            raise ConfigurationError(f"the plan is not what would be done now, so nothing was done: {shown}")
        await _reserve(bridge, now)
        return signed.chosen

    return signed, choose


async def _reserve(bridge: Bridge, plan: Plan) -> None:
    """Make what nobody else has the records' for whom it was planned, in whatever order they are delivered.

    Raises ConfigurationError when another one was faster.
    """
    for name, target in plan.targets.items():
        ledger = bridge.backend.ledger(name)
        for step in target.steps:
            for choice in step.choices if step.acts and not step.hold else ():
                if await ledger.hold(choice.attribute, choice.value, step.key) != step.key:
                    raise ConfigurationError(
                        f"{choice.attribute} of {step.key} at {name} was given to somebody else just now:"
                        " make the plan anew"
                    )
