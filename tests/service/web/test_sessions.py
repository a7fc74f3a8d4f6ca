"""Sessions and passwords: values and a clock."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from bridge.codec import Codec
from bridge.config.passwords import hashed
from bridge.config.web_settings import Role, WebSettings
from bridge.store.audit import operator
from service.web.tries import TooManyTries
from service.web.visitors import Passwords, Sessions, acting_as
from tests.service.web.served import PASSWORD, users


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def settings(role: str = "operator", **more: Any) -> WebSettings:
    return WebSettings(users=users(ines=role), session_hours=2, **more)


def sessions(settings: WebSettings, clock: Clock, pepper: bytes = b"p" * 32) -> Sessions:
    return Sessions(Codec(pepper=pepper).sign, settings, clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_session_lasts_its_hours(clock: Clock) -> None:
    """The same process and another one of this bridge read it, until it is over."""
    text, visitor = sessions(settings(), clock).begin("ines", Role.OPERATOR)
    other = sessions(settings(), clock)
    assert other.read(text) == visitor
    clock.now += 2 * 3600
    assert other.read(text) == visitor
    clock.now += 1
    assert other.read(text) is None


@pytest.mark.parametrize(
    "now",
    [
        settings("viewer"),
        settings("administrator"),
        WebSettings(users={"ines": {"password": hashed("another one"), "role": "operator"}}),
        WebSettings(users=users(otto="operator")),
        WebSettings(),
    ],
)
def test_what_the_settings_say_now_counts(clock: Clock, now: WebSettings) -> None:
    """Another role or password, a name that is gone, no signing in any more == no session."""
    text, _ = sessions(settings(), clock).begin("ines", Role.OPERATOR)
    assert sessions(now, clock).read(text) is None


def test_nobody_makes_a_session(clock: Clock) -> None:
    """A changed body, another key's signature, a cut or empty text == no session."""
    ours = sessions(settings(), clock)
    text, visitor = ours.begin("ines", Role.OPERATOR)
    packed, _, signature = text.partition(".")
    body = orjson.loads(base64.urlsafe_b64decode(packed))
    raised = base64.urlsafe_b64encode(orjson.dumps({**body, "ends": body["ends"] + 1})).decode()
    forged, _ = sessions(settings(), clock, b"q" * 32).begin("ines", Role.OPERATOR)
    for wrong in (
        f"{raised}.{signature}",
        forged,
        packed,
        f"{packed}.",
        text[:-1],
        "",
        ".",
        "é.é",
        "bnVsbA==.x",
    ):
        assert ours.read(wrong) is None, wrong
    assert ours.read(text) == visitor


def test_without_signing_in_only_the_administrator_is_there(clock: Clock) -> None:
    """A session of nobody's == the administrator, and none of it where people sign in."""
    text, visitor = sessions(WebSettings(), clock).begin("", Role.ADMINISTRATOR)
    assert sessions(WebSettings(), clock).read(text) == visitor
    assert sessions(settings(), clock).read(text) is None


OIDC = {
    "issuer": "https://login.example.com",
    "client_id": "bridge",
    "client_secret": "s",
    "roles": {"hr": "operator"},
}


def by_provider(**more: Any) -> WebSettings:
    return WebSettings(users=users(ines="administrator"), oidc={**OIDC, **more}, session_hours=100)


def test_a_session_by_a_provider_ends_the_same_day(clock: Clock) -> None:
    """Twelve hours at most, whatever `session_hours` says: nobody tells the bridge who has left."""
    ours = sessions(by_provider(), clock)
    text, visitor = ours.begin("Keycloak: ines", Role.OPERATOR, by_provider=True)
    clock.now += 12 * 3600
    assert ours.read(text) == visitor
    clock.now += 1
    assert ours.read(text) is None


