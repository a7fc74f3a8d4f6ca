"""Forgetting a person: what would be done, and what was."""

from __future__ import annotations

from aiohttp import web

from bridge.errors import ConfigurationError, WhoIsMeant
from bridge.model import Key, Kind
from service.operations import closing, forgetting
from service.operations.assembly import Bridge
from service.operations.naming import name_of
from service.web.guard import VISITOR
from service.web.pages.records import link_of
from service.web.pages.rendering import Renderer
from service.web.visitors import acting_as

_CHOICES = {"leave": False, "close": True}
"""What becomes of open accounts, as a form says it: whether they are closed."""


class Forgetting:
    """`/people/{id}/forget`. For those who see values."""

    def __init__(self, bridge: Bridge, renderer: Renderer) -> None:
        self._bridge = bridge
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """What would be erased, taken back and left open; of who is forgotten, what is left of them."""
        key = _key(request)
        try:
            await forgetting.find(self._bridge, str(key))
        except WhoIsMeant:
            return self._renderer.page(request, "nobody.html", status=404, id=key.id)
        rows = await forgetting.forgotten(self._bridge)
        return self._renderer.page(
            request,
            "forget.html",
            key=key,
            name=name_of(await self._bridge.backend.records.get(key)) or key.id,
            record=link_of(key),
            there=await closing.held(self._bridge, key),
            stone=next((row for row in rows if row["record"] == str(key)), None),
            said=request.query.get("said", "")[:1000],
        )

    async def forget(self, request: web.Request) -> web.Response:
        """Erase everything that is stored about somebody, with their accounts closed first or left open."""
        key, choice = _key(request), str((await request.post()).get("accounts", ""))
        with acting_as(request[VISITOR]):
            try:
                said = await self._forgotten(key, choice)
            except ConfigurationError as error:
                said = str(error)
        return self._renderer.to(f"{link_of(key)}/forget", said=said)

    async def _forgotten(self, key: Key, choice: str) -> str:
        """What is to be told of it. Raises ConfigurationError where nothing was erased."""
        if choice not in _CHOICES:
            return "Nothing was done: say what is to become of the accounts."
        found = await forgetting.find(self._bridge, str(key))
        done = await forgetting.forget(self._bridge, found, close=_CHOICES[choice])
        return f"closed:{', '.join(done['accounts_left'])}" if choice == "close" else ""


def _key(request: web.Request) -> Key:
    return Key(Kind.PERSON, request.match_info["id"])
