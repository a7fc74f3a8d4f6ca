"""What one sync does with each record, as its deliveries tell it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.metrics import Metrics
from bridge.model import Entry, Key, Outcome, State
from bridge.store import Claim


@dataclass(slots=True)
class Tally:
    """What happened to each record in this run; a created person who then gets a manager was created."""

    metrics: Metrics
    outcomes: dict[tuple[str, Key], Outcome] = field(default_factory=dict)

    def settled(self, target: str, claim: Claim, entry: Entry, answered: float) -> None:
        """Note the first thing that was done; what is done later for the same record refines it."""
        self.metrics.settled(target, claim, entry, answered)
        place = (target, claim.stored.record.key)
        if self.outcomes.get(place) in (None, Outcome.FAILED, Outcome.UNCHANGED, Outcome.SKIPPED):
            self.outcomes[place] = entry.outcome

    def paused(self, target: str, state: str, reason: str) -> None:
        """Pass it on."""
        self.metrics.paused(target, state, reason)

    def resumed(self, target: str) -> None:
        """Pass it on."""
        self.metrics.resumed(target)


def column(entry: Entry, outcome: Outcome | None) -> str:
    """In which column a record counts, by its place in the ledger and by what was done in this run."""
    if entry.state in (State.FAILED, State.RETRYING):
        return "failed"
    if outcome in (None, Outcome.FAILED, Outcome.UNCHANGED, Outcome.SKIPPED):
        return "skipped" if entry.state is State.SKIPPED else "unchanged"
    return str(outcome)
