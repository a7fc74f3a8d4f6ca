"""What a plan says of one record: what its delivery would do, or why it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.exchange import FieldChange
from bridge.model import Key, Outcome
from workers.delivery.choosing import Choice
from workers.delivery.matching import Verdict

RETRYING = "retrying"
"""The action of a step that would have to wait."""

_SENDS = (Outcome.CREATED, Outcome.ADOPTED, Outcome.UPDATED, Outcome.DEACTIVATED, Outcome.DELETED)


@dataclass(frozen=True, slots=True)
class Step:
    """What a delivery of one record would do.

    `action`: an outcome of deliveries, or `retrying` when it would have to wait. `remote_id` is what there is
    before, `verdict` what its matches make of it (None: not looked up), `hold` what holds the step back,
    `awaits` the record whose step has to be done first. `choices` is what a new account would get that nobody
    else has.
    """

    key: Key
    action: str
    reason: str = ""
    changes: tuple[FieldChange, ...] = ()
    remote_id: str | None = None
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    verdict: Verdict | None = None
    delete_at: float = 0.0
    hold: str = ""
    awaits: Key | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether something would be sent to the target."""
        return self.action in _SENDS


def circle(waiting: Mapping[Key, Key]) -> list[Key]:
    """The first records that wait for each other in a circle, in order; none: an empty list. Pure."""
    for start in sorted(waiting):
        passed: list[Key] = []
        key = start
        while key in waiting and key not in passed:
            passed.append(key)
            key = waiting[key]
        if key == start and passed:
            return sorted(passed)
    return []
