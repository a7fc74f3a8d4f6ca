"""Turns what pages show into HTML: templates, languages, times, and links below the proxy's path."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from bridge.commands import command
from bridge.config.settings import WebSettings
from bridge.printable import visible
from service.web.guard import VISITOR
from service.web.pages import language
from service.web.pages.language import LANGUAGES, Speaker
from service.web.pages.times import Times
from service.web.visitors import Sessions

THEME = "kenjo-bridge-theme"
THEMES = ("auto", "light", "dark")


def is_ours(path: str, base: str) -> bool:
    """Whether a path leads to a page of ours, and no browser reads another host in it.

    They take a backslash for `/`, and leave out tabs and line ends (WHATWG URL, "URL parsing").
    """
    is_plain = "\\" not in path and path.isprintable()
    return is_plain and path.startswith(f"{base}/") and not path.startswith("//")


class Renderer:
    """Renders templates for requests. `zone`: in which times are told."""

    def __init__(self, settings: WebSettings, sessions: Sessions, zone: ZoneInfo) -> None:
        self._settings = settings
        self._sessions = sessions
        self._zone = zone
        self._templates = Environment(
            loader=PackageLoader(__package__, "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_seen,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, request: web.Request, template: str, *, status: int = 200, **named: Any) -> web.Response:
        """A page, or a part of one."""
        text = self._templates.get_template(template).render(**self._surroundings(request), **named)
        return web.Response(text=text, status=status, content_type="text/html")

    def failed(self, request: web.Request, status: int, reason: str) -> web.Response:
        """A page that says what went wrong; the sentence alone where it goes into a page."""
        if request.headers.get("HX-Request"):  # htmx shows only answers of success
            return self.page(request, "parts/trouble.html", reason=reason)
        again = request.path.removeprefix(self._settings.base_path) if request.method == "GET" else "/"
        return self.page(request, "failed.html", status=status, reason=reason, again=again)

    def to(self, path: str, **query: Any) -> web.Response:
        """Go to another page, after something was done."""
        return web.Response(status=303, headers={"Location": self.url(path, **query)})

    def _surroundings(self, request: web.Request) -> dict[str, Any]:
        """What every template may use."""
        visitor, speaker = request.get(VISITOR), Speaker(language.of(request))
        times = Times(self._zone, speaker)
        theme = request.cookies.get(THEME, "auto")
        return {
            "_": speaker,
            "many": speaker.many,
            "number": speaker.number,
            "language": speaker.language,
            "languages": LANGUAGES,
            "theme": theme if theme in THEMES else "auto",
            "visitor": visitor,
            "token": self._sessions.token(visitor) if visitor else "",
            "signs_in": self._settings.signs_in,
            "path": request.path.removeprefix(self._settings.base_path),
            "url": self.url,
            "command": command,
            "static": self.static,
            "when": times.when,
            "clock": times.clock,
            "day": times.day,
            "ago": times.ago,
        }

    def url(self, path: str, **query: Any) -> str:
        """The address of a page, as the browser has to ask for it."""
        asked = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self._settings.base_path}{quote(path)}" + (f"?{urlencode(asked)}" if asked else "")

    def static(self, name: str) -> str:
        """The address of a file that never changes under that address."""
        return self.url(f"/static/{name}", v=_version(name))


def _seen(value: Any) -> Any:
    """What a template shows: a name must not turn the words around it about, nor hide in them."""
    return "\n".join(map(visible, value.split("\n"))) if type(value) is str else value


@cache
def _version(name: str) -> str:
    data = (resources.files(__package__) / "static" / name).read_bytes()
    return hashlib.sha256(data).hexdigest()[:12]
