"""How a record stands at a target for others who look at it: what it has, waits for, and has let go. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.model import Entry, Outcome, State, Stored
from bridge.store.waiting import stance


@dataclass(frozen=True, slots=True)
class Sight:
    """A record as it stands at a target, read without its lock; None for what there is not.

    `begun`: a delivery of it has begun, and not settled.
    """

    stored: Stored | None = None
    entry: Entry | None = None
    link: str | None = None
    begun: bool = False

    @property
    def stance(self) -> str:
        """How it stands for those who wait for it."""
        return stance(self.stored, self.entry, linked=self.link is not None)

    def has_let_go(self, remote_id: str, external_id: str) -> bool:
        """Whether an object that this record had reserved became another's to take: it never got its link.

        It has another object by now; or none, and the deliveries that followed knew of none. `external_id`:
        what the object carries.
        """
        if self.link is not None:
            return self.link != remote_id
        if self.entry is None or self.begun or self.entry.tells_of_an_object:
            return False
        return self.stored is None or external_id != self.stored.record.key.id

    @property
    def is_there(self) -> bool:
        """Whether a record that others were given as a reference has its object still, linked or not."""
        if self.link is not None or self.entry is None:
            return self.link is not None
        if self.entry.outcome is Outcome.DELETED:
            return False
        return self.entry.state is not State.SKIPPED or self.entry.tells_of_an_object
