"""One sign-in under way: what the browser is sent away with, and what has to come back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from bridge.config.web_settings import OidcSettings
from service.openid.discovery import Configuration
from service.openid.errors import LetNobodyIn, NotProven, Stale

_LONGEST = 10_000
"""Characters of a code: providers' are of some thousand at most."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Random texts that tie an answer of the provider to the browser and the request that it answers.

    `state` comes back with the answer, `nonce` in the ID token; `verifier` is shown only to the provider,
    with the code (RFC 7636). `returns` is the address to which the provider sends the browser back.
    """

    state: str
    nonce: str
    verifier: str
    returns: str

    @classmethod
    def begun(cls, returns: str) -> Attempt:
        """A new one, of 256 random bits each."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32), returns)

    def address(self, provider: Configuration, settings: OidcSettings, *, choose: bool) -> str:
        """Where the browser goes; `choose`: the provider is to ask as whom (Core, section 3.1.2.1)."""
        asked = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": self.returns,
            "scope": " ".join(settings.scopes),
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": _challenge(self.verifier),
            "code_challenge_method": "S256",
            **({"prompt": "select_account"} if choose else {}),
        }
        return with_query(provider.authorization, asked)

    def code(self, answer: Mapping[str, str], provider: Configuration, settings: OidcSettings) -> str:
        """The code in what came back with the browser. Raises Stale, NotProven or LetNobodyIn."""
        if not hmac.compare_digest(answer.get("state", "").encode(), self.state.encode()):
            raise Stale("the answer belongs to no sign-in of this browser (state)")
        issuer = answer.get("iss")
        if issuer != settings.issuer and (issuer is not None or provider.names_itself):
            raise NotProven("the answer is not of the provider that was asked (iss)")
        if "error" in answer:
            raise LetNobodyIn("the provider has refused")
        if not (code := answer.get("code", "")) or len(code) > _LONGEST:
            raise NotProven("the answer has no code")
        return code


def with_query(address: str, query: Mapping[str, str]) -> str:
    """An address with more in its query; it may have one of its own (RFC 6749, section 3.1)."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636, section 4.2."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
