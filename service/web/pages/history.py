"""What happened, from the audit log."""

from __future__ import annotations

from typing import Literal

from aiohttp import web

from bridge.store.audit import KINDS, Wanted
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web.exporting import exported
from service.web.guard import VISITOR
from service.web.lines import streamed
from service.web.pages.records import told
from service.web.pages.rendering import Renderer

_PAGE = 100


class History:
    """`/history`."""

    def __init__(self, bridge: Bridge, board: Board, renderer: Renderer) -> None:
        self._bridge = bridge
        self._board = board
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """The newest events, those of a target or of a kind only where asked for."""
        target, what = (request.query.get(name, "")[:100] for name in ("target", "what"))
        sight, names = await self._board.look(), request[VISITOR].sees_values
        wanted = Wanted(kinds=[what] if what else [], target=target)
        events = await self._bridge.backend.audit.read(_PAGE + 1, wanted)
        return self._renderer.page(
            request,
            "history.html",
            events=[told(event, sight, names=names) for event in events[:_PAGE]],
            more=len(events) > _PAGE,
            target=target,
            what=what,
            targets=list(self._bridge.routes),
            kinds=KINDS,
        )

    async def export(self, request: web.Request) -> web.StreamResponse:
        """The same events, all of them, as a file: ids and no names."""
        target, what = (request.query.get(name, "")[:100] for name in ("target", "what"))
        wanted = Wanted(kinds=[what] if what else [], target=target)
        form: Literal["csv", "jsonl"] = "jsonl" if request.query.get("format") == "jsonl" else "csv"
        return await streamed(request, exported(self._bridge.backend.audit, wanted, form))
