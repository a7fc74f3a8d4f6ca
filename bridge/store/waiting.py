"""Where a record stands for another one that waits for it: parked, until that has moved. Pure."""

from __future__ import annotations

from bridge.model import Entry, State, Stored


def stance(stored: Stored | None, entry: Entry | None, *, linked: bool) -> str:
    """How a record stands at a target: other words whenever what it has there may be another than before.

    No clock takes part: the poller's and the workers' need not agree.
    """
    wanted = f"{stored.revision}{' gone' if stored.gone else ''}" if stored else "unknown"
    given = f"{entry.state} {entry.revision} {entry.config}" if entry else "never looked at"
    return f"{wanted}, {given}, {'linked' if linked else 'not linked'}"


def is_over(waiting: Entry, now: str) -> bool:
    """Whether a parked record's reason may be gone: the record that it awaits stands otherwise than then.

    `now`: the `stance` of that record.
    """
    return waiting.state is State.FAILED and bool(waiting.awaits) and waiting.awaited != now
