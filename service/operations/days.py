"""The moment that a plan is for: now, or the end of a day to come."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError


def moment_of(values: BridgeSettings, day: date | None, now: datetime) -> datetime:
    """Now, or the last moment of a day in the company's time zone: all that the day brings is in its plan.

    So is the first day of somebody in an office where that begins later, and a deletion that falls due in
    the evening. Raises ConfigurationError for a day that has passed.
    """
    if day is None:
        return now
    if day < now.astimezone(values.zone).date():
        raise ConfigurationError(f"{day} has passed: take today or a day to come")
    if day == date.max:
        raise ConfigurationError(f"{day - timedelta(days=1)} is the last day that can be planned")
    midnight = datetime.combine(day + timedelta(days=1), time(), values.zone)
    return midnight.astimezone(UTC) - timedelta(microseconds=1)
