"""Signing in and out."""

from __future__ import annotations

import time

from aiohttp import web

from bridge.config.settings import WebSettings
from bridge.logs import get_logger
from bridge.store.audit import Audit
from service.web.guard import VISITOR, Guard
from service.web.pages.rendering import Renderer, is_ours
from service.web.visitors import Passwords, Sessions, TooManyTries

log = get_logger("web")


class SignIn:
    """`/sign-in` and `/sign-out`."""

    def __init__(
        self,
        renderer: Renderer,
        guard: Guard,
        sessions: Sessions,
        passwords: Passwords,
        settings: WebSettings,
        audit: Audit,
    ) -> None:
        self._renderer = renderer
        self._guard = guard
        self._sessions = sessions
        self._passwords = passwords
        self._settings = settings
        self._audit = audit

    async def show(self, request: web.Request) -> web.Response:
        """The form."""
        return self._renderer.page(
            request, "sign_in.html", error="", to=self._to(request.query.get("to", ""))
        )

    async def enter(self, request: web.Request) -> web.Response:
        """Begin a session for who knows the password."""
        form = await request.post()
        name, password = str(form.get("name", ""))[:200], str(form.get("password", ""))
        to = self._to(str(form.get("to", "")))
        try:
            role = await self._passwords.role(name, password, request.remote or "")
        except TooManyTries:
            return self._again(request, to, "Too many wrong passwords: wait for five minutes.", 429)
        if role is None:
            log.warning("wrong password", address=request.remote)
            return self._again(request, to, "The name or the password is wrong.", 403)
        text, visitor = self._sessions.begin(name, role)
        await self._audit.note("signed in", time.time(), by=visitor.name)
        response = web.Response(status=303, headers={"Location": to})
        self._guard.remember(response, text)
        return response

    def _again(self, request: web.Request, to: str, error: str, status: int) -> web.Response:
        return self._renderer.page(request, "sign_in.html", status=status, error=error, to=to)

    async def leave(self, request: web.Request) -> web.Response:
        """End the session in this browser."""
        await self._audit.note("signed out", time.time(), by=request[VISITOR].name)
        response = web.Response(status=303, headers={"Location": self._renderer.url("/sign-in")})
        self._guard.forget(response)
        return response

    def _to(self, wished: str) -> str:
        """Where to go afterwards: a page of ours, never another host."""
        base = self._settings.base_path
        return wished if is_ours(wished, base) else f"{base}/"
