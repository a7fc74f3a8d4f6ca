"""`match` and `clear`: which account is a person's, and what an empty value does, at a real SCIM server."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.model import Key, Kind, Outcome, State
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery, person, team
from workers.connect import routes
from workers.testing.proxy import answer

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


async def put(run: Delivery, name: str, **attributes: Any) -> str:
    """An account that somebody made before."""
    schemas = [USER, ENTERPRISE] if ENTERPRISE in attributes else [USER]
    created = await run.create({"schemas": schemas, "userName": name, **attributes})
    return str(created["id"])


@pytest.mark.parametrize(
    ("match", "attributes"),
    [
        (["emails.work"], {"emails": [{"type": "work", "value": "ANA@example.com"}]}),
        (["employeeNumber"], {ENTERPRISE: {"employeeNumber": "7"}}),
        (["externalId", "userName", "emails.work", "employeeNumber"], {ENTERPRISE: {"employeeNumber": "7"}}),
        (["displayName"], {"displayName": "Ana Muster"}),
    ],
)
async def test_an_account_is_found_by_any_attribute(
    backend: Backend, match: list[str], attributes: dict[str, Any]
) -> None:
    """An account that shares only this attribute == adopted, no second one."""
    async with delivery(backend, match=match) as run:
        id_ = await put(run, "old-name", **attributes)
        await run.deliver(person("ana"))
        assert [user["id"] for user in await run.users()] == [id_]
        assert (await run.entry("ana")).outcome is Outcome.ADOPTED


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (unicodedata.normalize("NFD", "zoë@example.com"), "zoë@example.com"),
        ("zoë@example.com", unicodedata.normalize("NFD", "zoë@example.com")),
        ("ana@example.com", "Ana@Example.com"),
    ],
)
async def test_another_spelling_is_the_same_account(backend: Backend, there: str, wanted: str) -> None:
    """A userName in decomposed letters or in another letter case == adopted, no second account."""
    async with delivery(backend) as run:
        id_ = await put(run, there)
        await run.deliver(person("zoe", email=wanted))
        assert [user["id"] for user in await run.users()] == [id_]
        assert (await run.entry("zoe")).outcome is Outcome.ADOPTED


@pytest.mark.parametrize("wanted", ["Team\u00a0A", "Team  A", "Team \u200bA", "TEAM\u202fA"])
async def test_other_blanks_are_the_same_group(backend: Backend, wanted: str) -> None:
    """Kenjo has a no-break space, two blanks or something invisible in the name == the group is adopted."""
    async with delivery(backend) as run:
        there = await run.create_group({"displayName": "Team A"})
        await run.deliver(team("a", name=wanted))
        assert [group["id"] for group in await run.groups()] == [there["id"]]
        assert (await run.entry("a", Kind.TEAM)).outcome is Outcome.ADOPTED


async def test_the_order_decides(backend: Backend) -> None:
    """Two accounts match by two attributes == the one of the attribute that comes first."""
    async with delivery(backend, match=["employeeNumber", "userName"]) as run:
        await put(run, "ana@example.com")
        second = await put(run, "old-name", **{ENTERPRISE: {"employeeNumber": "7"}})
        await run.deliver(person("ana", email="ana@example.com"))
        # The other account has her userName, so the change is refused: linked to the right one all the same.
        assert await run.deliverer.ledger.links(["person:ana"]) == {"person:ana": second}
        assert (await run.entry("ana")).state is State.RETRYING
        await _until_given_up(run)
        assert "has this userName" in (await run.entry("ana")).reason


async def test_an_account_of_nobodys_may_give_the_value_up(backend: Backend) -> None:
    """It has the address that somebody gets, and a moment later another == changed, and nobody was asked."""
    async with delivery(backend) as run:
        await run.deliver(person("ana", email="ana@example.com"))
        other = await put(run, "taken@example.com")
        await run.deliver(person("ana", email="taken@example.com"))
        assert (await run.entry("ana")).state is State.RETRYING
        await run._patch(f"Users/{other}", {"op": "replace", "path": "userName", "value": "free@example.com"})
        run.clock.now += 60
        await run.deliverer.deliver(Key(Kind.PERSON, "ana"))
        assert (await run.user("ana"))["userName"] == "taken@example.com"


async def _until_given_up(run: Delivery) -> None:
    for _ in range(6):
        run.clock.now += 120
        await run.deliverer.deliver(Key(Kind.PERSON, "ana"))
    assert (await run.entry("ana")).state is State.FAILED


async def test_what_is_not_in_match_matches_nobody(backend: Backend) -> None:
    """An account with the same employee number, which is not in `match` == a new account beside it."""
    async with delivery(backend) as run:
        await put(run, "old-name", **{ENTERPRISE: {"employeeNumber": "7"}})
        await run.deliver(person("ana"))
        assert len(await run.users()) == 2


async def test_several_hits_are_left_to_a_person(backend: Backend) -> None:
    """Two accounts with one employee number == parked with both, nothing written."""
    async with delivery(backend, match=["employeeNumber"]) as run:
        ids = {await put(run, name, **{ENTERPRISE: {"employeeNumber": "7"}}) for name in ("a", "b")}
        await run.deliver(person("ana"))
        assert set((await run.entry("ana")).candidates) == ids
        assert run.proxy.writes == []


async def test_a_filter_that_is_refused_leads_to_the_next(backend: Backend) -> None:
    """400 for the first attribute's filter == the next one is looked up."""
    async with delivery(backend, match=["emails.work", "userName"]) as run:
        id_ = await put(run, "ana@example.com")
        run.proxy.fail(answer(400, '{"scimType": "invalidFilter"}'))
        await run.deliver(person("ana"))
        assert [user["id"] for user in await run.users()] == [id_]


