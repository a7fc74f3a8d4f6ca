"""The pages of one bridge, and where they stand."""

from __future__ import annotations

from importlib import resources
from typing import Any

from aiohttp import web

from bridge.config.web_settings import Role
from service.openid.provider import Provider
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web.guard import HEADERS, Guard
from service.web.pages.adopting import Adopting
from service.web.pages.choosing import Choosing
from service.web.pages.configured import Configured
from service.web.pages.deciding import Deciding
from service.web.pages.entrance import Entrance
from service.web.pages.forgetting import Forgetting
from service.web.pages.history import History
from service.web.pages.live import Live
from service.web.pages.looking_up import People
from service.web.pages.overview import Overview
from service.web.pages.planning import Planning
from service.web.pages.preferences import Preferences
from service.web.pages.provider_sign_in import ProviderSignIn
from service.web.pages.rendering import Renderer
from service.web.pages.runs import Runs
from service.web.pages.signing_in import SignIn
from service.web.pages.syncing import Syncing
from service.web.visitors import Sessions

_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Site:
    """Puts the pages into an application."""

    def __init__(self, bridge: Bridge, board: Board) -> None:
        settings = bridge.values.web
        self._base = settings.base_path
        self.sessions = Sessions(bridge.backend.codec.sign, settings)
        renderer = Renderer(settings, self.sessions, bridge.values.zone)
        self.guard = Guard(settings, self.sessions, renderer.failed, board.renew)
        self._preferences = Preferences(settings)
        entrance, provider = Entrance(renderer, settings), Provider(settings.oidc) if settings.oidc else None
        who = (entrance, self.guard, self.sessions, settings, bridge.backend)
        self._sign_in = SignIn(*who, provider)
        self._provider = ProviderSignIn(*who, provider) if provider else None
        self._overview = Overview(bridge, board, renderer)
        self._people = People(bridge, board, renderer)
        self._adopting = Adopting(bridge, board, renderer)
        self._syncing = Syncing(bridge, board, renderer)
        self._forgetting = Forgetting(bridge, renderer)
        self._deciding = Deciding(bridge, board, renderer)
        self._choosing = Choosing(bridge, board, renderer)
        self._history = History(bridge, board, renderer)
        self._runs = Runs(bridge, board, renderer)
        self._planning = Planning(bridge, renderer)
        self._configured = Configured(bridge, renderer)
        self._live = Live(bridge)

    def attach(self, app: web.Application) -> None:
        """Add every page."""
        page, records = self.guard.page, "/{kind:people|groups}"
        add = app.router.add_route
        for method, path, handler in (
            ("GET", "/", page(self._overview.show)),
            ("GET", "/parts/overview", page(self._overview.part)),
            ("GET", records, page(self._people.list)),
            ("GET", f"{records}/{{id}}", page(self._people.show)),
            ("GET", f"{records}/{{id}}/details", page(self._people.details)),
            ("POST", f"{records}/{{id}}/retry", page(self._people.retry, Role.OPERATOR)),
            ("GET", f"{records}/{{id}}/candidates", page(self._adopting.candidates)),
            ("GET", f"{records}/{{id}}/sync", page(self._syncing.show, Role.OPERATOR)),
            ("POST", f"{records}/{{id}}/sync", page(self._syncing.sync, Role.OPERATOR)),
            ("GET", f"{records}/{{id}}/adopt", page(self._adopting.show, Role.OPERATOR)),
            ("POST", f"{records}/{{id}}/adopt", page(self._adopting.adopt, Role.OPERATOR)),
            ("GET", "/people/{id}/forget", page(self._forgetting.show, Role.ADMINISTRATOR)),
            ("POST", "/people/{id}/forget", page(self._forgetting.forget, Role.ADMINISTRATOR)),
            ("GET", "/decide", page(self._deciding.show)),
            ("GET", "/decide/holds/{id}", page(self._choosing.show)),
            ("POST", "/decide/holds/{id}/turn", page(self._choosing.turn, Role.OPERATOR)),
            ("POST", "/decide/holds/{id}", page(self._deciding.decide, Role.OPERATOR)),
            ("POST", "/decide/retry", page(self._deciding.retry, Role.OPERATOR)),
            ("GET", "/plan", page(self._planning.show)),
            ("GET", "/plan/made", page(self._planning.made)),
            ("POST", "/plan/approve", page(self._planning.approve, Role.OPERATOR)),
            ("GET", "/history", page(self._history.show)),
            ("GET", "/history/export", page(self._history.export)),
            ("GET", "/history/runs", page(self._runs.list)),
            ("GET", "/history/runs/{id}", page(self._runs.show)),
            ("GET", "/history/runs/{id}/{way:undo|redo}", page(self._runs.look, Role.OPERATOR)),
            ("POST", "/history/runs/{id}/{way:undo|redo}", page(self._runs.go, Role.OPERATOR)),
            ("GET", "/settings", page(self._configured.show, Role.ADMINISTRATOR)),
            ("POST", "/settings/try", page(self._configured.tried, Role.ADMINISTRATOR)),
            ("GET", "/live", page(self._live.stream)),
            ("POST", "/preferences", page(self._preferences.set, public=True)),
            ("GET", "/sign-in", page(self._sign_in.show, public=True)),
            ("POST", "/sign-in", page(self._sign_in.enter, public=True)),
            ("POST", "/sign-out", page(self._sign_in.leave)),
            ("GET", "/static/{name}", _static),
        ):
            add(method, f"{self._base}{path}", handler)
        if self._provider:
            add("GET", f"{self._base}/sign-in/provider", page(self._provider.away, public=True))
            add("GET", f"{self._base}/sign-in/return", page(self._provider.back, public=True))


async def _static(request: web.Request) -> web.Response:
    """A file of ours: its address changes with its content."""
    name = request.match_info["name"]
    file = resources.files(__package__) / "static" / name
    kind: Any = _KINDS.get(name[name.rfind(".") :])
    if not kind or "/" in name or not file.is_file():
        raise web.HTTPNotFound
    headers = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return web.Response(body=file.read_bytes(), content_type=kind, headers=headers)
