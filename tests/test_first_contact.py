"""First contact with a directory that has accounts already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.world import World, expected, world

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, people=20) as ready:
        yield ready


async def create(here: World, user_name: str) -> None:
    """Create an account past the bridge."""
    async with here.direct.post("/v2/Users", json={"schemas": [USER], "userName": user_name}) as done:
        assert done.status == 201


async def test_accounts_that_match_nobody_hold_everything(here: World) -> None:
    """As many accounts as people and none matches == held, exit 2; approved, everybody is created."""
    for number in range(25):
        await create(here, f"kontakt{number}")
    done = await here.run("sync")
    assert (done.code, here.proxy.writes) == (2, []), done.err
    assert "would create 17 of 17 people" in done.out
    (hold,) = (await here.run("holds", "--json")).json
    assert (hold["id"], hold["kind"], hold["count"]) == ("directory-first-contact", "first-contact", 17)
    assert (await here.run("sync")).code == 2
    assert here.proxy.writes == []
    await here.run("holds", "approve", hold["id"], "--by", "ana")
    assert (await here.run("sync")).code == 0
    assert len(await here.users()) == 25 + len(expected(here.sandbox))


async def test_accounts_that_match_are_adopted(here: World) -> None:
    """Everybody has an account under the same userName == all adopted, nobody created, nothing held."""
    people = expected(here.sandbox)
    for person in people.values():
        await create(here, person["account"]["email"].upper())
    done = await here.run("sync", "--json")
    assert (done.code, done.json["targets"]["directory"]["adopted"]) == (0, len(people))
    assert len(await here.users()) == len(people)


async def test_accounts_whose_names_have_what_nobody_sees_are_adopted(here: World) -> None:
    """Blanks around it, a no-break space, a zero-width character there == adopted, as planned."""
    people = expected(here.sandbox)
    emails = [person["account"]["email"] for person in people.values()]
    odd = [f" {emails[0]} ", f"{emails[1]}\u200b", f"{emails[2]}\u00a0", *emails[3:]]
    for name in odd:
        await create(here, name)
    planned = await here.run("plan", "--json")
    assert planned.json["targets"]["directory"]["counts"]["adopt"] == len(people)
    done = await here.run("sync", "--json")
    assert (done.code, done.json["targets"]["directory"]["adopted"]) == (0, len(people))
    assert len(await here.users()) == len(people)


async def test_a_changed_configuration_is_surveyed_anew(here: World) -> None:
    """Held, then the mapping is put right so that accounts match == adopted without approval."""
    people = expected(here.sandbox)
    for person in people.values():
        await create(here, person["account"]["email"])
    here.config["targets"]["directory"]["map"] = {"userName": '"x" + person.account.email'}
    assert (await here.run("sync")).code == 2
    del here.config["targets"]["directory"]["map"]
    done = await here.run("sync", "--json")
    assert (done.code, done.json["targets"]["directory"]["adopted"]) == (0, len(people))
    assert (await here.run("holds", "--json")).json == []
