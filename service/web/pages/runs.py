"""What was done at the targets, run by run, and the way back."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bridge.errors import BridgeError, ConfigurationError, NotThere
from service.operations import runs, undoing
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.operations.naming import name_of
from service.operations.undoing import Way
from service.web.guard import VISITOR
from service.web.pages.records import link_of, told
from service.web.pages.rendering import Renderer
from service.web.pages.steps import SHOWN, grouped
from service.web.visitors import acting_as

_RUNS = 50
_DELIVERIES = 500

PATH = "/history/runs"


class Runs:
    """`/history/runs`. To go back is for operators."""

    def __init__(self, bridge: Bridge, board: Board, renderer: Renderer) -> None:
        self._bridge = bridge
        self._board = board
        self._renderer = renderer

    async def list(self, request: web.Request) -> web.Response:
        """The newest runs."""
        found = [runs.as_json(self._bridge, run) for run in await runs.runs(self._bridge, _RUNS)]
        return self._renderer.page(
            request, "runs.html", runs=found, said=request.query.get("said", "")[:1000]
        )

    async def show(self, request: web.Request) -> web.Response:
        """What one run did, record by record."""
        try:
            run = await runs.find(self._bridge, request.match_info["id"])
        except NotThere as error:
            return self._gone(request, error)
        sight, names = await self._board.look(), request[VISITOR].sees_values
        rows = [
            told(row, sight, names=names) for row in runs.deliveries_json(self._bridge, run)[:_DELIVERIES]
        ]
        standing = {one.run: one for one in undoing.lasting(sight.entries, sight.stands)}
        return self._renderer.page(
            request,
            "run.html",
            run=runs.as_json(self._bridge, run),
            rows=rows,
            more=len(run.deliveries) - len(rows),
            lasting=standing.get(run.id),
        )

    async def look(self, request: web.Request) -> web.Response:
        """What the way back would do."""
        try:
            way = await self._way(request)
        except NotThere as error:
            return self._gone(request, error)
        except BridgeError as error:
            return self._renderer.page(request, "way.html", way=None, reason=str(error), **_of(request))
        sight = await self._board.look()
        return self._renderer.page(
            request,
            "way.html",
            way=way,
            targets={name: grouped(one, sight.known, values=True) for name, one in way.targets.items()},
            left=_left(way, sight.known),
            shown=SHOWN,
            **_of(request),
        )

    async def go(self, request: web.Request) -> web.Response:
        """Do what was looked at."""
        form = await request.post()
        with acting_as(request[VISITOR]):
            try:
                number = await undoing.carry_out(
                    self._bridge, await self._way(request), str(form.get("version", "")) or "none"
                )
                said = f"{request.match_info['way']}:{number}"
            except ConfigurationError as error:
                said = str(error)
        return self._renderer.to(PATH, said=said)

    async def _way(self, request: web.Request) -> Way:
        look = undoing.redo if request.match_info["way"] == "redo" else undoing.undo
        return await look(self._bridge, request.match_info["id"])

    def _gone(self, request: web.Request, error: NotThere) -> web.Response:
        return self._renderer.page(
            request, "way.html", status=404, way=None, reason=str(error), **_of(request)
        )


def _of(request: web.Request) -> dict[str, Any]:
    return {"run": request.match_info["id"], "again": request.match_info.get("way") == "redo"}


def _left(way: Way, known: Any) -> dict[str, list[dict[str, Any]]]:
    """What stays as it is, by the reason."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in way.left:
        row = {"name": name_of(known.get(one.key)) or one.key.id, "link": link_of(one.key)}
        found.setdefault(one.why, []).append({**row, "target": one.target})
    return found
