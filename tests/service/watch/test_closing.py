"""An explicit end of access counts, whatever else is odd about the person."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.model import Key, Kind, Lifecycle, Record, Stored
from service.kenjo.fields import ACCOUNTS, WORKS
from service.watch.keeping import keep_known
from tests.service.account import ANA, BEN, CEM, EMAIL, PERSONALS, account, kept, people, person, row, snap

KNOWN = {
    Key(Kind.PERSON, BEN): Stored(
        Record(Key(Kind.PERSON, BEN), {"id": BEN, "lifecycle": "active", "work": {"jobTitle": "Rep"}}), 3
    )
}


def closes(lists: dict[str, Any]) -> Lifecycle:
    """The lifecycle of Ben's record, who keeps his last values."""
    found = keep_known(snap(lists), KNOWN)
    record = found.records[Key(Kind.PERSON, BEN)]
    assert record.data["work"] == {"jobTitle": "Rep"}
    assert Key(Kind.PERSON, BEN) not in found.kept
    for group in (one for one in found.records.values() if one.key.kind is Kind.TEAM):
        assert BEN not in group.data["members"]
    return record.lifecycle


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        (WORKS, "contractEnd", "30.11.2026"),
        (WORKS, "startDate", 17),
        (WORKS, "jobTitle", ["Rep"]),
        (PERSONALS, "firstName", {"first": "Ben"}),
        (PERSONALS, "firstName", "Ben \ud83d"),
        (ACCOUNTS, "email", 17),
        (WORKS, "teamIds", 3),
    ],
)
def test_inactive_closes_whatever_else_is_odd(name: str, column: str, value: Any) -> None:
    """Not active, and another cell that cannot be read == inactive with the last known values, reported."""
    lists = account()
    row(lists, ACCOUNTS, BEN)["isActive"] = "false"
    row(lists, name, BEN)[column] = value
    assert closes(lists) is Lifecycle.INACTIVE
    assert [problem.id for problem in snap(lists).problems] == [BEN]


@pytest.mark.parametrize("name", [PERSONALS, WORKS])
def test_inactive_closes_who_is_missing_elsewhere(name: str) -> None:
    """IsActive false, and another list lacks the person == inactive."""
    lists = account()
    row(lists, ACCOUNTS, BEN)["isActive"] = False
    lists[name] = [one for one in lists[name] if one["_id"] != BEN]
    assert closes(lists) is Lifecycle.INACTIVE


@pytest.mark.parametrize("broken", [(ACCOUNTS, "isActive", None), (PERSONALS, "firstName", 7), None])
def test_an_end_in_the_past_closes(broken: tuple[str, str, Any] | None) -> None:
    """A contractEnd that has passed, and another cell or the account that cannot be read == left."""
    lists = account()
    row(lists, WORKS, BEN)["contractEnd"] = "2026-05-03"
    if broken:
        row(lists, broken[0], BEN)[broken[1]] = broken[2]
    else:
        lists[ACCOUNTS] = [one for one in lists[ACCOUNTS] if one["_id"] != BEN]
    assert closes(lists) is Lifecycle.LEFT


def test_rows_that_agree_on_the_end_close() -> None:
    """Two account rows of one person, both inactive == closed; one of them active == nobody knows."""
    lists = account()
    row(lists, ACCOUNTS, BEN)["isActive"] = False
    lists[ACCOUNTS].append({"_id": BEN, "email": "other@acme.example", "isActive": False})
    assert closes(lists) is Lifecycle.INACTIVE
    lists[ACCOUNTS][-1]["isActive"] = True
    assert kept(keep_known(snap(lists), KNOWN)) == {BEN}


@pytest.mark.parametrize("spelled", ["ANA@acme.example", " ana@acme.example\u00a0", "a\u200bna@acme.example"])
def test_who_has_left_takes_no_part_in_a_clash(spelled: str) -> None:
    """A leaver, inactive or by date, with the e-mail of somebody active == both have their records."""
    for end in ({}, {"contractEnd": "2020-01-01"}):
        lists = account()
        row(lists, ACCOUNTS, BEN).update(email=spelled, isActive=bool(end))
        row(lists, WORKS, BEN).update(end)
        snapshot = snap(lists)
        assert people(snapshot) == {ANA, BEN, CEM}
        assert snapshot.problems == ()
        assert person(snapshot, ANA)["lifecycle"] == "active"


def test_who_clashes_and_is_active_is_kept() -> None:
    """Two active people whose e-mails differ only in spelling == both kept and reported."""
    lists = account()
    row(lists, ACCOUNTS, BEN)["email"] = "ANA@ACME.example\u200b"
    assert kept(snap(lists, EMAIL)) == {ANA, BEN}
