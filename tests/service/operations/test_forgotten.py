"""Who is forgotten: the list, the undo, and what becomes of them at Kenjo."""

from __future__ import annotations

import pytest

from bridge.model import Key, Kind
from bridge.store.forgotten import CLOSE
from bridge.store.tombstones import AtKenjo, Tombstone
from tests.service.operated import Operator
from tests.service.operations.test_first_days import look_once
from tests.service.operations.test_forget_open import manager_and_member, references


@pytest.fixture
async def who(fresh: Operator) -> str:
    chosen = manager_and_member(fresh)
    assert (await fresh.sync()).exit_code == 0
    return chosen


async def warnings(operator: Operator) -> list[str]:
    found: list[str] = (await operator("status", "--json")).json["forgotten"]["warnings"]
    return found


async def test_what_becomes_of_them(fresh: Operator, who: str) -> None:
    """Forgotten while active, then they leave, then come back == silence, what to close, whom to let in."""
    assert (await fresh("forget", "--list")).out == "Nobody is forgotten.\n"
    assert (await fresh("forget", who, "--yes")).code == 0
    await fresh.sync()
    (row,) = (await fresh("forget", "--list", "--json")).json
    assert (row["record"], row["kenjo"], row["open"]) == (f"person:{who}", "active", ["directory"])
    assert await warnings(fresh) == []
    fresh.here.sandbox.actions.leave(employee=who)
    await fresh.sync()
    (warning,) = await warnings(fresh)
    assert f"person:{who}, who was forgotten, has left, and nobody closes the account at directory" in warning
    assert warning in (await fresh("status")).out.replace("\n", " ")
    assert (await fresh("check", "--json")).code == 0
    assert f"warning: {warning}" in (await fresh("check", "--json")).out
    assert "left" in (await fresh("forget", "--list")).out
    assert (await fresh("forget", who, "--yes")).code == 0  # it was closed there, says this
    assert await warnings(fresh) == []
    fresh.here.sandbox.actions.activate(employee=who)
    await fresh.sync()
    (warning,) = await warnings(fresh)
    assert "is active at Kenjo again and gets nothing" in warning
    arguments = warning.partition("kenjo-bridge ")[2].split()
    assert (await fresh(*arguments)).code == 0
    assert (await warnings(fresh), (await fresh("forget", "--list", "--json")).json) == ([], [])
    assert (await fresh.sync()).exit_code == 0
    assert (await fresh("explain", who, "--json")).json["targets"]["directory"]["standing"]["is"] == "in step"


async def test_gone_from_kenjo(fresh: Operator, who: str) -> None:
    """In no list, and Kenjo has no such id when asked == that they have left, and what to close."""
    assert (await fresh("forget", who, "--yes")).code == 0
    fresh.here.sandbox.actions.delete(employee=who)
    await fresh.sync()
    (warning,) = await warnings(fresh)
    assert "has left" in warning


async def test_undo_before_the_next_poll(fresh: Operator, who: str) -> None:
    """Forgotten by mistake, and said so at once == the same account, groups and manager after a sync."""
    account = (await fresh.users())[who]["id"]
    before = await references(fresh, account)
    email = fresh.here.sandbox.account.employees[who]["account"]["email"]
    assert "--undo" in (await fresh("forget", who, "--yes")).out
    assert await references(fresh, account) == (0, 0)
    done = await fresh("forget", email, "--undo")
    assert (done.code, f"person:{who} is not forgotten any more" in done.out) == (0, True), done.err
    assert (await fresh.sync()).exit_code == 0
    assert (await fresh.users())[who]["id"] == account
    assert await references(fresh, account) == before
    assert (await fresh("plan")).code == 0


async def test_undo_of_what_was_cut_short(fresh: Operator, who: str) -> None:
    """A kill after the mark, and the account was closed == listed and warned of; all comes back."""
    account = (await fresh.users())[who]["id"]
    before = await references(fresh, account)
    async with fresh.backend() as backend:
        await backend.forgotten.leave(Key(Kind.PERSON, who), CLOSE)
    assert (await fresh.sync(verify=True)).exit_code == 0
    assert await fresh.inactive() == [who]
    (row,) = (await fresh("forget", "--list", "--json")).json
    assert row["whole"] is False
    assert f"kenjo-bridge forget person:{who} --yes" in (await warnings(fresh))[0]
    assert (await fresh("forget", who, "--undo")).code == 0
    assert (await fresh.sync()).exit_code == 0
    assert (await fresh.inactive(), await references(fresh, account)) == ([], before)


async def test_too_late(fresh: Operator, who: str) -> None:
    """A poll has passed == exit 3, how to let them in anew; nobody was let in, and nothing says more."""
    assert (await fresh("forget", who, "--yes")).code == 0
    await fresh.sync()
    done = await fresh("forget", who, "--undo")
    assert (done.code, "too late" in done.err, "--yes" in done.err) == (3, True, True)
    assert len((await fresh("forget", "--list", "--json")).json) == 1
    done = await fresh("sync", "--only", who)
    assert (done.code, f"nothing is known of person:{who} that could be delivered" in done.err) == (3, True)
    assert "was forgotten" in (await fresh("explain", who)).err
    other = fresh.people()[-1]
    assert "is not forgotten" in (await fresh("forget", other, "--undo")).err


@pytest.mark.parametrize(
    "arguments", [(), ("--list", "x"), ("x", "--undo", "--close"), ("--undo",), ("--list", "--yes")]
)
async def test_one_thing_at_a_time(fresh: Operator, arguments: tuple[str, ...]) -> None:
    """Nobody named, a list of one, an undo that closes == exit 3 and what can be said."""
    done = await fresh("forget", *arguments)
    assert (done.code, "forget PERSON --undo" in done.err) == (3, True), done.err


def test_a_tombstone_is_only_back_after_it_was_left() -> None:
    """Looks at Kenjo in turn == active, left, active again, and so on."""
    stone, found = Tombstone(1.0), []
    for active in (True, True, False, False, True, True, False):
        stone = stone.seen(active=active)
        found.append(stone.kenjo)
    left, back = AtKenjo.LEFT, AtKenjo.BACK
    assert found == [AtKenjo.ACTIVE, AtKenjo.ACTIVE, left, left, back, back, left]


async def test_notices(fresh: Operator, who: str) -> None:
    """They leave with an open account, come back, are let in == one notice each, and that it is over."""
    assert (await fresh("forget", who, "--yes")).code == 0
    await fresh.sync()
    assert await look_once(fresh) == []
    fresh.here.sandbox.actions.leave(employee=who)
    await fresh.sync()
    assert await look_once(fresh) == await warnings(fresh) != []
    assert await look_once(fresh) == []
    fresh.here.sandbox.actions.activate(employee=who)
    await fresh.sync()
    assert await look_once(fresh) == await warnings(fresh) != []
    assert (await fresh("forget", who, "--undo", "--yes")).code == 0
    await fresh.sync()
    assert await look_once(fresh) == [f"person:{who}, who was forgotten: nothing is to be done any more"]


async def test_no_notice_while_somebody_is_being_forgotten(fresh: Operator, who: str) -> None:
    """A run that is under way, or was cut short == nothing: whoever runs it sees that."""
    async with fresh.backend() as backend:
        await backend.forgotten.leave(Key(Kind.PERSON, who), CLOSE)
    assert await warnings(fresh) != []
    assert await look_once(fresh) == []