async def test_another_persons_home_address_is_no_match(backend: Backend) -> None:
    """The address stands as somebody's home address == not the account with that work address."""
    async with delivery(backend, match=["emails.work"]) as run:
        await put(run, "other", emails=[{"type": "home", "value": "ana@example.com"}])
        await run.deliver(person("ana"))
        assert len(await run.users()) == 2


@pytest.mark.parametrize(
    ("match", "words"),
    [
        (["emial.work"], "SCIM has no attribute 'emial.work'"),
        (["manager"], "which many objects share"),
        (["nickName"], "targets.d.match has 'nickName', which is not mapped for people"),
        ([], "at least 1 item"),
    ],
)
def test_a_mistake_is_named_at_the_start(match: list[str], words: str) -> None:
    """An attribute that does not exist, cannot be looked up or is not mapped == ConfigurationError."""
    target = {"kind": "scim", "base_url": "https://example.com", "token": "x", "match": match}
    with pytest.raises(ConfigurationError, match=words):
        routes(BridgeSettings.model_validate({"targets": {"d": target}}))


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({}, None),
        ({"clear": False}, "Clerk"),
        ({"keep": ["title"]}, "Clerk"),
        ({"keep": ["department"]}, None),
    ],
)
async def test_an_empty_value_clears_or_stays(
    backend: Backend, settings: dict[str, Any], title: str | None
) -> None:
    """The title is taken away in Kenjo == empty at the target, or as it was where the settings say so."""
    async with delivery(backend, **settings) as run:
        await run.deliver(person("ana"), person("ana", title=None))
        assert (await run.user("ana")).get("title") == title
        assert (await run.entry("ana")).state is State.APPLIED


async def test_clear_false_still_changes_and_deactivates(backend: Backend) -> None:
    """`clear: false` == new values arrive and leavers are deactivated as ever."""
    async with delivery(backend, clear=False) as run:
        await run.deliver(person("ana"), person("ana", title="Lead"))
        assert (await run.user("ana"))["title"] == "Lead"
        await run.deliver(person("ana", lifecycle="left"))
        assert (await run.user("ana"))["active"] is False
