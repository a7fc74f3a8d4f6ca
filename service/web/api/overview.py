"""How it is on the whole, and what comes."""

from __future__ import annotations

import time
from datetime import date
from typing import Literal

from service.operations.assembly import Bridge
from service.operations.board import Board
from service.operations.naming import name_of
from service.operations.outlook import coming, done_by_day
from service.operations.overview import overview
from service.web.api.values import Answer, MaybeText, MaybeWhen, Named, Place
from service.web.visitors import Visitor

State = Literal["empty", "blind", "stopped", "look", "busy", "fine"]
"""How it is in a word (`service.operations.overview.State`)."""


class Coming(Named):
    """Something that happens by itself in the next 14 days."""

    day: date
    what: str
    target: MaybeText
    """Where; null for a first or last day in Kenjo."""


class Done(Answer):
    """How many changes targets were given on a day."""

    day: date
    count: int


class Row(Answer):
    """A row of Kenjo that cannot be used: the last known values stay."""

    list: str
    id: MaybeText
    reason: str


class Overview(Answer):
    """How it is on the whole."""

    state: State
    """`empty`: no target, or Kenjo was never read; `blind`: Kenjo's last answer is old; `stopped`: a target
    takes nothing now; `look`: somebody has to decide or to put something right; `busy`: on its way;
    `fine`: all is as it should be."""
    people: int
    """How many there are in Kenjo."""
    groups: int
    places: dict[Place, int]
    """How many people stand where, each once, in the worst of their places."""
    stopped: dict[str, str]
    """Targets that take nothing now, and why."""
    holds: int
    """How many decisions are open."""
    last_poll: MaybeWhen
    """When Kenjo was read last."""
    next_poll: MaybeWhen
    problems: list[Row]
    warnings: list[str]
    coming: list[Coming]
    done: list[Done]


class Overviews:
    """`/overview`."""

    def __init__(self, bridge: Bridge, board: Board) -> None:
        self._bridge = bridge
        self._board = board

    async def overview(self, visitor: Visitor) -> Overview:
        """How it is on the whole: in a word, in numbers, what comes and what was done."""
        sight, values, now = await self._board.look(), self._bridge.values, time.time()
        holds = [hold for hold in await self._bridge.backend.holds.all() if hold.state == "open"]
        interval, seen = values.kenjo.poll_interval, sight.snapshot or {}
        found = overview(sight, len(holds), interval, now)
        names = visitor.sees_values
        ahead = [
            Coming(
                record=str(one.key),
                name=name_of(sight.known.get(one.key)) if names else None,
                day=one.day,
                what=one.what,
                target=one.target,
            )
            for one in coming(sight, now, values.zone, values=names)
        ]
        done = (await done_by_day(self._bridge, now)).items()
        return Overview(
            state=found.state.value,
            people=found.people,
            groups=found.groups,
            places={standing.field: number for standing, number in found.places.items()},
            stopped=dict(found.stopped),
            holds=len(holds),
            last_poll=seen.get("at"),
            next_poll=seen["at"] + interval if seen else None,
            problems=[
                Row(list=list_, id=id_, reason=reason) for list_, id_, reason in seen.get("problems", ())
            ],
            warnings=list(seen.get("warnings", ())),
            coming=ahead,
            done=[Done(day=day, count=count) for day, count in done],
        )
