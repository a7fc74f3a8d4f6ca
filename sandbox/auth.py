"""Keys and tokens: who may sign in, for how long, and what each key may read."""

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from sandbox.errors import ApiError
from sandbox.values import Row

SANDBOX_KEY = "sandbox-key"

DEFAULT_DENIED = ("/attendances*", "/time-off/*", "/compensation/*")
"""What a key may not read unless someone ticks it: attendance, time off, compensation."""

TOKEN_LIFETIME = 48 * 3600.0
"""Seconds; the token in Kenjo's reference lives two days."""


@dataclass
class _Token:
    key: str
    expires: float


class Keys:
    """The API keys of an account and the tokens that were given for them.

    Kenjo documents no 403; that a key without permission gets one, and its words, are the sandbox's own.
    """

    def __init__(self, lifetime: float = TOKEN_LIFETIME, clock: Callable[[], float] = time.time) -> None:
        self.lifetime = lifetime
        self._clock = clock
        self._denied: dict[str, tuple[str, ...]] = {}
        self._tokens: dict[str, _Token] = {}

    def add(self, key: str, denied: Iterable[str] = DEFAULT_DENIED) -> None:
        """Make a key, or change what it may not read: globs on paths such as `/employees/financials`."""
        self._denied[key] = tuple(denied)

    def revoke(self, key: str) -> None:
        """Delete a key and the tokens that were given for it."""
        self._denied.pop(key, None)
        self._tokens = {value: token for value, token in self._tokens.items() if token.key != key}

    def login(self, key: object) -> Row:
        """Return a new token, whose value contains the word Bearer, and the time of its end."""
        if not isinstance(key, str):
            raise ApiError(400, "The param 'apiKey' is not valid.")
        if key not in self._denied:
            raise ApiError(401, "The API key is not valid.")
        value = f"Bearer {secrets.token_urlsafe(32)}"
        expires = self._clock() + self.lifetime
        self._tokens[value] = _Token(key, expires)
        end = datetime.fromtimestamp(expires, UTC).isoformat(timespec="milliseconds")
        return {"token": value, "X-Expires-After": end.replace("+00:00", "Z")}

    def logout(self, authorization: str | None) -> None:
        """Make the token worthless."""
        self._token(authorization)
        self._tokens.pop(str(authorization))

    def expire_all(self) -> None:
        """Make all tokens worthless at once."""
        self._tokens.clear()

    def count(self) -> int:
        """Return how many tokens are valid now."""
        return sum(token.expires > self._clock() for token in self._tokens.values())

    def authorize(self, authorization: str | None, path: str) -> None:
        """Let the request pass, or refuse it with 401 (token) or 403 (permission of the key)."""
        token = self._token(authorization)
        if any(fnmatchcase(path, pattern) for pattern in self._denied[token.key]):
            raise ApiError(403, f"The API key has no permission for '{path}'.")

    def _token(self, authorization: str | None) -> _Token:
        token = self._tokens.get(authorization or "")
        if token is None or token.expires <= self._clock():
            raise ApiError(401, "The Authorization header is missing, wrong, or its token has expired.")
        return token
