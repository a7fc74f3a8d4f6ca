"""Looking up where SCIM servers differ, and creates that answer without an id."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import Conflict, RecordRejected, TryLater
from bridge.exchange import Remote
from bridge.model import Outcome
from tests.workers.targets.odd_scim import Odd
from tests.workers.targets.odd_world import world
from workers.testing import proxy as faults
from workers.testing.rig import person, team


async def test_every_hit_is_returned() -> None:
    """An externalId is unique nowhere: all objects that have it are found."""
    async with world() as w:
        for id_ in ("a", "b"):
            w.put("Users", id_, userName=id_, externalId="kenjo-p1")
        assert await w.target.find(person(w.rig, 1)) == [Remote("a"), Remote("b")]


async def test_letter_case_of_keys() -> None:
    """An externalId in another letter case is another one; a userName is the same one."""
    async with world(Odd(ignores_filter=True)) as w:
        w.put("Users", "a", userName="x", externalId="KENJO-P1")
        assert await w.target.find(person(w.rig, 1)) == []
        w.put("Users", "b", userName="ANA.MUELLER1@example.com")
        assert await w.target.find(person(w.rig, 1)) == [Remote("b")]


async def test_external_id_comes_first() -> None:
    """Where externalId has a hit, userName is not looked up."""
    async with world() as w:
        w.put("Users", "a", userName=w.rig.person(1)["userName"])
        w.put("Users", "b", userName="x", externalId="kenjo-p1")
        assert await w.target.find(person(w.rig, 1)) == [Remote("b")]
        assert len(w.proxy.seen) == 1


@pytest.mark.parametrize(
    ("account", "seen"),
    [
        ({}, (False, None, False)),
        ({"externalId": "kenjo-p1"}, (True, None, False)),
        ({"externalId": " kenjo-p1 "}, (True, None, False)),
        ({"externalId": "kenjo-p2", "active": True}, (False, True, True)),
        ({"externalId": "KENJO-P1", "active": False}, (False, False, True)),
        ({"externalId": 7, "active": "False"}, (False, False, True)),
        ({"externalId": "", "active": "True"}, (False, True, False)),
        ({"externalId": "  "}, (False, None, False)),
        ({"externalId": None, "active": "perhaps"}, (False, None, False)),
    ],
)
async def test_what_a_match_tells(account: dict[str, Any], seen: tuple[bool, bool | None, bool]) -> None:
    """A hit by userName == tells whether it carries this id, is active, carries another's id."""
    async with world() as w:
        w.put("Users", "a", userName=w.rig.person(1)["userName"], **account)
        (match,) = await w.target.find(person(w.rig, 1))
        assert (match.ours, match.open, match.other_id) == seen


async def test_without_an_external_id_nothing_is_ours() -> None:
    """No externalId is mapped and the account has none == that is no sign that it is this person's."""
    async with world() as w:
        w.put("Users", "a", userName=w.rig.person(1)["userName"])
        (match,) = await w.target.find(person(w.rig, 1, externalId=None))
        assert (match.ours, match.by) == (False, "userName")


async def test_filter_ignored() -> None:
    """A server that ignores filters is read page by page, and compared here."""
    async with world(Odd(ignores_filter=True, page_size=10)) as w:
        for number in range(35):
            w.put("Users", f"u{number}", userName=f"user{number}", externalId=f"kenjo-p{number}")
        assert await w.target.find(person(w.rig, 33)) == [Remote("u33")]
        assert len(w.proxy.seen) == 5  # until a page brings nothing new


async def test_a_look_up_that_proves_nothing() -> None:
    """Where filters and pages are ignored, somebody unseen may be there: no certain answer, no empty list."""
    async with world(Odd(ignores_filter=True, ignores_paging=True)) as w:
        for number in range(25):
            w.put("Users", f"u{number}", userName=f"user{number}", externalId=f"kenjo-p{number}")
        assert await w.target.find(person(w.rig, 3)) == [Remote("u3")]
        with pytest.raises(RecordRejected, match="cannot be searched"):
            await w.target.find(person(w.rig, 24))
        assert len(w.proxy.seen) == 6  # two pages for each attribute: the second brings nothing new


