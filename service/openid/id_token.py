"""What an ID token proves (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from service.openid.discovery import Configuration
from service.openid.errors import NotProven
from service.openid.keys import Keys

LEEWAY = 60.0
"""Seconds by which the clocks of the provider and of this machine may differ."""

_LONGEST = 100_000
"""Characters of a token: one with hundreds of groups has less."""

_NEEDED = ["iss", "sub", "aud", "exp", "iat"]


@dataclass(frozen=True, slots=True)
class Expected:
    """For whom, from whom, and for which sign-in a token has to be."""

    issuer: str
    client_id: str
    nonce: str


async def proven(token: object, keys: Keys, provider: Configuration, expected: Expected) -> Mapping[str, Any]:
    """The claims of a token. Raises NotProven with what is wrong with it, and ProviderUnusable."""
    if not isinstance(token, str) or len(token) > _LONGEST:
        raise NotProven("the provider gave no ID token, or one that is too large")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in provider.algorithms:  # before anything is made of the key
            raise NotProven("the ID token is signed by no algorithm that is allowed")
        key = await keys.find(provider.keys, header.get("kid"), algorithm)
        claims = jwt.decode(
            token,
            key,
            algorithms=list(provider.algorithms),
            audience=expected.client_id,
            issuer=expected.issuer,
            leeway=LEEWAY,
            options={"require": _NEEDED, "enforce_minimum_key_length": True},
        )
    except jwt.PyJWTError as error:
        raise NotProven(f"the ID token is not to be believed ({type(error).__name__})") from None
    _see_for_whom(claims, expected)
    return claims


def _see_for_whom(claims: Mapping[str, Any], expected: Expected) -> None:
    """What the library does not look at. Raises NotProven."""
    audience, party = claims["aud"], claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or party is not None) and party != expected.client_id:
        raise NotProven("the ID token was made for another client (azp)")
    if claims.get("nonce") != expected.nonce:
        raise NotProven("the ID token is of another sign-in (nonce)")
    if not claims["sub"]:
        raise NotProven("the ID token names nobody (sub)")
