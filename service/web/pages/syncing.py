"""Bringing one record up to date now: what would be done, and doing it."""

from __future__ import annotations

from aiohttp import web

from bridge.errors import BridgeError, NotThere
from service.operations import syncing
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web.guard import VISITOR
from service.web.pages.records import key_of, link_of, told
from service.web.pages.rendering import Renderer
from service.web.pages.steps import SHOWN, grouped
from service.web.visitors import acting_as


class Syncing:
    """`/people/{id}/sync`, and the same of groups. For those who see values."""

    def __init__(self, bridge: Bridge, board: Board, renderer: Renderer) -> None:
        self._bridge = bridge
        self._board = board
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """What would be done at each target."""
        key, sight = key_of(request), await self._board.look()
        try:
            found = await syncing.look(self._bridge, key)
        except NotThere:
            return self._renderer.page(request, "nobody.html", status=404, id=key.id)
        except BridgeError as error:
            return self._renderer.to(link_of(key), said=str(error))
        return self._renderer.page(
            request,
            "sync.html",
            who=told({"record": str(key)}, sight, names=True),
            targets={name: grouped(one, sight.known, values=True) for name, one in found.items()},
            shown=SHOWN,
        )

    async def sync(self, request: web.Request) -> web.Response:
        """Do it."""
        key = key_of(request)
        with acting_as(request[VISITOR]):
            try:
                await syncing.sync_now(self._bridge, key)
                said = "synced"
            except NotThere as error:
                said = str(error)
        return self._renderer.to(link_of(key), said=said)
