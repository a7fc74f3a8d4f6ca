"""The first page: one sentence, Kenjo, the targets, what comes, what happened."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from service.operations import undoing
from service.operations.assembly import Bridge
from service.operations.board import Board, Sight
from service.operations.outlook import Coming, coming, done_by_day
from service.operations.overview import overview
from service.operations.standing import Standing
from service.web.guard import VISITOR
from service.web.pages.records import named, told
from service.web.pages.rendering import Renderer

_FEED = 12


class Overview:
    """`/`."""

    def __init__(self, bridge: Bridge, board: Board, renderer: Renderer) -> None:
        self._bridge = bridge
        self._board = board
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """The whole page."""
        return self._renderer.page(request, "overview.html", **await self._facts(request))

    async def part(self, request: web.Request) -> web.Response:
        """What changes on it."""
        return self._renderer.page(request, "parts/overview.html", **await self._facts(request))

    async def _facts(self, request: web.Request) -> dict[str, Any]:
        sight, values, now = await self._board.look(), self._bridge.values, time.time()
        holds = [hold for hold in await self._bridge.backend.holds.all() if hold.state == "open"]
        interval = values.kenjo.poll_interval
        found = overview(sight, len(holds), interval, now)
        events = await self._bridge.backend.audit.read(_FEED)
        names = request[VISITOR].sees_values
        return {
            "found": found,
            "sight": sight,
            "holds": holds,
            "undone": undoing.lasting(sight.entries, sight.stands),
            "next_poll": sight.snapshot["at"] + interval if sight.snapshot else None,
            "places": list(Standing),
            "coming": [
                _told(one, sight, names=names) for one in coming(sight, now, values.zone, values=names)
            ],
            "chart": await self._chart(now),
            "events": [told(event, sight, names=names) for event in events],
        }

    async def _chart(self, now: float) -> list[dict[str, Any]]:
        """How many changes were done on each of the last days, and how high that is."""
        done = await done_by_day(self._bridge, now)
        highest = max([*done.values(), 1])
        return [
            {"day": day, "count": count, "height": round(80 * count / highest)} for day, count in done.items()
        ]


def _told(one: Coming, sight: Sight, *, names: bool) -> dict[str, Any]:
    row = {"day": one.day.isoformat(), "what": one.what, "target": one.target}
    return {**row, **named(one.key, sight, names=names)}
