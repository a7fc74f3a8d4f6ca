"""What a sync would do, now or on a day to come."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from bridge.errors import BridgeError
from service.kenjo.client import utc_now
from service.operations.approving import approve
from service.operations.assembly import Bridge, see_target
from service.operations.days import moment_of
from service.operations.planning import plan
from service.operations.signing import version
from service.web.guard import VISITOR
from service.web.pages.rendering import Renderer
from service.web.pages.steps import SHOWN, grouped
from service.web.visitors import acting_as


class Planning:
    """`/plan`."""

    def __init__(self, bridge: Bridge, renderer: Renderer) -> None:
        self._bridge = bridge
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """Asks for which day and target."""
        return self._renderer.page(
            request,
            "plan.html",
            on=request.query.get("on", "")[:10],
            targets=list(self._bridge.routes),
            said=request.query.get("said", "")[:1000],
        )

    async def made(self, request: web.Request) -> web.Response:
        """The plan. It asks Kenjo and the targets, which may take a while."""
        try:
            day = date.fromisoformat(text) if (text := request.query.get("on", "")) else None
            target = [one for one in request.query.getall("target", []) if one]
            for name in target:
                see_target(self._bridge, name)
            found = await plan(self._bridge, moment_of(self._bridge.values, day, utc_now()), target, day)
        except ValueError:
            return self._renderer.page(request, "parts/trouble.html", reason="This is no day.")
        except BridgeError as error:
            return self._renderer.page(request, "parts/trouble.html", reason=str(error))
        values = request[VISITOR].sees_values
        targets = {name: grouped(one, found.records, values=values) for name, one in found.targets.items()}
        return self._renderer.page(
            request,
            "parts/plan.html",
            found=found,
            targets=targets,
            only=target,
            shown=SHOWN,
            version="" if day or not found.stands else version(self._bridge, found),
            acts=any(step.acts for one in found.targets.values() for step in one.steps),
        )

    async def approve(self, request: web.Request) -> web.Response:
        """Let what was looked at be done now."""
        form = await request.post()
        seen, only = str(form.get("version", "")), [str(one) for one in form.getall("target", []) if one]
        with acting_as(request[VISITOR]):
            try:
                done = await approve(self._bridge, utc_now(), seen, only)
                said = f"still-held:{', '.join(done.left)}" if done.left else "plan-approved"
            except BridgeError as error:
                said = str(error)
        return self._renderer.to("/plan", said=said)
