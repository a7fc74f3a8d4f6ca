"""Whether there are pages and the API, and what stands in their place where there are none."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bridge.errors import ConfigurationError
from service.operations.assembly import Bridge
from service.operations.board import Board

_REMEDY = (
    "set web.users (kenjo-bridge web password makes a hash) or web.oidc, or let only this machine reach them"
    " with web.host: 127.0.0.1 and no web.hosts"
)


def attached(bridge: Bridge, board: Board) -> Callable[[web.Application], None]:
    """What adds the pages and the API to a server.

    Raises ConfigurationError where everybody who reaches the server would see and decide everything.
    """
    settings = bridge.values.web
    open_to_all = not settings.is_local and not settings.signs_in
    if settings.pages == "on" and open_to_all:
        raise ConfigurationError(
            "web.pages is on, and whoever reaches"
            f" {', '.join(settings.hosts) or settings.host} could decide for you: {_REMEDY}"
        )

    async def nothing(_request: web.Request) -> web.Response:
        why = (
            f"There are no pages here, as nobody signs in: {_REMEDY}." if open_to_all else "web.pages is off."
        )
        return web.Response(status=404, text=f"{why}\n")

    def attach(app: web.Application) -> None:
        if settings.has_api:  # first: what asks for the API is not to be answered by a page
            from service.web.api.serving import Api  # only processes that have it load it

            Api(bridge, board).attach(app)
        if settings.shows_pages:
            from service.web.pages.site import Site  # only processes that show pages load them

            Site(bridge, board).attach(app)
        else:
            app.router.add_get(f"{settings.base_path}/", nothing)

    return attach
