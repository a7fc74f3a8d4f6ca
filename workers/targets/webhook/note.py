"""What is noted of one object: what its receiver has, and what it may have. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from workers.targets.webhook.event import Data, Event, is_open


@dataclass(frozen=True, slots=True)
class Note:
    """`given` are the data of the last event that the receiver has acknowledged, None before the first one.

    `sent` is an event that was begun since and not acknowledged: it may have arrived or not. `number` is that
    of the newest event, in milliseconds since 1970, so that it goes on growing when Redis has lost it.
    """

    number: int = 0
    given: Data | None = None
    sent: Event | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Note | None:
        """Read what `stored` gave."""
        if stored is None:
            return None
        sent = stored["sent"]
        return cls(stored["number"], stored["given"], Event(**sent) if sent else None)

    @property
    def stored(self) -> dict[str, Any]:
        """As JSON values."""
        return {"number": self.number, "given": self.given, "sent": asdict(self.sent) if self.sent else None}

    @property
    def states(self) -> list[Data]:
        """The data of which one is what the receiver has; {} for no such object."""
        given = self.given or {}
        if self.sent is None:
            return [given]
        return [given, {} if self.sent.what == "deleted" else self.sent.data]

    @property
    def latest(self) -> Data:
        """What was told last, whether it has arrived or not."""
        return self.states[-1] or self.states[0]

    @property
    def open(self) -> bool | None:
        """Whether a person has access, None where that depends on what has arrived."""
        found = {is_open(state) for state in self.states}
        return found.pop() if len(found) == 1 else None

    def begun(self, event: Event, now: float) -> Note:
        """The note before an event is sent. The same event again keeps its number, and so its id."""
        if self.sent and (self.sent.what, self.sent.data) == (event.what, event.data):
            return self
        return replace(self, number=max(self.number + 1, int(now * 1000)), sent=event)

    def acknowledged(self) -> Note:
        """The note after the event has arrived."""
        return Note(self.number, self.latest if self.sent and self.sent.what != "deleted" else None)
