"""A plan as a value: what a sync would do at each target, what waits, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bridge.model import Entry, Key, RecordChange, Snapshot, Stored
from bridge.store import Survey
from service.operations.steps import Step


@dataclass(frozen=True, slots=True)
class Waits:
    """A hold that is there, or that a sync would raise. `count`: how many records it holds back."""

    id: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """What a sync would do at one target.

    `parked` are records that failed before and are not tried again by themselves; `survey` is what first
    contact found, if this is one; `paused` is why the target's gate is closed now; `trouble` why it cannot be
    asked. `drifted` are records that somebody had changed at the target when a worker last looked: a sync
    leaves them as they are, unless it is to repair them.
    """

    steps: tuple[Step, ...] = ()
    holds: tuple[Waits, ...] = ()
    parked: tuple[tuple[Key, Entry], ...] = ()
    survey: Survey | None = None
    paused: str = ""
    trouble: str = ""
    drifted: tuple[str, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether anything would be sent, now or after an approval, or would fail anew."""
        return any(step.acts or step.action in ("failed", "retrying") for step in self.steps)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan. `held`: why nothing would be done at all; `day`: the day it is for, if not today."""

    snapshot: Snapshot
    changes: tuple[RecordChange, ...]
    records: Mapping[Key, Stored]
    targets: Mapping[str, TargetPlan]
    held: str = ""
    day: date | None = None

    @property
    def stands(self) -> bool:
        """Whether this is what a sync would do: Kenjo is believed, and every target has answered."""
        return not self.held and not any(target.trouble for target in self.targets.values())

    @property
    def exit_code(self) -> int:
        """0 nothing to do, 2 changes, 3 a problem: also rows of Kenjo that cannot be used."""
        if not self.stands or self.snapshot.partial:
            return 3
        return 2 if any(target.acts for target in self.targets.values()) else 0
