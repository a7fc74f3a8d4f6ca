"""Google's token endpoint for service accounts (RFC 7523), as developers.google.com/identity describes it."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PREFIX = "https://www.googleapis.com/auth/admin.directory."
SCOPES = {f"{PREFIX}{one}" for one in ("user", "group", "user.security", "orgunit.readonly")}
ACCOUNT = "bridge@kenjo-bridge-test.iam.gserviceaccount.com"
CLIENT_ID = "104529876543210987654"


@dataclass
class Given:
    """A token: what it is good for, in whose name, and until when."""

    scopes: set[str]
    admin: str
    until: float


@dataclass
class TokenServer:
    """Gives tokens.

    `delegated`: the scopes that the account may have; `knows`: whether somebody can be acted for.
    """

    knows: Callable[[str], bool]
    delegated: set[str] = field(default_factory=lambda: set(SCOPES))
    lifetime: int = 3599
    url: str = ""
    given: dict[str, Given] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def key(self, private: rsa.RSAPrivateKey | None = None) -> dict[str, str]:
        """The JSON key of the service account, as the Cloud console gives it."""
        pem = (private or self._private).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "kenjo-bridge-test",
            "private_key_id": "5f3a" * 10,
            "private_key": pem.decode(),
            "client_email": ACCOUNT,
            "client_id": CLIENT_ID,
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": self.url,
        }

    async def handle(self, request: web.Request) -> web.Response:
        """One request for a token."""
        if request.content_type != "application/x-www-form-urlencoded":
            return _refused(400, "invalid_request", "Bad Request")
        form = await request.post()
        if form.get("grant_type") != GRANT:
            return _refused(400, "unsupported_grant_type", "Invalid grant_type: ")
        claims = self._claims(str(form.get("assertion")))
        if isinstance(claims, str):
            return _refused(400, "invalid_grant", claims)
        self.asked.append(claims)
        scopes = set(claims["scope"].split())
        if not scopes or scopes - self.delegated:
            return _refused(
                401,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized"
                " for any of the scopes requested.",
            )
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self.given[token] = Given(scopes, claims["sub"].lower(), time.time() + self.lifetime)
        return web.json_response({"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"})

    def _claims(self, assertion: str) -> dict[str, Any] | str:
        """The claims of a JWT that is right, or what is wrong with it."""
        try:
            signed, _, signature = assertion.rpartition(".")
            head, body = (json.loads(_decoded(part)) for part in signed.split("."))
            self._private.public_key().verify(
                _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return "Invalid JWT Signature."
        except ValueError:
            return "Bad Request"
        now = time.time()
        if head.get("alg") != "RS256" or head.get("typ") != "JWT" or not head.get("kid"):
            return "Invalid JWT: header"
        if body.get("iss") != ACCOUNT:
            return "Invalid grant: account not found"
        if body.get("aud") != self.url:
            return "Invalid JWT: Failed audience check."
        if not (now - 300 < body["iat"] < now + 300 and body["iat"] < body["exp"] <= body["iat"] + 3600):
            return (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            )
        if not self.knows(str(body.get("sub")).lower()):
            return "Invalid email or User ID"
        return dict(body)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refused(status: int, error: str, description: str) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
