"""Days and times as people write them in a language, in the zone of the bridge."""

from __future__ import annotations

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

from service.operations.times import local
from service.web.pages.language import Speaker

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_UNITS = (
    (60, 1, "{n} s ago"),
    (3600, 60, "{n} min ago"),
    (86400, 3600, "{n} h ago"),
    (float("inf"), 86400, "{n} d ago"),
)


Moment = float | datetime | None
"""Epoch seconds, or a moment that knows its zone."""


class Times:
    """Tells times in a zone and a language; "" for none."""

    def __init__(self, zone: ZoneInfo, speaker: Speaker) -> None:
        self._zone = zone
        self._speaker = speaker

    def when(self, at: Moment) -> str:
        """Day and time with its zone, to the second."""
        moment = self._moment(at)
        return f"{self._day(moment.date())}, {moment:%H:%M:%S %Z}" if moment else ""

    def clock(self, at: Moment) -> str:
        """The time of day with its zone."""
        moment = self._moment(at)
        return f"{moment:%H:%M:%S %Z}" if moment else ""

    def day(self, at: Moment | date | str) -> str:
        """A day; also of a date, or of text such as 2026-11-30, which stays as it is where it is none."""
        if isinstance(at, str):
            try:
                at = date.fromisoformat(at[:10])
            except ValueError:
                return str(at)
        if isinstance(at, date) and not isinstance(at, datetime):
            return self._day(at)
        moment = self._moment(at)
        return self._day(moment.date()) if moment else ""

    def ago(self, at: Moment) -> str:
        """How long ago something was, in one unit."""
        if not at:
            return ""
        seconds = max(0.0, time.time() - _seconds(at))
        size, text = next((size, text) for limit, size, text in _UNITS if seconds < limit)
        return self._speaker(text, n=int(seconds // size))

    def _moment(self, at: Moment) -> datetime | None:
        return local(_seconds(at), self._zone) if at else None

    def _day(self, day: date) -> str:
        match self._speaker.language:
            case "de":
                return f"{day:%d.%m.%Y}"
            case "es":
                return f"{day:%d/%m/%Y}"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _seconds(at: float | datetime) -> float:
    return at.timestamp() if isinstance(at, datetime) else at
