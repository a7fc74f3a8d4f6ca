"""`once`: what is given to a new account, and to none afterwards, at a real SCIM server."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.model import Kind, Outcome, State
from bridge.store.backend import Backend
from tests.delivery import delivery, person, team
from workers.connect import routes

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


async def test_what_is_given_once_stays(backend: Backend) -> None:
    """Title and name change in Kenjo == the account keeps its first title, and gets the new name."""
    async with delivery(backend, once=["title"]) as run:
        await run.deliver(person("ana"))
        assert (await run.user("ana"))["title"] == "Clerk"
        await run.deliver(person("ana", title="Lead", name="Anna"))
        found = await run.user("ana")
        assert (found["title"], found["displayName"]) == ("Clerk", "Anna Muster")
        await run.deliver(person("ana", title=None, name="Anna"))
        assert (await run.user("ana"))["title"] == "Clerk"


async def test_a_change_of_it_alone_asks_nothing(backend: Backend) -> None:
    """Only what is given once changes in Kenjo == settled as it is, without a request to the target."""
    async with delivery(backend, once=["title"]) as run:
        await run.deliver(person("ana"))
        before = len(run.proxy.seen)
        await run.deliver(person("ana", title="Lead"))
        entry = await run.entry("ana")
        assert (entry.state, entry.outcome) == (State.APPLIED, Outcome.UNCHANGED)
        assert len(run.proxy.seen) == before


async def test_an_account_that_was_there_keeps_its_own(backend: Backend) -> None:
    """An account of before the bridge is adopted == its title stays, everything else is as in Kenjo."""
    async with delivery(backend, once=["title"]) as run:
        await run.create({"schemas": [USER], "userName": "ana@example.com", "title": "Founder"})
        await run.deliver(person("ana"))
        found = await run.user("ana")
        assert (found["title"], found["displayName"]) == ("Founder", "Ana Muster")
        assert (await run.entry("ana")).outcome is Outcome.ADOPTED


async def test_a_group_may_keep_its_first_name(backend: Backend) -> None:
    """A team is renamed, and names are given once == the group has its first name and its new member."""
    async with delivery(backend, once=["displayName"], map={"displayName": None}) as run:
        await run.deliver(person("ana"), team("red", name="Red"), team("red", "ana", name="Crimson"))
        (group,) = await run.groups()
        assert (group["displayName"], len(group["members"])) == ("Red", 1)
        assert (await run.entry("red", Kind.TEAM)).state is State.APPLIED


async def test_nobody_waits_for_a_name_that_is_never_given_up(backend: Backend) -> None:
    """Somebody new has the address that another's account was made with == parked, naming the other."""
    async with delivery(backend, once=["userName"]) as run:
        await run.deliver(person("ana", email="a@example.com"), person("ana", email="new@example.com"))
        assert (await run.user("ana"))["userName"] == "a@example.com"
        await run.deliver(person("ben", email="a@example.com"))
        entry = await run.entry("ben")
        assert (entry.state, entry.awaits) == (State.FAILED, "person:ana")
        assert "who has it still" in entry.reason


@pytest.mark.parametrize(
    ("once", "words"),
    [
        ("titel", "targets.d.once has 'titel', which is not mapped; did you mean title?"),
        ("active", "targets.d.once has 'active', which opens and closes accounts, also later"),
        ("manager", "targets.d.once has 'manager', which means other records"),
        ("members", "targets.d.once has 'members', which means other records"),
        ("externalId", "targets.d.once has 'externalId', which says whose the account is"),
    ],
)
def test_what_cannot_be_given_once(once: str, words: str) -> None:
    """Access, other records, Kenjo's id and what is misspelt == refused at the start with the reason."""
    target = {"kind": "scim", "base_url": "https://example.com", "token": "t", "once": [once]}
    with pytest.raises(ConfigurationError) as caught:
        routes(BridgeSettings.model_validate({"targets": {"d": target}}))
    assert str(caught.value).startswith(words)


def test_what_is_given_once_cannot_be_taken_from_there() -> None:
    """`from` names what another target gives once == refused, as nobody knows it later."""
    common: dict[str, Any] = {"kind": "scim", "token": "t"}
    targets = {
        "mail": {**common, "base_url": "https://mail.example.com", "once": ["userName"]},
        "d": {**common, "base_url": "https://example.com", "from": {"nickName": "mail.userName"}},
    }
    with pytest.raises(
        ConfigurationError, match="'userName' is given once at mail, so nobody knows it later"
    ):
        routes(BridgeSettings.model_validate({"targets": targets}))
