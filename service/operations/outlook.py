"""What the next days bring by themselves, and how much was done on each of the last."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bridge.model import DAY, HORIZON, Key
from service.operations.assembly import Bridge
from service.operations.board import Sight
from service.operations.standing import Standing
from service.operations.times import local


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that happens by itself. `target` is "" for what comes from Kenjo."""

    day: date
    key: Key
    target: str
    what: str


def coming(sight: Sight, now: float, zone: ZoneInfo, *, values: bool) -> list[Coming]:
    """First and last days, and what targets are then given, in `bridge.model.HORIZON` days. Pure.

    `values`: whether the reader may see days of people's contracts.
    """
    found = []
    for record, day, what in (sight.snapshot or {}).get("coming", ()) if values else ():
        words = "first day" if what == "starts" else "last day"
        found.append(Coming(date.fromisoformat(day), Key.parse(record), "", words))
    for target, stands in sight.stands.items():
        for key, stand in stands.items():
            if stand.standing is not Standing.WAITING and now <= stand.at < now + HORIZON * DAY:
                found.append(Coming(_day(stand.at, zone), key, target, stand.then))
    return sorted(found, key=lambda one: (one.day, one.key, one.target))


async def done_by_day(bridge: Bridge, now: float) -> dict[date, int]:
    """How many changes targets were given on each of the last `bridge.model.HORIZON` days, today last."""
    today = _day(now, bridge.values.zone)
    days = [today - timedelta(days=back) for back in range(HORIZON - 1, -1, -1)]
    counted: Counter[date] = Counter()
    for at, number in (await bridge.backend.given.between(now - (HORIZON + 1) * DAY, now)).items():
        counted[_day(at, bridge.values.zone)] += number
    return {day: counted[day] for day in days}


def _day(at: float, zone: ZoneInfo) -> date:
    return local(at, zone).date()
