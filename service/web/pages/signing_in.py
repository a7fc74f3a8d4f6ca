"""Signing in with a password, and out."""

from __future__ import annotations

import time

from aiohttp import web

from bridge.config.settings import WebSettings
from bridge.logs import get_logger
from bridge.store.backend import Backend
from service.openid.errors import ProviderUnusable
from service.openid.provider import Provider
from service.web.clients import Clients
from service.web.guard import VISITOR, Guard
from service.web.pages.entrance import SAID, Entrance, Why
from service.web.tries import TooManyTries
from service.web.visitors import Passwords, Sessions

log = get_logger("web")


class SignIn:
    """`/sign-in` and `/sign-out`."""

    def __init__(
        self,
        entrance: Entrance,
        guard: Guard,
        sessions: Sessions,
        settings: WebSettings,
        backend: Backend,
        provider: Provider | None,
    ) -> None:
        self._entrance = entrance
        self._guard = guard
        self._sessions = sessions
        self._passwords = Passwords(settings)
        self._clients = Clients(settings)
        self._settings = settings
        self._audit = backend.audit
        self._provider = provider

    async def show(self, request: web.Request) -> web.Response:
        """The form, the way to the provider, and why somebody is here again."""
        to, why = request.query.get("to", ""), request.query.get("why", "")
        return self._entrance.page(request, to, SAID[Why(why)] if why in list(Why) else None)

    async def enter(self, request: web.Request) -> web.Response:
        """Begin a session for who knows the password."""
        form = await request.post()
        name, password = str(form.get("name", ""))[:200], str(form.get("password", ""))
        to, address = str(form.get("to", "")), self._clients.address(request)
        try:
            role = await self._passwords.role(name, password, address)
        except TooManyTries:
            return self._entrance.page(request, to, (429, "Too many wrong passwords: wait for five minutes."))
        if role is None:
            log.warning("wrong password", address=address)
            return self._entrance.page(request, to, (403, "The name or the password is wrong."))
        text, visitor = self._sessions.begin(name, role)
        await self._audit.note("signed in", time.time(), by=visitor.name)
        response = self._entrance.on(to)
        self._guard.remember(response, text, self._sessions.lasts(visitor))
        return response

    async def leave(self, request: web.Request) -> web.Response:
        """End the session in this browser, and where a provider has begun it, there too."""
        visitor = request[VISITOR]
        await self._audit.note("signed out", time.time(), by=visitor.name)
        elsewhere = await self._elsewhere(request) if visitor.by_provider else ""
        response = self._entrance.left(request, elsewhere) if elsewhere else self._entrance.back()
        self._guard.forget(response)
        return response

    async def _elsewhere(self, request: web.Request) -> str:
        """Where to sign out of the provider; "" where that is not to be had."""
        if self._provider is None:
            return ""
        try:
            return await self._provider.sign_out_address(self._settings.return_address(request.host))
        except ProviderUnusable as error:
            log.warning("signed out here only", reason=str(error))
            return ""
