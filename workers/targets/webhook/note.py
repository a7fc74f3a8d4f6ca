"""What is noted of one object: what its receiver has, and what it may have. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from workers.targets.webhook.event import Data, Event, is_open

MOST = 8
"""Events without an answer that are remembered; of more, the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Note:
    """`given` are the data of the last event that the receiver has acknowledged, None before the first one.

    `sent` are events that were begun since and not acknowledged: any of them may have arrived. `number` is
    that of the newest event, in microseconds since 1970, so that it goes on growing when Redis has lost it.
    """

    number: int = 0
    given: Data | None = None
    sent: tuple[Event, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Note | None:
        """Read what `stored` gave."""
        if stored is None:
            return None
        return cls(stored["number"], stored["given"], tuple(Event(**event) for event in stored["sent"]))

    @property
    def stored(self) -> dict[str, Any]:
        """As JSON values."""
        return {"number": self.number, "given": self.given, "sent": [asdict(event) for event in self.sent]}

    @property
    def states(self) -> list[Data]:
        """The data of which one is what the receiver has; {} for no such object."""
        return [self.given or {}, *({} if event.what == "deleted" else event.data for event in self.sent)]

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
        if self.sent and (self.sent[-1].what, self.sent[-1].data) == (event.what, event.data):
            return self
        number = max(self.number + 1, int(now * 1_000_000))
        return replace(self, number=number, sent=(*self.sent, event)[-MOST:])

    def acknowledged(self) -> Note:
        """The note after the newest event has arrived."""
        return Note(self.number, self.states[-1] or None)
