"""`audit`: who did what when, as far as somebody wants to know."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

from bridge.errors import ConfigurationError, WhoIsMeant
from bridge.printable import did_you_mean
from bridge.store.audit import KINDS, Wanted
from service.operations.assembly import Bridge
from service.operations.finding import find
from service.operations.naming import literal
from service.operations.times import local

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"(\d{1,4})([mhdw])")


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody wants to see, as they wrote it; what is empty or None chooses nothing."""

    who: Sequence[str] = ()
    target: str | None = None
    kinds: Collection[str] = ()
    since: str | None = None
    until: str | None = None


async def audit(
    bridge: Bridge, search: Search, count: int, now: datetime
) -> tuple[list[dict[str, Any]], bool]:
    """The newest events of those, the newest last, and whether there are more. Raises ConfigurationError."""
    for kind in search.kinds:
        if kind not in KINDS:
            raise ConfigurationError(
                f"there is no event '{kind}'{did_you_mean(kind, KINDS)} (there is: {', '.join(KINDS)})"
            )
    target = search.target or ""
    if target and target not in (there := bridge.routes.keys() | await bridge.backend.targets()):
        raise ConfigurationError(f"there is no target '{target}' (there is: {', '.join(sorted(there))})")
    zone = bridge.values.zone
    since = _moment("--since", search.since, zone, now) if search.since else 0.0
    until = _moment("--until", search.until, zone, now, end=True) if search.until else math.inf
    if since >= until:
        raise ConfigurationError("--since is not before --until: there is no time between them")
    records = {name for who in search.who for name in await _records(bridge, who)}
    wanted = Wanted(records, search.kinds, target, since, until)
    events = await _read(bridge, wanted, count + 1)
    return events[-count:], len(events) > count


async def events_of(bridge: Bridge, record: str, count: int) -> list[dict[str, Any]]:
    """The last events of one record, the newest last."""
    return await _read(bridge, Wanted([record]), count)


async def _read(bridge: Bridge, wanted: Wanted, count: int) -> list[dict[str, Any]]:
    """Events as they are told: the newest last, with local times."""
    events = await bridge.backend.audit.read(count, wanted)
    return [{**event, "at": local(event["at"], bridge.values.zone)} for event in reversed(events)]


async def _records(bridge: Bridge, who: str) -> list[str]:
    """What events call somebody; an id may be of a record that is not stored any more."""
    try:
        return [str(await find(bridge, who))]
    except WhoIsMeant as error:
        names = [str(key) for key in literal(who)]
        if error.none and await bridge.backend.audit.read(1, Wanted(names)):
            return names
        raise


def _moment(option: str, text: str, zone: ZoneInfo, now: datetime, *, end: bool = False) -> float:
    """When a text says, in epoch seconds; of a day its begin, or its `end`. Raises ConfigurationError."""
    try:
        if found := _AGO.fullmatch(text):
            return (now - timedelta(**{_UNITS[found[2]]: int(found[1])})).timestamp()
        if len(text) == len("2026-11-01"):
            day = date.fromisoformat(text) + timedelta(days=end)
            return datetime.combine(day, clock_time(), zone).timestamp()
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"{option} '{text}' is no time: write how long ago it was, such as 30m, 12h, 2d or 1w, or a day"
            " or a time, such as 2026-11-01 or 2026-11-01T18:30"
        ) from None
