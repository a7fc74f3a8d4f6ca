"""Signing in at a provider by OpenID Connect: away to it, and back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict

from aiohttp import web
from redis.exceptions import RedisError

from bridge.config.settings import WebSettings
from bridge.errors import BridgeError
from bridge.logs import get_logger
from bridge.store.backend import Backend
from bridge.store.trouble import trouble
from service.openid.attempt import Attempt
from service.openid.errors import LetNobodyIn, NoRole, NotProven, ProviderUnusable, SignInFailed, Stale
from service.openid.provider import Provider
from service.openid.somebody import Somebody
from service.web.clients import Clients
from service.web.guard import Guard
from service.web.pages.entrance import Entrance, Why
from service.web.signed import Signed
from service.web.tries import TooManyTries, Tries
from service.web.visitors import Sessions

log = get_logger("web")

COOKIE = "kenjo-bridge-sign-in"
_LASTS = 600.0
"""Seconds that somebody has to sign in at the provider."""

_WHY = {Stale: Why.STALE, LetNobodyIn: Why.REFUSED, NotProven: Why.NOT_PROVEN, NoRole: Why.NO_ROLE}


class ProviderSignIn:
    """`/sign-in/provider` and `/sign-in/return`."""

    def __init__(
        self,
        entrance: Entrance,
        guard: Guard,
        sessions: Sessions,
        settings: WebSettings,
        backend: Backend,
        provider: Provider,
    ) -> None:
        self._entrance = entrance
        self._guard = guard
        self._sessions = sessions
        self._settings = settings
        self._backend = backend
        self._provider = provider
        self._signed = Signed(backend.codec.sign, "sign-in at a provider")
        self._tries = Tries(time.monotonic)
        self._clients = Clients(settings)

    async def away(self, request: web.Request) -> web.Response:
        """To the provider. What has to come back is kept by the browser."""
        returns = self._settings.return_address(request.host)
        try:
            attempt, address = await self._provider.begin(returns, choose="choose" in request.query)
        except ProviderUnusable as error:
            log.warning("the provider cannot be used", reason=str(error))
            return self._entrance.back(Why.UNUSABLE)
        response = web.Response(status=303, headers={"Location": address})
        kept = {**asdict(attempt), "to": self._entrance.ours(request.query.get("to", ""))}
        self._guard.remember(response, self._signed.text(kept, _LASTS), _LASTS, COOKIE)
        return response

    async def back(self, request: web.Request) -> web.Response:
        """From the provider: begin a session for who it says this is.

        Whatever comes of it, the browser goes on at once, so that no code stays in its address.
        """
        kept = self._signed.read(request.cookies.get(COOKIE, ""))
        if not request.query:  # from signing out there
            return self._entrance.back()
        response = await self._came_back(request, kept or {})
        self._guard.forget(response, COOKIE)
        return response

    async def _came_back(self, request: web.Request, kept: Mapping[str, str]) -> web.Response:
        address = self._clients.address(request)
        places = (("address", address),)
        try:
            self._tries.see(places)
            return await self._enter(await self._who(request, kept), kept["to"])
        except TooManyTries:
            return self._entrance.back(Why.TOO_OFTEN)
        except SignInFailed as error:
            self._tries.note(places)
            log.warning("nobody was signed in", reason=str(error), address=address)
            return self._entrance.back(_WHY[type(error)], kept.get("to", ""))
        except ProviderUnusable as error:
            log.warning("the provider cannot be used", reason=str(error))
            return self._entrance.back(Why.UNUSABLE)
        except (RedisError, OSError) as error:
            log.warning("nobody can sign in", reason=trouble(error))
        except BridgeError as error:
            log.warning("nobody can sign in", reason=str(error))
        return self._entrance.back(Why.STORE)

    async def _who(self, request: web.Request, kept: Mapping[str, str]) -> Somebody:
        """Who has come back. Raises SignInFailed; somebody without a role stands in the audit log, too."""
        if not kept:
            raise Stale("this browser has begun no sign-in in the last ten minutes")
        attempt = Attempt(**{name: kept[name] for name in Attempt.__slots__})
        if not await self._backend.sign_ins.is_first(attempt.state, _LASTS):
            raise Stale("the answer has been used before")
        try:
            return await self._provider.finish(attempt, request.query)
        except NoRole as error:
            await self._backend.audit.note(
                "sign-in refused", time.time(), by=error.name, subject=error.subject, reason=str(error)
            )
            raise

    async def _enter(self, who: Somebody, to: str) -> web.Response:
        text, visitor = self._sessions.begin(who.name, who.role, by_provider=True)
        await self._backend.audit.note("signed in", time.time(), by=visitor.name, subject=who.subject)
        response = self._entrance.on(to)
        self._guard.remember(response, text, self._sessions.lasts(visitor))
        return response
