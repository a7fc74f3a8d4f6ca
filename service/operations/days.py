"""The moment that a plan is for: now, or noon of a day to come."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError


def moment_of(values: BridgeSettings, day: date | None, now: datetime) -> datetime:
    """Now, or noon of a day to come. Raises ConfigurationError for a day that has passed."""
    if day is None:
        return now
    if day < now.astimezone(values.zone).date():
        raise ConfigurationError(f"{day} has passed: --on takes today or a day to come")
    moment = datetime.combine(day, time(12), values.zone)
    return max(moment, now + timedelta(seconds=1))