@pytest.mark.parametrize(
    "now",
    [
        by_provider(roles={"hr": "viewer"}),
        by_provider(roles={"hr": "operator", "it": "viewer"}),
        by_provider(role_claim="groups"),
        by_provider(issuer="https://other.example.com"),
        by_provider(client_id="other"),
        WebSettings(users=users(ines="operator")),
        WebSettings(),
    ],
)
def test_what_the_settings_say_of_the_provider_now_counts(clock: Clock, now: WebSettings) -> None:
    """Other roles, another provider or none, nobody who signs in any more == no session by it."""
    text, _ = sessions(by_provider(), clock).begin("ines", Role.OPERATOR, by_provider=True)
    assert sessions(now, clock).read(text) is None
    assert sessions(by_provider(client_secret="renewed", label="SSO"), clock).read(text) is not None


def test_a_name_at_the_provider_is_no_name_here(clock: Clock) -> None:
    """Whoever is called there as somebody with a password here == their own role, and not that one's."""
    ours = sessions(by_provider(), clock)
    text, _ = ours.begin("ines", Role.OPERATOR, by_provider=True)
    found = ours.read(text)
    assert found is not None
    assert (found.role, found.by_provider) == (Role.OPERATOR, True)
    text, _ = ours.begin("ines", Role.OPERATOR)
    assert ours.read(text) is None


def test_a_form_is_of_its_session(clock: Clock) -> None:
    """A token fits the session that it was made for, and no other one of the same person."""
    ours = sessions(settings(), clock)
    (_, one), (_, other) = (ours.begin("ines", Role.OPERATOR) for _ in range(2))
    assert ours.is_token(one, ours.token(one))
    assert not ours.is_token(other, ours.token(one))
    assert not ours.is_token(one, "")


async def test_guessing_is_slowed_down(clock: Clock) -> None:
    """Five wrong passwords for a name == nobody is let in by it for five minutes, wherever they come from."""
    passwords = Passwords(settings(), clock)
    for number in range(5):
        assert await passwords.role("ines", "guess", f"10.0.0.{number}") is None
    with pytest.raises(TooManyTries):
        await passwords.role("ines", PASSWORD, "10.0.0.9")
    clock.now += 301
    assert await passwords.role("ines", PASSWORD, "10.0.0.1") is Role.OPERATOR


async def test_who_guesses_many_names_is_slowed_down(clock: Clock) -> None:
    """Twenty-five wrong passwords from one address, for whatever names == nobody is let in from there."""
    passwords = Passwords(settings(), clock)
    passwords._nobody = "no hash"  # it is about counting: no name's password need be tried
    for number in range(25):
        assert await passwords.role(f"guess{number}", "", "10.0.0.1") is None
    with pytest.raises(TooManyTries):
        await passwords.role("ines", PASSWORD, "10.0.0.1")
    assert await passwords.role("ines", PASSWORD, "10.0.0.2") is Role.OPERATOR


async def test_others_are_let_in_meanwhile(clock: Clock) -> None:
    """Guesses of one name from one address hinder nobody else."""
    passwords = Passwords(WebSettings(users=users(ines="operator", otto="viewer")), clock)
    for _ in range(5):
        await passwords.role("ines", "guess", "10.0.0.1")
    assert await passwords.role("otto", PASSWORD, "10.0.0.2") is Role.VIEWER


async def test_nobody_is_let_in_without_a_name_that_is_known(clock: Clock) -> None:
    """A name of nobody, an empty password, a huge one == no."""
    passwords = Passwords(settings(), clock)
    assert await passwords.role("otto", PASSWORD, "a") is None
    assert await passwords.role("ines", "", "b") is None
    assert await passwords.role("ines", "x" * 100_000, "c") is None


def test_what_is_done_is_done_in_the_visitors_name(clock: Clock) -> None:
    """Meanwhile the operator is who signed in, afterwards whoever runs the process."""
    before = operator()
    _, visitor = sessions(settings(), clock).begin("ines", Role.OPERATOR)
    with acting_as(visitor):
        assert operator() == "ines"
    assert operator() == before
