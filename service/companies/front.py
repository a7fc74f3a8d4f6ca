"""The one address of all companies: hands each request below `/c/NAME/` to that company's process."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import aiohttp
from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from yarl import URL

from bridge.commands import command
from bridge.config.companies import PATH
from bridge.config.settings import WebSettings
from service.companies.kept import Kept
from service.web.clients import HANDED_ON, Clients
from service.web.guard import HEADERS
from service.web.hosts import UNKNOWN, Hosts
from service.web.pages import language
from service.web.pages.language import Speaker

PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=300.0)
"""Seconds for a company's process to take a request, and between two parts of its answer."""

_HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Headers that are about one connection (RFC 9110, section 7.6.1)."""

_NOT_HANDED_ON = _HOP_BY_HOP | {HANDED_ON.lower(), "forwarded"}
"""Besides, where somebody comes from: who it is was made out here, and is told in one word."""


class Front:
    """What stands at the address. `companies` are those that there are now."""

    def __init__(self, settings: WebSettings, companies: Mapping[str, Kept]) -> None:
        self._settings = settings
        self._companies = companies
        self._hosts = Hosts(settings)
        self._clients = Clients(settings)
        self._templates = Environment(
            loader=PackageLoader("service.web.pages", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def attach(self, app: web.Application) -> None:
        """Add all of it to a server."""
        base = self._settings.base_path
        app.router.add_get(f"{base}/", self._list)
        app.router.add_get(f"{base}{PATH}/{{company}}", self._with_slash)
        app.router.add_route("*", f"{base}{PATH}/{{company}}/{{rest:.*}}", self._hand_on)

    async def alive(self) -> list[str]:
        """What a restart of this process would mend: nothing. That of a company is started anew by itself."""
        return []

    async def ready(self) -> list[str]:
        """Why no company can be used, where there is one and none can: what they share is in the way."""
        found = self.problems()
        return found if self._companies and len(found) == len(self._companies) else []

    def problems(self) -> list[str]:
        """A sentence for each company that cannot be used, or not with its newest settings."""
        return [
            f"{name}: {kept.problem or 'it starts'}"
            for name, kept in sorted(self._companies.items())
            if kept.wrong or kept.child is None
        ]

    async def _list(self, request: web.Request) -> web.Response:
        """Who there is: only where this machine alone can ask. Elsewhere customers' names are nobody's."""
        if not self._hosts.knows(request):
            return web.Response(status=421, text=f"{UNKNOWN}\n", headers=HEADERS)
        speaker = Speaker(language.of(request))
        shown = sorted(self._companies.items()) if self._settings.is_local else None
        text = self._templates.get_template("companies.html").render(
            _=speaker,
            language=speaker.language,
            companies=shown,
            base=f"{self._settings.base_path}{PATH}",
            command=command,
        )
        headers = {**HEADERS, "Cache-Control": "no-store"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _with_slash(self, request: web.Request) -> web.Response:
        return web.Response(status=308, headers={**HEADERS, "Location": f"{request.path}/"})

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        """Let the company's process answer, word for word, as it does behind any other proxy."""
        kept = self._companies.get(request.match_info["company"])
        if kept is None:
            return web.Response(status=404, text="There is no such company.\n", headers=HEADERS)
        if (child := kept.child) is None:
            return self._away()
        asked = child.session.request(
            request.method,
            URL(f"http://company{request.raw_path}", encoded=True),
            headers=[*_end_to_end(request.headers), (HANDED_ON, self._clients.address(request))],
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
            timeout=PATIENCE,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        try:
            async with asked as answer:
                return await _passed_on(request, answer)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return self._away()

    @staticmethod
    def _away() -> web.Response:
        headers = {**HEADERS, "Retry-After": "5"}
        return web.Response(status=503, text="This company starts just now, or cannot.\n", headers=headers)


async def _passed_on(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(
        status=answer.status, reason=answer.reason, headers=_end_to_end(answer.headers)
    )
    await response.prepare(request)
    try:
        async for part in answer.content.iter_any():
            await response.write(part)
        await response.write_eof()
    except (aiohttp.ClientError, TimeoutError, OSError):  # the status was sent: an answer cut short says it
        with suppress(AttributeError):
            request.transport.abort()  # type: ignore[union-attr]
    return response


def _end_to_end(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.items() if name.lower() not in _NOT_HANDED_ON]
