"""The provider of `web.oidc`: sends people to it, and says who has come back."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

from bridge.config.web_settings import OidcSettings
from service.openid.asking import document, error_code, posted
from service.openid.attempt import Attempt, with_query
from service.openid.discovery import Configuration, discover
from service.openid.errors import NotProven, ProviderUnusable
from service.openid.id_token import Expected, proven
from service.openid.keys import KEPT, Keys
from service.openid.somebody import Somebody, somebody, values

_PAUSE = 5.0
"""Seconds for which a provider that could not be used is not asked again: whoever comes meanwhile waits for
nothing."""


class Provider:
    """One provider, as one process knows it. `clock` gives seconds. All of it may raise ProviderUnusable."""

    def __init__(self, settings: OidcSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._keys = Keys(clock)
        self._known: Configuration | None = None
        self._trouble = ""
        self._looked = 0.0
        self._one = asyncio.Lock()

    async def begin(self, returns: str, *, choose: bool = False) -> tuple[Attempt, str]:
        """A new sign-in, and the address to which the browser goes for it."""
        attempt = Attempt.begun(returns)
        return attempt, attempt.address(await self.known(), self._settings, choose=choose)

    async def finish(self, attempt: Attempt, answer: Mapping[str, str]) -> Somebody:
        """Who has come back, by the query with which the browser did. Raises SignInFailed."""
        provider = await self.known()
        code = attempt.code(answer, provider, self._settings)
        given = await self._exchanged(provider, code, attempt.verifier, attempt.returns)
        if refused := error_code(given):
            _see_client(refused)
            raise NotProven(f"the provider does not take the code ({refused})")
        if not isinstance(given, Mapping):
            raise NotProven("the provider gave nothing for the code")
        expected = Expected(self._settings.issuer, self._settings.client_id, attempt.nonce)
        claims = await proven(given.get("id_token"), self._keys, provider, expected)
        return somebody(await self._told(provider, claims, given.get("access_token")), self._settings)

    async def sign_out_address(self, returns: str) -> str:
        """Where somebody signs out of the provider too, and comes back from; "" where it has no such place.

        By the client's id and not by the ID token (RP-Initiated Logout 1.0, section 2), so that no address
        carries one.
        """
        provider = await self.known()
        if not provider.end_session:
            return ""
        query = {"client_id": self._settings.client_id, "post_logout_redirect_uri": returns}
        return with_query(provider.end_session, query)

    async def tried(self, returns: str) -> str:
        """Whether it takes the client's id and secret: tried with a code that is none. Returns what it says.

        `invalid_grant` says that only the code is wrong (RFC 6749, section 5.2).
        """
        provider = await self.known()
        await self._keys.see(provider.keys)
        refused = error_code(await self._exchanged(provider, "none", Attempt.begun("").verifier, returns))
        _see_client(refused)
        return refused

    async def known(self) -> Configuration:
        """What it says of itself, not older than an hour."""
        async with self._one:
            since = self._clock() - self._looked
            if self._trouble and since < _PAUSE:
                raise ProviderUnusable(self._trouble)
            if self._known is None or since >= KEPT:
                self._known, self._trouble = None, ""
                self._known = await self._look()
            return self._known

    async def _look(self) -> Configuration:
        try:
            return await discover(self._settings.issuer)
        except ProviderUnusable as error:
            self._trouble = str(error)
            raise
        finally:
            self._looked = self._clock()

    async def _exchanged(self, provider: Configuration, code: str, verifier: str, returns: str) -> Any:
        """The tokens for a code, or the error that is answered."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": returns,
            "code_verifier": verifier,
        }
        client, secret = self._settings.client_id, self._settings.client_secret.get_secret_value()
        headers = {}
        if provider.posts_secret:
            form |= {"client_id": client, "client_secret": secret}
        else:  # RFC 6749, section 2.3.1
            pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return await posted(provider.token, "the provider's tokens", form, headers)

    async def _told(
        self, provider: Configuration, claims: Mapping[str, Any], access_token: object
    ) -> Mapping[str, Any]:
        """The claims, with those of the userinfo endpoint where the token does not tell the role."""
        if values(claims, self._settings.role_claim) or not provider.userinfo:
            return claims
        if not isinstance(access_token, str) or not access_token.isascii() or not access_token.isprintable():
            return claims
        headers = {"Authorization": f"Bearer {access_token}"}
        more = await document(provider.userinfo, "the provider's userinfo", headers)
        if more.get("sub") != claims["sub"]:
            raise NotProven("the provider's userinfo is of somebody else (sub)")
        return {**more, **claims}


def _see_client(refused: str) -> None:
    """Raises ProviderUnusable for an error that no other code would help against."""
    if refused in ("invalid_client", "unauthorized_client"):
        raise ProviderUnusable(
            f"the provider does not know the bridge ({refused}): look at web.oidc.client_id and"
            " web.oidc.client_secret, and whether the secret has run out there"
        )
