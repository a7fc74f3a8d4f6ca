"""Kenjo's sign-in: one token for all requests, renewed in time."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.config.settings import KenjoSettings
from bridge.errors import SourceRefused, SourceUnavailable
from bridge.wire.http import Http
from service.kenjo.answers import KEYS, ask, parsed

LIFETIME = timedelta(hours=1)
"""How long a token is used that does not say how long it lives; Kenjo's sample lives 48 hours."""

_LOGIN = "/auth/login"
_BEARER = re.compile(r"bearer\s+", re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x7e]+")


class SignIn:
    """Holds the token. `clock` gives the time, with its zone."""

    def __init__(self, http: Http, settings: KenjoSettings, clock: Callable[[], datetime]) -> None:
        self._http = http
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = clock()

    async def token(self, *, refused: str | None = None) -> str:
        """The value of the `Authorization` header; signs in when there is none, or when it is `refused`.

        Requests that need a new one at the same time share it. Raises SourceRefused or SourceUnavailable.
        """
        async with self._lock:
            if self._token in ("", refused) or self._clock() >= self._renew_at:
                self._token = ""
                self._token = await self._sign_in()
            return self._token

    def forget(self) -> None:
        """Sign in afresh the next time."""
        self._token = ""

    async def end(self) -> None:
        """Make the token worthless at Kenjo, if it can be reached."""
        token, self._token = self._token, ""
        if token:
            with contextlib.suppress(SourceUnavailable):  # it ends by itself soon enough
                await ask(self._http, "POST", "/auth/logout", token=token)

    async def _sign_in(self) -> str:
        key = self._settings.api_key.get_secret_value().strip() if self._settings.api_key else ""
        if not key:
            raise SourceRefused(f"kenjo.api_key is missing: make a key in Kenjo under {KEYS}")
        answer = await ask(self._http, "POST", _LOGIN, body={"apiKey": key}, refusals=(400, 401, 403))
        if answer.status >= 400:
            raise SourceRefused(f"Kenjo refused the API key ({answer.status}): {self._advice()}")
        body = parsed(answer, _LOGIN)
        token = body.get("token") if isinstance(body, dict) else None
        bare = _BEARER.sub("", token.strip(), count=1) if isinstance(token, str) else ""
        if not _TOKEN.fullmatch(bare):
            raise SourceUnavailable(
                "Kenjo's sign-in gave no usable token; make sure that kenjo.base_url is right"
            )
        self._renew_at = self._clock() + self._lifetime(body) * 0.9
        return f"Bearer {bare}"

    def _lifetime(self, body: Mapping[str, Any]) -> timedelta:
        """How long the token lives by our clock; the default when that makes no sense."""
        try:
            ends = datetime.fromisoformat(body["X-Expires-After"])
            lives = (ends if ends.tzinfo else ends.replace(tzinfo=UTC)) - self._clock()
        except (KeyError, TypeError, ValueError, OverflowError):
            return LIFETIME
        return lives if lives > timedelta(0) else LIFETIME

    def _advice(self) -> str:
        where = f"belongs to {self._settings.base_url}"
        if self._settings.base_url is None:
            where = f"belongs to the `{self._settings.environment}` environment"
        return f"make sure that kenjo.api_key is complete, {where}, and is still listed in Kenjo under {KEYS}"
