"""A column of Kenjo's lists that empties is no news about people: it is held."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bridge.model import Lifecycle
from bridge.store.backend import Backend
from tests.service.watching import Watching, watching

MAP = {"nickName": "person.work.c_desk"}


@pytest.fixture
async def here(backend: Backend) -> AsyncIterator[Watching]:
    """Forty people with a custom field; three of them have left by date."""
    async with watching(backend, map=MAP) as ready:
        for number, person in enumerate(ready.sandbox.account.employees.values()):
            person["work"]["c_desk"] = f"desk {number}"
            person["work"].pop("contractEnd", None)
        for person in active(ready)[:3]:
            person["work"]["contractEnd"] = "2020-01-31T00:00:00.000Z"
        await ready.poll()
        yield ready


def active(here: Watching) -> list[dict[str, Any]]:
    return [one for one in here.sandbox.account.employees.values() if one["account"]["isActive"]]


def empty(here: Watching, section: str, column: str, how: str, spared: int = 0) -> None:
    """Take a column out of all rows but some, in one of the ways in which a value can be missing."""
    full = [one for one in here.sandbox.account.employees.values() if one[section].get(column)]
    for person in full[spared:]:
        if how == "absent":
            del person[section][column]
        else:
            person[section][column] = {"null": None, "blank": " \u200b"}[how]


@pytest.mark.parametrize("how", ["absent", "null", "blank"])
@pytest.mark.parametrize(
    ("section", "column"),
    [
        ("account", "email"),
        ("work", "contractEnd"),
        ("work", "departmentId"),
        ("work", "reportsToId"),
        ("work", "jobTitle"),
        ("work", "c_desk"),
        ("personal", "firstName"),
    ],
)
async def test_a_column_that_empties_is_held(here: Watching, section: str, column: str, how: str) -> None:
    """A column that several have is empty in all rows == held, naming the field and the number."""
    if column == "contractEnd" and how == "blank":
        how = "null"
    number = sum(1 for one in here.sandbox.account.employees.values() if one[section].get(column))
    empty(here, section, column, how)
    reason = await here.held()
    assert f"employees/{section}s {column} is empty now in {number} of the {number} rows" in reason
    assert "holds approve kenjo" in reason
    assert Lifecycle.LEFT in (await here.states()).values()


async def test_a_column_that_mostly_empties_is_held(here: Watching) -> None:
    """All but ten of forty == held; put right in Kenjo == no hold any more, and nothing has changed."""
    before = {id_: dict(one["work"]) for id_, one in here.sandbox.account.employees.items()}
    empty(here, "work", "c_desk", "absent", spared=10)
    assert "30 of the 40" in await here.held()
    for id_, work in before.items():
        here.sandbox.account.employees[id_]["work"].update(work)
    assert (await here.poll()).changes == []
    assert await here.backend.holds.all() == []


async def test_teams_that_nobody_is_in_any_more_are_held(here: Watching) -> None:
    """The field that names teams is in no row == held, before anybody loses a group."""
    empty(here, "work", "teamIds", "absent")
    assert "employees/works teams is empty now" in await here.held()


async def test_an_approval_of_a_column_is_for_what_was_seen(here: Watching) -> None:
    """Approved, and another column empties besides == held again; else believed once and for all."""
    empty(here, "work", "c_desk", "null")
    await here.held()
    await approve(here)
    empty(here, "work", "contractEnd", "null")
    assert "contractEnd" in await here.held()
    await approve(here)
    await here.poll()
    assert Lifecycle.LEFT not in (await here.states()).values()
    assert (await here.poll()).changes == []
    assert await here.backend.holds.all() == []


async def test_one_value_that_is_cleared_is_a_change(here: Watching) -> None:
    """One of three ends of contract cleared == that person is active again, nothing is held."""
    empty(here, "work", "contractEnd", "null", spared=2)
    assert len((await here.poll()).changes) >= 1
    assert list((await here.states()).values()).count(Lifecycle.LEFT) == 2


async def test_values_that_go_with_their_people_are_not_lost(here: Watching) -> None:
    """All three who have an end of contract are deleted == no column is lost; they are gone."""
    for id_, one in list(here.sandbox.account.employees.items()):
        if one["work"].get("contractEnd"):
            here.sandbox.account.delete(id_)
    await here.poll()
    assert len(await here.gone()) == 3


@pytest.mark.parametrize("spared", [0, 2])
async def test_rows_that_are_missing_hide_no_empty_column(backend: Backend, spared: int) -> None:
    """Ten rows are missing, and of eight ends of contract hardly any is left in the others == held."""
    async with watching(backend) as here:
        for number, person in enumerate(here.sandbox.account.employees.values()):
            person["account"]["isActive"] = True
            person["work"].pop("contractEnd", None)
            if number < 8:
                person["work"]["contractEnd"] = "2020-01-31"
        await here.poll()
        empty(here, "work", "contractEnd", "null", spared)
        here.cut(0.75, "/employees/works")
        assert "employees/works contractEnd is empty now in" in await here.held()


async def test_fields_are_compared_with_what_is_known(here: Watching) -> None:
    """The counts of the last snapshot are lost, and a custom field empties or changes its type == held."""
    await here.backend.redis.delete(here.backend.keys.of("snapshot"))
    for person in here.sandbox.account.employees.values():
        person["work"]["c_desk"] = {"value": person["work"]["c_desk"]}
    reason = await here.held()
    assert "work.c_desk is empty or of another type now" in reason


async def test_a_type_that_nobody_can_read_changes_nobody_and_closes_leavers(here: Watching) -> None:
    """All jobTitles become objects == nobody changes, said once; who is inactive is closed all the same."""
    for person in here.sandbox.account.employees.values():
        person["work"]["jobTitle"] = {"en": "Clerk"}
    leaver = active(here)[5]
    leaver["account"]["isActive"] = False
    poll = await here.poll()
    changed = {change.record.key.id for change in poll.changes if change.record.key.kind == "person"}
    assert changed == {leaver["account"]["_id"]}
    assert (await here.states())[leaver["account"]["_id"]] is Lifecycle.INACTIVE
    assert any("jobTitle is not text in 40 of 40 rows" in warning for warning in poll.snapshot.warnings)


async def approve(here: Watching) -> None:
    (hold,) = await here.backend.holds.all()
    await here.backend.holds.approve(hold, "Petra", here.clock.now)
