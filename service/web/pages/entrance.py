"""The page at which people sign in, and the ways from it."""

from __future__ import annotations

from enum import StrEnum

from aiohttp import web

from bridge.config.settings import WebSettings
from service.web.guard import VISITOR
from service.web.pages.rendering import Renderer, is_ours


class Why(StrEnum):
    """Why the provider has signed nobody in: it stands in the address in place of the provider's answer."""

    STALE = "stale"
    REFUSED = "refused"
    NOT_PROVEN = "not-proven"
    NO_ROLE = "no-role"
    UNUSABLE = "unusable"
    TOO_OFTEN = "too-often"
    STORE = "store"


SAID = {
    Why.STALE: (403, "This sign-in was begun in another window or too long ago: begin it again."),
    Why.REFUSED: (403, "{provider} did not let you in."),
    Why.NOT_PROVEN: (
        403,
        "{provider} does not prove who you are: begin again, or ask for the log.",
    ),
    Why.NO_ROLE: (403, "{provider} knows you, but gives you no role here: ask your administrator for one."),
    Why.UNUSABLE: (503, "{provider} cannot be used now: try again in a minute, or ask for the log."),
    Why.TOO_OFTEN: (429, "Too many tries to sign in: wait for five minutes."),
    Why.STORE: (503, "Nobody can sign in now, as Redis does not answer: try again in a minute."),
}
"""The status of the page, and what it says."""


class Entrance:
    """Renders the page of `/sign-in`, and leads on from it."""

    def __init__(self, renderer: Renderer, settings: WebSettings) -> None:
        self._renderer = renderer
        self._settings = settings

    def page(self, request: web.Request, to: str, said: tuple[int, str] | None = None) -> web.Response:
        """The page; `said`: its status, and what is wrong."""
        status, error = said or (200, "")
        oidc = self._settings.oidc
        return self._renderer.page(
            request,
            "sign_in.html",
            status=status,
            error=error,
            to=self.ours(to),
            provider=oidc.name if oidc else "",
            passwords=bool(self._settings.users),
            choose="1" if request.query.get("why") == Why.NO_ROLE else "",
        )

    def on(self, to: str) -> web.Response:
        """To where somebody wanted to go."""
        return web.Response(status=303, headers={"Location": self.ours(to)})

    def back(self, why: Why | None = None, to: str = "") -> web.Response:
        """To the page at which people sign in."""
        return self._renderer.to("/sign-in", why=why, to=to)

    def left(self, request: web.Request, elsewhere: str) -> web.Response:
        """Says that somebody is signed out here, and goes on to where they sign out of the provider.

        By a header: a redirect that follows a form is held to form-action of the Content-Security-Policy.
        """
        del request[VISITOR]
        oidc = self._settings.oidc
        provider = oidc.name if oidc else ""
        page = self._renderer.page(request, "signed_out.html", elsewhere=elsewhere, provider=provider)
        page.headers["Refresh"] = f"0; url={elsewhere}"
        return page

    def ours(self, wished: str) -> str:
        """Where to go afterwards: a page of ours, never another host."""
        base = self._settings.base_path
        return wished if is_ours(wished, base) else f"{base}/"
