"""Language and theme, as the visitor has chosen them: kept by the browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from bridge.config.settings import WebSettings
from service.web.pages import language
from service.web.pages.rendering import THEME, THEMES, is_ours

_YEAR = 365 * 86400


class Preferences:
    """`/preferences`."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings

    async def set(self, request: web.Request) -> web.Response:
        """Note what was chosen, and go back to the page."""
        form = await request.post()
        response = web.Response(status=303, headers={"Location": self._back(request)})
        for cookie, name, allowed in (
            (language.COOKIE, "language", language.LANGUAGES),
            (THEME, "theme", THEMES),
        ):
            if (chosen := str(form.get(name, ""))) in allowed:
                base = self._settings.base_path or "/"
                response.set_cookie(cookie, chosen, max_age=_YEAR, httponly=True, samesite="Lax", path=base)
        return response

    def _back(self, request: web.Request) -> str:
        """The page from which it was chosen: always one of ours."""
        base = self._settings.base_path
        try:
            where = urlsplit(request.headers.get("Referer", ""))
        except ValueError:
            return f"{base}/"
        if not is_ours(where.path, base):
            return f"{base}/"
        return where.path + (f"?{where.query}" if where.query else "")
