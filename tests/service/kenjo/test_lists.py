"""Rows that cannot be used, and lists that do not say everything."""

import pytest

from bridge.errors import SourceUnavailable
from bridge.model import RowProblem
from service.kenjo.fields import ACCOUNTS, WORKS, lists_for
from tests.service.account import (
    ANA,
    BEN,
    CEM,
    DEPARTMENT,
    EMAIL,
    MANAGER,
    NAME,
    PERSONALS,
    SALES,
    TEAMS,
    TITLE,
    USED,
    account,
    kept,
    people,
    row,
    snap,
)

LONG = "ä" * 10_001


@pytest.mark.parametrize(
    ("name", "field", "value", "reason"),
    [
        (PERSONALS, "firstName", LONG, "firstName is longer than 10000 characters"),
        (PERSONALS, "firstName", 7, "firstName is not text"),
        (PERSONALS, "firstName", {"value": "Ben"}, "firstName is not text"),
        (ACCOUNTS, "email", ["ben@acme.example"], "email is not text"),
        (ACCOUNTS, "isActive", None, "isActive is missing"),
        (ACCOUNTS, "isActive", "", "isActive is missing"),
        (ACCOUNTS, "isActive", "yes", "isActive is neither true nor false"),
        (ACCOUNTS, "isActive", 1, "isActive is neither true nor false"),
        (WORKS, "startDate", "soon", "startDate is not a date"),
        (WORKS, "contractEnd", "2026-02-30", "contractEnd is not a date"),
        (WORKS, "contractEnd", 20260230, "contractEnd is not a date"),
        (WORKS, "departmentId", {"_id": SALES}, "departmentId is not text"),
        (WORKS, "reportsToId", 0, "reportsToId is not text"),
        (WORKS, "teamIds", 3, "teamIds is neither an id nor a list of ids"),
        (WORKS, "teamIds", [{"name": "Red"}], "teamIds is neither an id nor a list of ids"),
        (WORKS, "c_note", LONG, "c_note is longer than 10000 characters"),
        (WORKS, "c_note", [LONG], "c_note is larger than 10000 bytes"),
        (WORKS, "c_note", 2**64, "c_note cannot be used"),
    ],
)
def test_bad_value_keeps_one_person(name: str, field: str, value: object, reason: str) -> None:
    """A used field that cannot be used == that person kept and reported; the others go on."""
    lists = account()
    row(lists, name, BEN)[field] = value
    snapshot = snap(lists, NAME, EMAIL, DEPARTMENT, TEAMS, MANAGER, ("person", "work", "c_note"))
    assert (people(snapshot), kept(snapshot)) == ({ANA, CEM}, {BEN})
    assert snapshot.problems == (RowProblem(name, BEN, reason),)


@pytest.mark.parametrize("value", [LONG, {"value": "Ben"}, ["x"], 3])
def test_bad_value_of_an_unused_field_is_no_problem(value: object) -> None:
    """What nothing uses is not looked at."""
    lists = account()
    row(lists, PERSONALS, BEN)["lastName"] = value
    row(lists, WORKS, BEN)["workPhone"] = value
    assert snap(lists) == snap(account())


@pytest.mark.parametrize(
    ("stranger", "reason"),
    [
        (None, "is not an object"),
        ("row", "is not an object"),
        ([], "is not an object"),
        ({}, "has no usable _id"),
        ({"_id": 7}, "has no usable _id"),
        ({"_id": ""}, "has no usable _id"),
        ({"_id": "a b"}, "has no usable _id"),
        ({"_id": "a" * 65}, "has no usable _id"),
    ],
)
def test_row_that_names_nobody_is_reported(stranger: object, reason: str) -> None:
    """A row without a usable _id stops nobody."""
    lists = account()
    lists[PERSONALS].append(stranger)
    snapshot = snap(lists)
    assert people(snapshot) == {ANA, BEN, CEM}
    assert snapshot.problems == (RowProblem(PERSONALS, None, reason),)


def test_id_of_another_spelling_is_accepted() -> None:
    """An _id need not be 24 hexadecimal digits."""
    lists = {ACCOUNTS: [{"_id": "Emp_7-x", "isActive": True}], WORKS: [{"_id": "Emp_7-x"}]}
    assert people(snap(lists, ("person", "id"))) == {"Emp_7-x"}


@pytest.mark.parametrize("name", [ACCOUNTS, PERSONALS, WORKS])
def test_id_that_occurs_twice_keeps_the_person(name: str) -> None:
    """Two rows with one _id == that person kept: which row is true cannot be known."""
    lists = account()
    lists[name].append({**row(lists, name, ANA), "_id": BEN})
    snapshot = snap(lists, NAME, EMAIL, TITLE)
    assert (people(snapshot), kept(snapshot)) == ({ANA, CEM}, {BEN})
    assert snapshot.problems == (RowProblem(name, BEN, "occurs more than once"),)


