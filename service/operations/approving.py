"""Approving a plan where a service runs: what it shows is done now, what the limits hold back of it included.

`sync --plan` does a signed plan by itself. A service polls and delivers anyway: so to approve there is to let
Kenjo be read at once, and to approve the holds that the plan has shown, as long as they are still those.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.errors import ConfigurationError
from bridge.store import Hold
from service.operations import holds
from service.operations.assembly import Bridge
from service.operations.planning import plan
from service.operations.plans import Plan
from service.operations.polling import AskedTooOften, ask_for_poll
from service.operations.signing import version

PATIENCE = 30.0
"""Seconds for which the poll is waited for that sees what the plan has seen."""


@dataclass(frozen=True, slots=True)
class Approved:
    """The ids of the holds that were approved, and of those that are other ones by now: these stay."""

    holds: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


async def approve(bridge: Bridge, moment: datetime, seen: str, only: Collection[str] = ()) -> Approved:
    """Approve the plan that was `seen`, in the operator's name. `only`: for these targets.

    Raises ConfigurationError when something else would be done by now, when it cannot be said what would be
    done, and when nobody polls; SourceUnavailable.
    """
    found = await plan(bridge, moment, only)
    if not found.stands:
        raise ConfigurationError("it cannot be said now what would be done; nothing was approved")
    if version(bridge, found) != seen:
        raise ConfigurationError(
            "what would be done has changed since: look at it again; nothing was approved"
        )
    await _polled(bridge)
    there = {hold.id: hold for hold in await bridge.backend.holds.all() if hold.state != "approved"}
    done, left = [], []
    for id_, keys in _held(found).items():
        hold = there.get(id_)
        if hold and _is_same(hold, keys):
            await holds.decide(bridge, id_, approve=True, by=None, seen=hold.version)
            done.append(id_)
        elif hold:
            left.append(id_)
    return Approved(tuple(done), tuple(left))


async def _polled(bridge: Bridge) -> None:
    """Let Kenjo be read, and wait for it."""
    begun = time.time()
    with contextlib.suppress(AskedTooOften):  # that one comes, or the next
        await ask_for_poll(bridge)
    while time.time() < begun + PATIENCE:
        snapshot = await bridge.backend.records.last_snapshot()
        if snapshot and snapshot["at"] >= begun:
            return
        await asyncio.sleep(0.2)
    raise ConfigurationError(
        "Kenjo has not been read meanwhile; nothing was approved: try again, or see check"
    )


def _held(found: Plan) -> Mapping[str, set[str]]:
    """By hold the records that the plan has shown as held by it."""
    held: dict[str, set[str]] = {}
    for target in found.targets.values():
        for step in target.steps:
            if step.hold:
                held.setdefault(step.hold, set()).add(str(step.key))
    return held


def _is_same(hold: Hold, shown: Collection[str]) -> bool:
    """Whether a hold is about what the plan has shown; groups that only wait along need not be shown.

    One without records is about all of its target.
    """
    return not hold.keys or set(hold.choosable) <= set(shown) <= set(hold.keys)
