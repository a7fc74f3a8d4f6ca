"""The settings in use, and a box that tries an expression on somebody."""

from __future__ import annotations

import yaml
from aiohttp import web

from bridge.errors import BridgeError
from service.kenjo.client import utc_now
from service.operations.assembly import Bridge
from service.operations.comparing import compare
from service.operations.configured import mappings, settings_in_use
from service.operations.days import moment_of
from service.web.guard import VISITOR
from service.web.pages.rendering import Renderer


class Configured:
    """`/settings`."""

    def __init__(self, bridge: Bridge, renderer: Renderer) -> None:
        self._bridge = bridge
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """All settings with their defaults, secrets hidden, and each target's mapping."""
        text = yaml.safe_dump(settings_in_use(self._bridge), sort_keys=False, allow_unicode=True)
        return self._renderer.page(request, "settings.html", mappings=mappings(self._bridge), text=text)

    async def tried(self, request: web.Request) -> web.Response:
        """What an expression gives for somebody, beside what the present one gives."""
        form = await request.post()
        target, who, attribute, source = (
            str(form.get(name, "")).strip() for name in ("target", "who", "attribute", "source")
        )
        try:
            moment = moment_of(self._bridge.values, None, utc_now())
            sources: dict[str, str | None] = {attribute: source} if source else {}
            found = await compare(self._bridge, target, who, sources, moment)
        except BridgeError as error:
            return self._renderer.page(request, "parts/trouble.html", reason=str(error))
        return self._renderer.page(
            request, "parts/tried.html", found=found, values=request[VISITOR].sees_values
        )
