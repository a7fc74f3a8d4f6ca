"""Times as they are told: in the company's zone, whoever asks and wherever the process runs. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bridge.printable import counted

_MINUTE, _HOUR, _DAY = 60, 3600, 86400  # seconds


def local(at: float, zone: ZoneInfo) -> datetime:
    """A moment of epoch seconds in a zone; in JSON it is ISO 8601 with the offset, in whole seconds."""
    return datetime.fromtimestamp(int(at), UTC).astimezone(zone)


def local_or_none(at: float, zone: ZoneInfo) -> datetime | None:
    """The same; None for 0, which stands for no moment."""
    return local(at, zone) if at else None


def told(moment: datetime) -> str:
    """A moment for a person, with its zone: `2026-03-02 08:32:05 CET`."""
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"


def ago(seconds: float) -> str:
    """How long ago something was: the largest unit of which there are two."""
    for unit, length in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)):
        if seconds >= 2 * length:
            return f"{counted(int(seconds // length), unit)} ago"
    return f"{counted(round(seconds), 'second')} ago"
