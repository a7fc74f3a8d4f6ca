"""Who is looking: sessions of people who have signed in, and what they may."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bridge.config.passwords import hashed, matches
from bridge.config.web_settings import Role, WebSettings
from bridge.store.audit import in_the_name_of, operator
from service.web.signed import Sign, Signed
from service.web.tries import Tries

LONGEST_BY_PROVIDER = 12 * 3600.0
"""Seconds after which who was signed in by a provider is asked for again: it tells nobody who has left."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who looks at the pages. `session` is random; a form's token is made of it.

    `by_provider`: signed in by OpenID Connect, and not by a password.
    """

    name: str
    role: Role
    session: str
    by_provider: bool = False

    @property
    def sees_values(self) -> bool:
        """Whether names and values may be shown."""
        return self.role.may(Role.OPERATOR)


@contextmanager
def acting_as(visitor: Visitor) -> Iterator[str]:
    """Let what is done meanwhile stand in the audit log as this visitor's; yields the name."""
    with in_the_name_of(visitor.name or operator()) as name:
        yield name


class Sessions:
    """Sessions as signed text, which any process of this bridge can read: nothing is stored."""

    def __init__(self, sign: Sign, settings: WebSettings, clock: Callable[[], float] = time.time) -> None:
        self._sign = sign
        self._signed = Signed(sign, "session", clock)
        self._settings = settings

    def begin(self, name: str, role: Role, *, by_provider: bool = False) -> tuple[str, Visitor]:
        """A new session and its text."""
        visitor = Visitor(name, role, secrets.token_urlsafe(16), by_provider)
        body = {
            "session": visitor.session,
            "name": name,
            "role": str(role),
            "by provider": by_provider,
            "let in by": self._let_in_by(visitor),
        }
        return self._signed.text(body, self.lasts(visitor)), visitor

    def read(self, text: str) -> Visitor | None:
        """Whose session this is; None where it is over, changed, or of somebody who may not sign in now."""
        body = self._signed.read(text)
        if body is None:
            return None
        visitor = Visitor(body["name"], Role(body["role"]), body["session"], body["by provider"])
        same = hmac.compare_digest(self._let_in_by(visitor), body["let in by"])
        return visitor if same and self._is_welcome(visitor) else None

    def lasts(self, visitor: Visitor) -> float:
        """Seconds of a session that begins now."""
        seconds = self._settings.session_hours * 3600
        return min(seconds, LONGEST_BY_PROVIDER) if visitor.by_provider else seconds

    def _let_in_by(self, visitor: Visitor) -> str:
        """What a session tells of the settings that let somebody in: if they change, it ends."""
        if visitor.by_provider:
            oidc = self._settings.oidc
            whose = oidc and oidc.model_dump(include={"issuer", "client_id", "role_claim", "roles"})
            return self._sign({"provider": whose})
        user = self._settings.users.get(visitor.name)
        secret = user.password.get_secret_value() if user else ""
        return self._sign({"password of": visitor.name, "is": secret})

    def _is_welcome(self, visitor: Visitor) -> bool:
        """Whether the settings say still what they said when the session began."""
        if not self._settings.signs_in:
            return visitor.role is Role.ADMINISTRATOR and not visitor.name
        if visitor.by_provider:
            return self._settings.oidc is not None
        user = self._settings.users.get(visitor.name)
        return user is not None and user.role is visitor.role

    def token(self, visitor: Visitor) -> str:
        """What a form of this visitor's has to carry."""
        return self._sign({"form of": visitor.session})

    def is_token(self, visitor: Visitor, token: str) -> bool:
        """Whether a form is of a page that this visitor was shown."""
        return hmac.compare_digest(self.token(visitor).encode(), token.encode())


class Passwords:
    """Lets people in by their passwords, and slows down who guesses."""

    def __init__(self, settings: WebSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._tries = Tries(clock)
        self._nobody = hashed(secrets.token_urlsafe())
        self._one = asyncio.Lock()

    async def role(self, name: str, password: str, address: str) -> Role | None:
        """The role of who knows the password; None. Raises TooManyTries.

        A name of nobody costs as much time as a wrong password.
        """
        places = (("name", name), ("address", address))
        self._tries.see(places)
        user = self._settings.users.get(name)
        stored = user.password.get_secret_value() if user else self._nobody
        async with self._one:  # each costs 32 MiB
            right = await asyncio.to_thread(matches, password[:1000], stored)
        if right and user:
            return user.role
        self._tries.note(places)
        return None
