"""Who may ask the API: programs with a token; on this machine anybody, where nobody signs in."""

from __future__ import annotations

from aiohttp import web

from bridge.config.tokens import is_of, is_token
from bridge.config.web_settings import Role, WebSettings
from service.web.api.problems import Refused
from service.web.hosts import UNKNOWN, Hosts, is_asked
from service.web.visitors import Visitor

_WAYS_IN = 'Bearer realm="kenjo-bridge"'


class Door:
    """The door of one server's API. Whoever it does not let in is Refused."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._hosts = Hosts(settings)

    def check(self, request: web.Request) -> None:
        """Whether a request comes from a program, and not from a page of somebody else in a browser here.

        A page may send what a form may send without asking, so that what changes something is JSON; and a
        name of its own may point to this machine.
        """
        if not self._hosts.knows(request):
            raise Refused(421, UNKNOWN)
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site", "none")
        if site not in ("none", "same-origin") or (origin is not None and not is_asked(request, origin)):
            raise Refused(403, "This was sent by a page of another site: programs ask without a browser.")
        if request.method == "POST" and request.content_type != "application/json":
            raise Refused(415, "What changes something is JSON: send Content-Type: application/json.")

    def visitor(self, request: web.Request, needs: Role) -> Visitor:
        """Who asks, provided that they may."""
        if self._settings.api_is_open:
            return Visitor("", Role.ADMINISTRATOR, "")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        found = self._owner(token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise Refused(401, self._missing(), headers={"WWW-Authenticate": _WAYS_IN})
        if not found.role.may(needs):
            raise Refused(403, f"This needs the role {needs}; that of this token is {found.role}.")
        return found

    def _owner(self, token: str) -> Visitor | None:
        """Whose token this is. Compares with all of them, so that the time tells nothing."""
        if not is_token(token):
            return None
        tokens = self._settings.tokens
        right = [name for name, one in tokens.items() if is_of(token, one.token.get_secret_value())]
        return Visitor(f"token {right[0]}", tokens[right[0]].role, "") if right else None

    def _missing(self) -> str:
        if self._settings.tokens:
            return "This needs the header Authorization: Bearer TOKEN, with a token of web.tokens."
        return (
            "No program may use the API yet: kenjo-bridge web token makes a token, and its hash belongs into"
            " web.tokens."
        )
