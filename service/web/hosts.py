"""By which names this server may be asked: a name of somebody else's may point here, too."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from bridge.config.web_settings import WebSettings

UNKNOWN = "This name is not one of web.hosts: add it there, or use another one."
"""What is answered to a request for another name."""

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def is_asked(request: web.Request, origin: str) -> bool:
    """Whether an address, such as an Origin, is of the very name and port that a request is for."""
    try:
        return urlsplit(origin).netloc == request.headers.get("Host")
    except ValueError:
        return False


class Hosts:
    """The names of one server."""

    def __init__(self, settings: WebSettings) -> None:
        self._known = _LOCAL | {settings.host, *(host.lower() for host in settings.hosts)}

    def knows(self, request: web.Request) -> bool:
        """Whether a request is for one of them."""
        text = request.headers.get("Host", "")
        try:
            return bool(text) and (urlsplit(f"//{text}").hostname or "").lower() in self._known
        except ValueError:  # brackets that do not close
            return False
