"""One hold, a page of its records at a time: what is chosen on one page stays chosen on the others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from aiohttp import web

from bridge.errors import NotThere
from bridge.store import Hold
from service.operations import holds
from service.operations.assembly import Bridge
from service.operations.board import Board, Sight
from service.web.guard import VISITOR
from service.web.pages.paging import page_of
from service.web.pages.records import told
from service.web.pages.rendering import Renderer

PAGE = 200
"""Records of a hold on one page."""


class Choosing:
    """`/decide/holds/{id}`. A form carries what is chosen from page to page: no script is needed for it."""

    def __init__(self, bridge: Bridge, board: Board, renderer: Renderer) -> None:
        self._bridge = bridge
        self._board = board
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """A page of the records, with nobody chosen."""
        return await self._page(request, request.query.get("page", ""), [], "")

    async def turn(self, request: web.Request) -> web.Response:
        """Another page, with those who were chosen so far. Nothing is decided."""
        form = await request.post()
        return await self._page(
            request, str(form.get("page", "")), chosen_in(form), str(form.get("version", ""))
        )

    async def _page(
        self, request: web.Request, number: str, chosen: Collection[str], seen: str
    ) -> web.Response:
        try:
            hold = await holds.find(self._bridge, request.match_info["id"])
        except NotThere as gone:
            return self._renderer.to("/decide", said=str(gone))
        sight = await self._board.look()
        rows = who(hold, sight, names=request[VISITOR].sees_values)
        here = page_of(rows, number, PAGE)
        kept = set(chosen).intersection(hold.choosable)
        return self._renderer.page(
            request,
            "hold.html",
            hold=hold,
            rows=here.rows,
            page=here.number,
            last=here.last,
            chosen=kept,
            elsewhere=sorted(kept.difference(row["record"] for row in here.rows)),
            changed=seen not in ("", hold.version),
        )


def chosen_in(form: Any) -> list[str]:
    """The records that a form has chosen: on its page, and on those before it."""
    return list(dict.fromkeys(str(one) for name in ("chosen", "record") for one in form.getall(name, [])))


def who(hold: Hold, sight: Sight, *, names: bool) -> list[dict[str, Any]]:
    """The records of a hold by name, those on whom can be decided apart before the others."""
    choosable = set(hold.choosable)
    rows = [told({"record": key}, sight, names=names) for key in hold.keys]
    return sorted(
        rows, key=lambda row: (row["record"] not in choosable, row["name"].casefold(), row["record"])
    )
