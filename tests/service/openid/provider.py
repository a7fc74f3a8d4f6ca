"""An OpenID provider in this process, written from the specifications; it shares no code with the bridge.

OpenID Connect Core 1.0 (sections 2, 3.1 and 5.3), Discovery 1.0, RFC 6749, RFC 7636 and RFC 9207. It can be
made to do wrong: see `Ways`.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

from aiohttp import web

from tests.service.openid.signer import FIRST, Claims, Signer, base64url

CLIENT, SECRET = "kenjo-bridge", "s3cret+/%~"


@dataclass
class Ways:
    """What the provider does. `spoiled` makes of the claims of an ID token the token that is given.

    `lenient`: it neither asks for PKCE nor minds a code that was used. `down`: it answers 503. `first`: the
    error with which it answers a made-up code before it looks who asks. `metadata` and `answers` are laid
    over what it says of itself, and over the query with which it sends people back.
    """

    signers: list[Signer] = field(default_factory=lambda: [FIRST])
    claims: Claims = field(default_factory=dict)
    userinfo: Claims = field(default_factory=dict)
    spoiled: Callable[[Claims], str] | None = None
    lenient: bool = False
    first: str = ""
    down: bool = False
    metadata: Claims = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)


@dataclass
class Given:
    """What is known of a code."""

    query: dict[str, str]
    used: bool = False


class OpenIdProvider:
    """Signs everybody in at once who comes with a request that is in order, as who `ways` say."""

    def __init__(self) -> None:
        self.ways = Ways()
        self.issuer = ""
        self.asked: list[str] = []
        self._codes: dict[str, Given] = {}
        self._tokens: dict[str, Claims] = {}

    def application(self) -> web.Application:
        """All of its endpoints."""
        app = web.Application(middlewares=[self._seen])
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token/", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        app.router.add_get("/logout", self._logout)
        return app

    @web.middleware
    async def _seen(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.ways.down:
            return web.Response(status=503, text="out of order, Ana")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _configuration(self, _request: web.Request) -> web.Response:
        """Discovery, section 3."""
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token/",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.ways.metadata,
        }
        return web.json_response({name: value for name, value in said.items() if value is not None})

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [signer.jwk() for signer in self.ways.signers]})

    async def _authorize(self, request: web.Request) -> web.Response:
        """Core, section 3.1.2: it looks at what has to be there, and sends back with a code."""
        asked = dict(request.query)
        ok = asked["response_type"] == "code" and "openid" in asked["scope"].split()
        if not ok or asked["client_id"] != CLIENT or asked.get("code_challenge_method") != "S256":
            return web.Response(status=400, text="invalid_request")
        back = {"state": asked["state"], "code": self.code(asked), "iss": self.issuer, **self.ways.answers}
        query = urlencode({name: value for name, value in back.items() if value})
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{query}"})

    def code(self, asked: dict[str, str]) -> str:
        """A code for a request."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = Given(asked)
        return code

    async def _token(self, request: web.Request) -> web.Response:
        """RFC 6749, sections 3.2 and 4.1.3; RFC 7636, section 4.6."""
        form = {name: values[0] for name, values in parse_qs((await request.read()).decode()).items()}
        if self.ways.first and form.get("code") not in self._codes:
            return web.json_response({"error": self.ways.first}, status=400)
        if not self._is_client(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        given = self._codes.get(form.get("code", ""))
        if given is None or form.get("redirect_uri") != given.query["redirect_uri"]:
            return web.json_response({"error": "invalid_grant", "error_description": "no, Ana"}, status=400)
        challenge = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not self.ways.lenient and (given.used or challenge != given.query["code_challenge"]):
            return web.json_response({"error": "invalid_grant"}, status=400)
        given.used = True
        claims = self._claims(given.query)
        access = secrets.token_urlsafe(16)
        self._tokens[access] = {"sub": claims["sub"], **self.ways.userinfo}
        token = (self.ways.spoiled or self.ways.signers[-1].token)(claims)
        return web.json_response({"access_token": access, "token_type": "Bearer", "id_token": token})

    def _claims(self, query: dict[str, str]) -> Claims:
        """Core, section 2."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": query.get("nonce"),
            "preferred_username": "ines@example.com",
            "roles": ["Bridge.Operators"],
            **self.ways.claims,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def _is_client(self, request: web.Request, form: dict[str, str]) -> bool:
        """RFC 6749, section 2.3.1: by the header, or by the form where only that is announced."""
        if self.ways.metadata.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        name, _, secret = base64.b64decode(text).decode().partition(":")
        return scheme == "Basic" and (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)

    async def _userinfo(self, request: web.Request) -> web.Response:
        """Core, section 5.3."""
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        return web.json_response(self._tokens[token])

    async def _logout(self, request: web.Request) -> web.Response:
        """RP-Initiated Logout 1.0, section 2."""
        if request.query.get("client_id") != CLIENT:
            return web.Response(status=400)
        return web.Response(status=302, headers={"Location": request.query["post_logout_redirect_uri"]})


@asynccontextmanager
async def provided() -> AsyncIterator[OpenIdProvider]:
    """A provider that listens."""
    provider = OpenIdProvider()
    runner = web.AppRunner(provider.application())
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield provider
    finally:
        await runner.cleanup()
