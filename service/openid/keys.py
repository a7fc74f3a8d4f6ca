"""The keys by which a provider signs (RFC 7517): kept for a while, and read anew when it has another one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from service.openid.asking import document
from service.openid.errors import NotProven, ProviderUnusable

KEPT = 3600.0
"""Seconds after which keys are read anew: one that the provider has withdrawn is not believed for longer."""

_AGAIN = 10.0
"""Seconds between two readings because of a key that is not there: anybody can name one."""

_UNUSABLE = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError)
"""What the library raises for a key of another type, or one that is damaged."""


class Keys:
    """The keys of one provider. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._keys: list[Mapping[str, Any]] = []
        self._address, self._read = "", 0.0

    async def find(self, address: str, kid: object, algorithm: str) -> jwt.PyJWK:
        """The one key that has this id and fits the algorithm; without an id the only one that fits.

        Raises NotProven where there is none, or where it is not clear which, and ProviderUnusable.
        """
        await self.see(address)
        found = _fitting(self._keys, kid, algorithm)
        if not found:
            await self.see(address, within=_AGAIN)
            found = _fitting(self._keys, kid, algorithm)
        if len(found) != 1:
            raise NotProven("the ID token is signed with a key that is none of the provider's")
        return found[0]

    async def see(self, address: str, within: float = KEPT) -> None:
        """Read the keys, unless that was done in the last `within` seconds. Raises ProviderUnusable."""
        now = self._clock()
        if address == self._address and now - self._read < within:
            return
        keys = (await document(address, "the provider's keys")).get("keys")
        if not isinstance(keys, list):
            raise ProviderUnusable("the provider's keys are no JWK set (jwks_uri)")
        self._keys = [key for key in keys if isinstance(key, dict)]
        self._address, self._read = address, now


def _fitting(keys: list[Mapping[str, Any]], kid: object, algorithm: str) -> list[jwt.PyJWK]:
    found = []
    for key in keys:
        wanted = kid is None or key.get("kid") == kid
        if wanted and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm:
            try:
                found.append(jwt.PyJWK(dict(key), algorithm))
            except _UNUSABLE:
                continue
    return found
