"""What stands before every page: the right host and visitor, forms of our own, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web
from redis.exceptions import RedisError

from bridge.config.web_settings import Role, WebSettings
from bridge.errors import BridgeError
from bridge.store.trouble import trouble
from service.web.hosts import UNKNOWN, Hosts, is_asked
from service.web.visitors import Sessions, Visitor

COOKIE = "kenjo-bridge"
VISITOR: web.RequestKey[Visitor] = web.RequestKey("visitor", Visitor)
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Failed = Callable[[web.Request, int, str], web.Response]
"""Makes the page that says, with a status, what went wrong."""


class Guard:
    """Decides about each request to a page. `changed` hears of each that may have changed something."""

    def __init__(
        self, settings: WebSettings, sessions: Sessions, failed: Failed, changed: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._failed = failed
        self._changed = changed
        self._hosts = Hosts(settings)

    def page(self, handler: Handler, needs: Role = Role.VIEWER, *, public: bool = False) -> Handler:
        """A handler that is asked only for requests that are in order. `public`: without signing in."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            response = await self._answer(request, handler, needs, public=public)
            if not response.prepared:
                response.headers.update(HEADERS)
                response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded

    async def _answer(
        self, request: web.Request, handler: Handler, needs: Role, *, public: bool
    ) -> web.StreamResponse:
        if not self._hosts.knows(request):
            return self._failed(request, 421, UNKNOWN)
        visitor = self._sessions.read(request.cookies.get(COOKIE, ""))
        began = ""
        if visitor is None and not self._settings.signs_in:
            began, visitor = self._sessions.begin("", Role.ADMINISTRATOR)
        if visitor is None and not public:
            return self._to_sign_in(request)
        if visitor:
            request[VISITOR] = visitor
            if not visitor.role.may(needs):
                return self._failed(request, 403, f"This needs the role {needs}; yours is {visitor.role}.")
        if request.method in CHANGES and not await self._is_ours(request, visitor):
            text = "This form is not of a page that you were shown just now: load the page again."
            return self._failed(request, 403, text)
        response = await self._handled(request, handler)
        if request.method in CHANGES:
            self._changed()
        if began and visitor and not response.prepared:
            self.remember(response, began, self._sessions.lasts(visitor))
        return response

    async def _handled(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer; a sentence where Redis or what it says is in the way."""
        try:
            return await handler(request)
        except (RedisError, OSError) as error:
            return self._failed(request, 503, trouble(error))
        except BridgeError as error:
            return self._failed(request, 503, str(error))

    async def _is_ours(self, request: web.Request, visitor: Visitor | None) -> bool:
        """Whether a request that changes something comes from our own page."""
        origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if site not in ("same-origin", "none") or not is_asked(request, origin):
            return False
        if visitor is None:  # signing in: there is nothing to protect yet
            return True
        token = request.headers.get("X-Form-Token") or str((await request.post()).get("token", ""))
        return self._sessions.is_token(visitor, token)

    def _to_sign_in(self, request: web.Request) -> web.Response:
        where = f"{self._settings.base_path}/sign-in"
        if request.headers.get("HX-Request"):
            return web.Response(status=401, headers={"HX-Redirect": where})
        if request.method in CHANGES:
            return self._failed(request, 401, "Your session is over: sign in again.")
        return web.Response(status=303, headers={"Location": f"{where}?to={quote(request.path_qs, safe='')}"})

    def remember(self, response: web.StreamResponse, text: str, seconds: float, name: str = COOKIE) -> None:
        """Give the browser a text to keep: its session, or what another name is for."""
        response.set_cookie(
            name,
            text,
            max_age=int(seconds),
            httponly=True,
            secure=self._settings.secure and self._settings.signs_in,
            samesite="Lax",
            path=self._settings.base_path or "/",
        )

    def forget(self, response: web.StreamResponse, name: str = COOKIE) -> None:
        """Take the session, or what has another name, from the browser."""
        response.del_cookie(name, path=self._settings.base_path or "/")