def test_problems_are_in_the_order_of_their_ids() -> None:
    """The order of Kenjo's rows is no change of what is reported."""
    lists = account()
    for id_ in (ANA, BEN):
        row(lists, PERSONALS, id_)["firstName"] = 7
    lists[PERSONALS].reverse()
    assert [problem.id for problem in snap(lists).problems] == [ANA, BEN]


def test_people_with_one_email_are_kept() -> None:
    """One e-mail for two people, whatever its case == both kept, each problem names both ids."""
    lists = account()
    row(lists, ACCOUNTS, BEN)["email"] = "ANA@acme.example "
    snapshot = snap(lists, EMAIL)
    assert (people(snapshot), kept(snapshot)) == ({CEM}, {ANA, BEN})
    assert snapshot.problems == (
        RowProblem(ACCOUNTS, ANA, f"has the same e-mail as {BEN}"),
        RowProblem(ACCOUNTS, BEN, f"has the same e-mail as {ANA}"),
    )
    assert people(snap(lists, TITLE)) == {ANA, BEN, CEM}, "where no e-mail is used, it harms nobody"


def test_people_without_email_share_nothing() -> None:
    """Deskless people without an e-mail are not duplicates of each other."""
    lists = account()
    for values, email in zip(lists[ACCOUNTS], (None, "", " "), strict=True):
        values["email"] = email
    assert people(snap(lists, EMAIL)) == {ANA, BEN, CEM}


@pytest.mark.parametrize("name", [PERSONALS, WORKS])
def test_person_missing_from_one_list_is_kept(name: str) -> None:
    """In the accounts, but not in another used list == kept, and counted in a warning."""
    lists = account()
    lists[name] = [values for values in lists[name] if values["_id"] == ANA]
    snapshot = snap(lists)
    assert (people(snapshot), kept(snapshot)) == ({ANA}, {BEN, CEM})
    assert snapshot.warnings == (f"2 people are missing from {name}: the last known values stay",)


def test_person_missing_from_an_unused_list_is_whole() -> None:
    """A list that nothing uses need not know anybody."""
    assert people(snap(account() | {PERSONALS: []}, TITLE)) == {ANA, BEN, CEM}


def test_whoever_stands_in_any_list_is_there() -> None:
    """In the works and personals, but not in the accounts == kept and counted; a bad row is reported."""
    lists = account()
    lists[ACCOUNTS] = [values for values in lists[ACCOUNTS] if values["_id"] != CEM]
    row(lists, PERSONALS, CEM)["firstName"] = 7
    snapshot = snap(lists)
    assert (people(snapshot), kept(snapshot)) == ({ANA, BEN}, {CEM})
    assert snapshot.problems == (RowProblem(PERSONALS, CEM, "firstName is not text"),)
    assert snapshot.warnings == (f"1 person is missing from {ACCOUNTS}: the last known values stay",)


def test_account_without_id_lets_nobody_leave() -> None:
    """An account row without _id may be anybody's: who is in the other lists is kept, not gone."""
    lists = account()
    del row(lists, ACCOUNTS, CEM)["_id"]
    snapshot = snap(lists, TITLE)
    assert (people(snapshot), kept(snapshot)) == ({ANA, BEN}, {CEM})


@pytest.mark.parametrize("missing", sorted(lists_for(USED)))
def test_absent_list_is_no_snapshot(missing: str) -> None:
    """Without a list that is needed there is no snapshot, and the error names it."""
    lists = {name: rows for name, rows in account().items() if name != missing}
    with pytest.raises(SourceUnavailable, match=f"the list {missing} was not read"):
        snap(lists)


def test_department_that_cannot_be_read_keeps_its_people() -> None:
    """A bad department row == reported; its people keep their department instead of losing it."""
    lists = account()
    lists["departments"][0]["name"] = ["Sales"]
    snapshot = snap(lists, DEPARTMENT)
    assert (people(snapshot), kept(snapshot)) == ({BEN, CEM}, {ANA})
    assert snapshot.problems == (RowProblem("departments", SALES, "name is not text"),)


def test_department_without_id_may_be_anybodys() -> None:
    """A department row without _id == people of an unknown department keep theirs."""
    lists = account()
    del lists["departments"][0]["_id"]
    snapshot = snap(lists, DEPARTMENT)
    assert (people(snapshot), kept(snapshot)) == ({BEN}, {ANA, CEM})
