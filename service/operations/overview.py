"""One true word about everything, and the numbers behind it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bridge.model import Key, Kind
from service.operations.board import Sight
from service.operations.standing import Standing

_WORST = (Standing.FAILING, Standing.HELD, Standing.WAITING, Standing.IN_STEP, Standing.LEFT_OUT)


class State(StrEnum):
    """How it is on the whole, the worst first."""

    EMPTY = "empty"  # no target, or Kenjo was never read
    BLIND = "blind"  # what Kenjo says now is not known: its last answer is old
    STOPPED = "stopped"  # a target takes nothing now
    LOOK = "look"  # somebody has to decide, or to put something right
    BUSY = "busy"  # on its way
    FINE = "fine"  # all is as it should be


@dataclass(frozen=True, slots=True)
class Overview:
    """`people` who are in Kenjo; `places`: how many of them stand where, each once, in the worst of places.

    `stopped` are targets that take nothing now, with the reason; `age`: seconds since Kenjo was read, None
    before it ever was.
    """

    state: State
    people: int
    groups: int
    targets: int
    places: Mapping[Standing, int]
    stopped: Mapping[str, str]
    age: float | None


def overview(sight: Sight, holds: int, interval: float, now: float) -> Overview:
    """How it is `now` (epoch seconds). `holds`: open decisions; `interval`: seconds between polls."""
    places = Counter(worst_places(sight).values())
    there = Counter(key.kind for key, stored in sight.known.items() if not stored.gone)
    stopped = {name: one["reason"] for name, one in sight.targets.items() if one["state"] != "running"}
    age = None if sight.snapshot is None else max(0.0, now - sight.snapshot["at"])
    return Overview(
        _state(age, interval, places, holds, has_targets=bool(sight.targets), stopped=bool(stopped)),
        there[Kind.PERSON],
        there[Kind.TEAM],
        len(sight.targets),
        {standing: places[standing] for standing in Standing},
        stopped,
        age,
    )


def worst_places(sight: Sight) -> dict[Key, Standing]:
    """Of each person the worst of the places at all targets."""
    found: dict[Key, Standing] = {}
    for stands in sight.stands.values():
        for key, stand in stands.items():
            if key.kind is Kind.PERSON:
                former = found.get(key, Standing.LEFT_OUT)
                found[key] = min(former, stand.standing, key=_WORST.index)
    return found


def _state(
    age: float | None,
    interval: float,
    places: Counter[Standing],
    holds: int,
    *,
    has_targets: bool,
    stopped: bool,
) -> State:
    if age is None or not has_targets:
        return State.EMPTY
    if age > late_after(interval):
        return State.BLIND
    if stopped:
        return State.STOPPED
    if places[Standing.FAILING] or places[Standing.HELD] or holds:
        return State.LOOK
    return State.BUSY if places[Standing.WAITING] else State.FINE


def late_after(interval: float) -> float:
    """Seconds after which a snapshot is old: three polls were missed, and no less than five minutes."""
    return max(3 * interval, 300.0)
