"""What a sync would do, now or on a day to come."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from bridge.errors import BridgeError
from service.kenjo.client import utc_now
from service.operations.assembly import Bridge
from service.operations.days import moment_of
from service.operations.planning import plan
from service.web.guard import VISITOR
from service.web.pages.rendering import Renderer
from service.web.pages.steps import SHOWN, grouped


class Planning:
    """`/plan`."""

    def __init__(self, bridge: Bridge, renderer: Renderer) -> None:
        self._bridge = bridge
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """Asks for which day."""
        return self._renderer.page(request, "plan.html", on=request.query.get("on", "")[:10])

    async def made(self, request: web.Request) -> web.Response:
        """The plan. It asks Kenjo and the targets, which may take a while."""
        try:
            day = date.fromisoformat(text) if (text := request.query.get("on", "")) else None
            found = await plan(self._bridge, moment_of(self._bridge.values, day, utc_now()), day=day)
        except ValueError:
            return self._renderer.page(request, "parts/trouble.html", reason="This is no day.")
        except BridgeError as error:
            return self._renderer.page(request, "parts/trouble.html", reason=str(error))
        values = request[VISITOR].sees_values
        targets = {name: grouped(one, found.records, values=values) for name, one in found.targets.items()}
        return self._renderer.page(request, "parts/plan.html", found=found, targets=targets, shown=SHOWN)
