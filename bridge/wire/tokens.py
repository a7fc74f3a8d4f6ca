"""Tokens that a server gives for a time: fetched early, shared by all processes, given up when refused."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bridge.errors import BridgeError, TargetHalted, TryLater
from bridge.wire.answer import Answer, classify_status
from bridge.wire.http import Http

EARLY = 0.1
"""Share of a token's life before whose end another one is fetched: requests under way still have it."""

LIFETIME = 300.0
"""Seconds for which a token is used whose server does not say how long it lives."""

LONGEST_LIFETIME = 86_400.0
"""Seconds for which a token is used at most: a server may say anything, and Redis keeps no key for ever."""

YOUNG = 30.0
"""Seconds after which a token that is refused may have been given up there; before, it never worked."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and until when it is used, in seconds since 1970. `made` is when it was fetched."""

    value: str = field(repr=False)
    made: float
    until: float


class Vault(Protocol):
    """Keeps tokens where all processes find them, and nobody else can read them."""

    async def get(self, name: str) -> Token | None:
        """The token of that name, if it is there and can be read."""
        ...

    async def put(self, name: str, token: Token) -> None:
        """Keep a token until its end."""
        ...


class Pocket:
    """A vault for one process."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    async def get(self, name: str) -> Token | None:
        """The token, if it was put in."""
        return self._tokens.get(name)

    async def put(self, name: str, token: Token) -> None:
        """Keep it."""
        self._tokens[name] = token


Fetch = Callable[[], Awaitable[tuple[str, float | None]]]
"""Fetches a token; gives it with the seconds that it lives, None where nobody says."""


class Tokens:
    """The `Authorization` of one target, by a token that ends.

    `name` tells it apart in the vault; whoever signs in otherwise (another key, another address) needs
    another name. `scheme` stands before the token. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        name: str,
        fetch: Fetch,
        vault: Vault,
        *,
        scheme: str = "Bearer",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._fetch = fetch
        self._vault = vault
        self._scheme = scheme
        self._clock = clock
        self._token: Token | None = None
        self._refused = ""
        self._lock = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """The header for one request. Raises what fetching raises; requests that wait for one share it."""
        token = self._token
        if token is None or not self._is_usable(token):
            async with self._lock:
                token = await self._another()
        return {"Authorization": f"{self._scheme} {token.value}".strip()}

    def refused(self, sent: Mapping[str, str]) -> BridgeError | None:
        """What a 401 means for what `headers` gave: another token is fetched the next time, or None.

        None: the token was young, so that another one would be refused too.
        """
        token = self._token
        if token is None or not sent.get("Authorization", "").endswith(token.value):
            return TryLater("answered 401 to a token that has been replaced meanwhile")
        if self._clock() - token.made < YOUNG:
            return None
        self._refused, self._token = token.value, None
        return TryLater("answered 401: the token is used no more, and another one is fetched")

    async def _another(self) -> Token:
        """One that another task or process has fetched, or a new one."""
        for known in (self._token, await self._vault.get(self._name)):
            if known is not None and self._is_usable(known):
                self._token = known
                return known
        value, seconds = await self._fetch()
        now = self._clock()
        self._token = Token(value, now, now + _lives(seconds) * (1 - EARLY))
        await self._vault.put(self._name, self._token)
        return self._token

    def _is_usable(self, token: Token) -> bool:
        return token.value != self._refused and self._clock() < token.until


def _lives(said: float | None) -> float:
    """Seconds for which a token is used of which a server says so much."""
    if said is None or math.isnan(said):
        return LIFETIME
    return min(max(said, 1.0), LONGEST_LIFETIME)


def classify_sign_in(answer: Answer, said: str) -> BridgeError | None:
    """What an answer to a sign-in means: 400, 401 and 403 refuse the credentials (RFC 6749, section 5.2)."""
    if answer.status in (400, 401, 403, 404):
        words = f": {said}" if said else ""
        return TargetHalted(f"the sign-in was refused ({answer.status}{words}): check the credentials")
    return classify_status(answer, said)


async def exchange(http: Http, path: str, form: Mapping[str, str]) -> tuple[str, float | None]:
    """Ask a token endpoint for a token: the `form` is posted (RFC 6749, sections 4.4.2 and 5.1).

    `http` is to classify with `classify_sign_in`. Raises what it raises, and TryLater for an answer without
    a token.
    """
    return granted_token((await http.read(path, method="POST", form=form)).json())


def granted_token(body: object) -> tuple[str, float | None]:
    """The token in an answer, and the seconds that it lives. Raises TryLater."""
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token or not token.isprintable():
        raise TryLater("the sign-in gave no usable token")
    seconds = body.get("expires_in") if isinstance(body, dict) else None
    try:
        return token, float(seconds) if seconds is not None else None
    except (TypeError, ValueError):
        return token, None
