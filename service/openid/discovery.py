"""What a provider says of itself (OpenID Connect Discovery 1.0, RFC 8414), as far as it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.config.addresses import called_address, is_open_to_listeners
from bridge.printable import visible
from service.openid.asking import document
from service.openid.errors import ProviderUnusable

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""By which an ID token may be signed: those with a public key. Not `none`, and not HS256 and the like, whose
key is a text that others know (RFC 8725, sections 2.1 and 3.2)."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Addresses and habits of a provider; "" for an address that it does not have.

    `posts_secret`: it takes the client's secret in the form only. `names_itself`: each of its answers says
    whose it is (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    userinfo: str
    end_session: str
    algorithms: tuple[str, ...]
    posts_secret: bool
    names_itself: bool


async def discover(issuer: str) -> Configuration:
    """Read what a provider says of itself. Raises ProviderUnusable."""
    where = issuer.rstrip("/") + "/.well-known/openid-configuration"
    return understood(await document(where, "the provider's configuration"), issuer)


def understood(said: Mapping[str, Any], issuer: str) -> Configuration:
    """The same, of a document that is there. Raises ProviderUnusable."""
    _see_whose(said, issuer)
    if not _has(said, "response_types_supported", "code", default=True):
        raise ProviderUnusable("the provider has no authorization code flow (response_types_supported)")
    if not _has(said, "code_challenge_methods_supported", "S256", default=True):
        raise ProviderUnusable("the provider has no PKCE with S256 (code_challenge_methods_supported)")
    algorithms = tuple(
        one for one in ALGORITHMS if _has(said, "id_token_signing_alg_values_supported", one, one == "RS256")
    )
    if not algorithms:
        raise ProviderUnusable(
            "the provider signs by no algorithm with a public key: set RS256 or ES256 for the client there"
        )
    methods = "token_endpoint_auth_methods_supported"
    return Configuration(
        authorization=_address(said, "authorization_endpoint", needed=True),
        token=_address(said, "token_endpoint", needed=True),
        keys=_address(said, "jwks_uri", needed=True),
        userinfo=_address(said, "userinfo_endpoint"),
        end_session=_address(said, "end_session_endpoint"),
        algorithms=algorithms,
        posts_secret=not _has(said, methods, "client_secret_basic", default=True)
        and _has(said, methods, "client_secret_post", default=False),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _see_whose(said: Mapping[str, Any], issuer: str) -> None:
    """Its own name has to be the one that is trusted, letter for letter (section 4.3)."""
    name = said.get("issuer")
    if name != issuer:
        shown = f"'{visible(name[:200])}'" if isinstance(name, str) else "nothing"
        raise ProviderUnusable(
            f"the provider calls itself {shown}: web.oidc.issuer has to be the same, letter for letter"
        )


def _has(said: Mapping[str, Any], name: str, value: str, default: bool) -> bool:
    """Whether a list has a value; `default` where there is no list."""
    there = said.get(name)
    return value in there if isinstance(there, list) else default


def _address(said: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    """An address to which nobody listens on the way, "" for none."""
    address = said.get(name)
    if address is None and not needed:
        return ""
    try:
        if isinstance(address, str) and not is_open_to_listeners(called_address(address)):
            return address
    except ValueError:
        pass
    raise ProviderUnusable(f"the provider's {name} is no address with https://")