async def test_no_groups_at_the_server() -> None:
    """A server without Groups cannot be searched for a team, and says so."""
    async with world() as w:
        w.proxy.fail_always(faults.answer(404, "{}"))
        with pytest.raises(RecordRejected, match="cannot be searched"):
            await w.target.find(team(w.rig, 1, []))


async def test_filter_values_are_quoted() -> None:
    """Quotes and backslashes in a value are escaped as in JSON."""
    async with world() as w:
        applied = await w.target.upsert(team(w.rig, 1, [], externalId=None, displayName='a "b" \\ c'), None)
        assert await w.target.find(team(w.rig, 2, [], externalId=None, displayName='A "B" \\ c')) == [
            Remote(applied.remote_id)
        ]


async def test_filter_for_external_id_refused() -> None:
    """400 for the externalId filter leads on to userName."""
    async with world(Odd(external_id="no_filter")) as w:
        w.put("Users", "a", userName=w.rig.person(1)["userName"], externalId="kenjo-p1")
        assert await w.target.find(person(w.rig, 1)) == [Remote("a")]
        assert await w.target.find(person(w.rig, 2)) == []


async def test_empty_created_for_a_duplicate() -> None:
    """201 with `{}` for a user that exists, under another externalId or none, is a Conflict."""
    async with world(Odd(empty_created=True)) as w:
        for number, own in ((1, {"externalId": "other"}), (2, {})):
            w.put("Users", f"u{number}", userName=w.rig.person(number)["userName"], **own)
            with pytest.raises(Conflict):
                await w.target.upsert(person(w.rig, number), None)
        with pytest.raises(Conflict):
            await w.target.upsert(person(w.rig, 2, externalId=None), None)


async def test_empty_created_for_ours() -> None:
    """201 with `{}` is resolved by a look-up where the object has our externalId, and else tried later."""
    async with world() as w:
        w.proxy.fail(faults.answer(201, "{}"))
        with pytest.raises(TryLater, match="not found yet"):
            await w.target.upsert(person(w.rig, 1), None)
        w.put("Users", "a", userName="x", externalId="kenjo-p1")
        w.proxy.fail(faults.answer(201, "{}"))
        applied = await w.target.upsert(person(w.rig, 1), None)
        assert (applied.remote_id, applied.outcome) == ("a", Outcome.CREATED)


async def test_undefined_location() -> None:
    """201 with a Location of /Users/undefined, where only the letter case differs, is a Conflict."""
    async with world(Odd(undefined_location=True)) as w:
        w.put("Users", "a", userName=w.rig.person(1)["userName"].upper())
        with pytest.raises(Conflict):
            await w.target.upsert(person(w.rig, 1), None)


@pytest.mark.parametrize(
    ("odd", "facts"),
    [
        (Odd(), "SCIM 2.0, PATCH yes, bulk no, 1 user"),
        (Odd(config="no_patch"), "SCIM 2.0, PATCH no, bulk no, 1 user"),
        (Odd(config="html"), "SCIM 2.0, PATCH not said, bulk not said, 1 user"),
    ],
)
async def test_check(odd: Odd, facts: str) -> None:
    """A check tells what the server announces and how many users it has."""
    async with world(odd) as w:
        w.put("Users", "a", userName="a")
        assert (await w.target.check()).facts == (facts,)


async def test_json_that_is_no_scim() -> None:
    """JSON of something else is said to be no SCIM."""
    async with world() as w:
        w.proxy.fail_always(faults.answer(200, '{"hello": "world"}'))
        with pytest.raises(TryLater, match="no SCIM list"):
            await w.target.find(person(w.rig, 1))
        w.proxy.fail_always(faults.answer(200, "[]"))
        with pytest.raises(TryLater, match="no SCIM object"):
            await w.target.upsert(person(w.rig, 1), "a")
