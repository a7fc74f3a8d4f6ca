"""Where a person stands on a given day. Pure: the day is passed in."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from bridge.model import Lifecycle


def lifecycle(
    *, is_active: bool, start: date | None, end: date | None, today: date, lead_days: int = 0
) -> Lifecycle:
    """Derive the lifecycle from Kenjo's `isActive`, start date and contract end.

    The first day is `start` less `lead_days`, the last one is `end` itself; a date that is None sets no
    limit. A start after the end is a re-hire: the end belongs to the contract before. Between two contracts
    a person has left, and who still works under the old one is not upcoming.
    """
    # By day numbers: a date cannot be less than the year 1, whatever the lead.
    begun = start is None or start.toordinal() - lead_days <= today.toordinal()
    ended = end is not None and end < today
    rehired = start is not None and end is not None and end < start
    if ended and not (rehired and begun):
        return Lifecycle.LEFT
    works = rehired and not ended and is_active
    if not begun and not works:
        return Lifecycle.UPCOMING
    return Lifecycle.ACTIVE if is_active else Lifecycle.INACTIVE


def today_in(zone: ZoneInfo, now: datetime) -> date:
    """The calendar day in a time zone. `now` must know its own zone, else ValueError."""
    if now.utcoffset() is None:
        raise ValueError("the time has no zone, so it is no moment")
    return now.astimezone(zone).date()
