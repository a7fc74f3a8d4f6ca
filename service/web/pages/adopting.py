"""Saying whose an account is: what would come of it, and doing it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bridge.errors import BridgeError, ConfigurationError
from service.operations import adopting
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.operations.candidates import candidates
from service.web.guard import VISITOR
from service.web.pages.records import key_of, link_of, told
from service.web.pages.rendering import Renderer
from service.web.visitors import acting_as


class Adopting:
    """`/people/{id}/candidates` and `/people/{id}/adopt`, and the same of groups."""

    def __init__(self, bridge: Bridge, board: Board, renderer: Renderer) -> None:
        self._bridge = bridge
        self._board = board
        self._renderer = renderer

    async def candidates(self, request: web.Request) -> web.Response:
        """The accounts to choose from, side by side; a part of a page."""
        key, target, names = key_of(request), request.query.get("target", ""), request[VISITOR].sees_values
        try:
            found = await candidates(self._bridge, target, str(key), values=names)
        except BridgeError as error:
            return self._renderer.page(request, "parts/trouble.html", reason=str(error))
        sight = await self._board.look()
        owners = {
            one["owner"]: told({"record": one["owner"]}, sight, names=names)
            for one in found["accounts"]
            if one["owner"]
        }
        return self._renderer.page(
            request,
            "parts/candidates.html",
            link=link_of(key),
            target=target,
            found=found,
            owners=owners,
        )

    async def show(self, request: web.Request) -> web.Response:
        """From whom the account is taken, and what the next delivery would write."""
        key, sight, found, reason = key_of(request), await self._board.look(), None, ""
        target, account = (request.query.get(name, "").strip() for name in ("target", "account"))
        try:
            found = await adopting.adoption(self._bridge, target, str(key), account)
        except ConfigurationError as error:
            reason = str(error)
        owner: dict[str, Any] | None = None
        if found and found["owner"]:
            owner = told({"record": found["owner"]}, sight, names=True)
        return self._renderer.page(
            request,
            "adopt.html",
            who=told({"record": str(key)}, sight, names=True),
            target=target,
            account=account,
            found=found,
            owner=owner,
            reason=reason,
        )

    async def adopt(self, request: web.Request) -> web.Response:
        """Say that the account is this one's."""
        key, form = key_of(request), await request.post()
        target, account = (str(form.get(name, "")) for name in ("target", "account"))
        with acting_as(request[VISITOR]):
            try:
                await adopting.adopt(self._bridge, target, str(key), account)
                said = f"adopted:{account}"
            except ConfigurationError as error:
                said = str(error)
        return self._renderer.to(link_of(key), said=said)
