"""Who is looking: sessions of people who have signed in, and what they may."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from bridge.config.passwords import hashed, matches
from bridge.config.web_settings import Role, WebSettings
from bridge.store.audit import in_the_name_of, operator

_TRIES = {"name": 5, "address": 25}
"""Wrong passwords for one name, or from one address, in `_WINDOW` seconds, after which nobody is let in.

A whole office may come from one address, and everybody behind a proxy does.
"""
_WINDOW = 300.0
_MOST = 10_000
"""Addresses and names of which wrong passwords are remembered."""

Sign = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who looks at the pages. `session` is random; a form's token is made of it."""

    name: str
    role: Role
    session: str

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
        self._settings = settings
        self._clock = clock

    def begin(self, name: str, role: Role) -> tuple[str, Visitor]:
        """A new session and its text."""
        visitor = Visitor(name, role, secrets.token_urlsafe(16))
        ends = self._clock() + self._settings.session_hours * 3600
        body = {
            "session": visitor.session,
            "name": name,
            "role": str(role),
            "ends": int(ends),
            "password": self._password(name),
        }
        return f"{_packed(orjson.dumps(body))}.{self._sign(body)}", visitor

    def read(self, text: str) -> Visitor | None:
        """Whose session this is; None where it is over, changed, or of somebody who may not sign in now."""
        packed, _, signature = text.partition(".")
        try:
            body = orjson.loads(base64.urlsafe_b64decode(packed))
            if not hmac.compare_digest(self._sign(body), signature) or body["ends"] < self._clock():
                return None
            visitor = Visitor(body["name"], Role(body["role"]), body["session"])
            if not hmac.compare_digest(self._password(visitor.name), body["password"]):
                return None
        except (ValueError, KeyError, TypeError, binascii.Error):
            return None
        return visitor if self._is_welcome(visitor) else None

    def _password(self, name: str) -> str:
        """What a session tells of the password that it began with: another one ends it."""
        user = self._settings.users.get(name)
        return self._sign({"password of": name, "is": user.password.get_secret_value()}) if user else ""

    def _is_welcome(self, visitor: Visitor) -> bool:
        """Whether the settings say still what they said when the session began."""
        if not self._settings.signs_in:
            return visitor.role is Role.ADMINISTRATOR and not visitor.name
        user = self._settings.users.get(visitor.name)
        return user is not None and user.role is visitor.role

    def token(self, visitor: Visitor) -> str:
        """What a form of this visitor's has to carry."""
        return self._sign({"form of": visitor.session})

    def is_token(self, visitor: Visitor, token: str) -> bool:
        """Whether a form is of a page that this visitor was shown."""
        return hmac.compare_digest(self.token(visitor).encode(), token.encode())


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


class Passwords:
    """Lets people in by their passwords, and slows down who guesses."""

    def __init__(self, settings: WebSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._wrong: dict[tuple[str, str], list[float]] = {}
        self._nobody = hashed(secrets.token_urlsafe())
        self._one = asyncio.Lock()

    async def role(self, name: str, password: str, address: str) -> Role | None:
        """The role of who knows the password; None. Raises TooManyTries.

        A name of nobody costs as much time as a wrong password.
        """
        places = (("name", name), ("address", address))
        if any(self._tries(place) >= _TRIES[place[0]] for place in places):
            raise TooManyTries
        user = self._settings.users.get(name)
        stored = user.password.get_secret_value() if user else self._nobody
        async with self._one:  # each costs 32 MiB
            right = await asyncio.to_thread(matches, password[:1000], stored)
        if right and user:
            return user.role
        for place in places:
            if len(self._wrong) < _MOST or place in self._wrong:
                self._wrong.setdefault(place, []).append(self._clock())
        return None

    def _tries(self, place: tuple[str, str]) -> int:
        since = self._clock() - _WINDOW
        recent = [at for at in self._wrong.get(place, ()) if at > since]
        if recent:
            self._wrong[place] = recent
        else:
            self._wrong.pop(place, None)
        return len(recent)


class TooManyTries(Exception):
    """Wait for some minutes."""
