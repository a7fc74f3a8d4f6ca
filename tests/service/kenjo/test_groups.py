"""Departments, offices, companies and areas that become groups beside teams."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.diff import apply, diff
from bridge.model import Kind, Snapshot, Stored, group_key, group_kind
from service.kenjo.fields import WORKS, lists_for
from service.watch.plausible import implausible
from tests.service.account import ACME, ANA, BEN, BERLIN, BLUE, CEM, MEMBERS, RED, SALES, account, row, snap

GROUP = (MEMBERS, ("team", "name"), ("team", "kind"))
SOURCES = {
    "teams": "team",
    "departments": "department",
    "offices": "office",
    "companies": "company",
    "areas": "area",
}


def of(*sources: str) -> tuple[tuple[str, ...], ...]:
    """The fields of groups made from these lists."""
    return (*GROUP, *(("groups", source) for source in sources))


def groups(snapshot: Snapshot) -> dict[str, tuple[Any, ...]]:
    """Kind, name and members by the group's id."""
    return {
        key.id: (record.data["kind"], record.data["name"], record.data["members"])
        for key, record in snapshot.records.items()
        if key.kind is Kind.TEAM
    }


def lists() -> dict[str, Any]:
    """The account, with everybody in the office and Ben in the area."""
    found = account()
    for id_ in (ANA, BEN, CEM):
        row(found, WORKS, id_).update(officeId=BERLIN, companyId=ACME)
    row(found, WORKS, BEN)["areaIds"] = [RED]
    return found


def test_all_lists_become_groups() -> None:
    """Each row is a group with its active people; an area with a team's id is another group."""
    assert groups(snap(lists(), *of(*SOURCES))) == {
        RED: ("team", "Red", [ANA, BEN]),
        BLUE: ("team", "Blue", [ANA]),
        f"department.{SALES}": ("department", "Sales", [ANA]),
        f"office.{BERLIN}": ("office", "Berlin", [ANA, BEN]),
        f"company.{ACME}": ("company", "Acme", [ANA, BEN]),
        f"area.{RED}": ("area", "North", [BEN]),
    }


@pytest.mark.parametrize("source", SOURCES)
def test_only_the_lists_in_use_are_read(source: str) -> None:
    """Groups from one list == that list is requested beside the two of people, and no other."""
    assert lists_for(of(source)) == {"employees/accounts", WORKS, source}
    assert {kind for kind, _, _ in groups(snap(lists(), *of(source))).values()} == {SOURCES[source]}


def test_a_department_that_is_renamed_and_one_that_people_change() -> None:
    """A renamed department, and Ben moving into it == the group changed, by name and by members."""
    before = snap(lists(), *of("departments"))
    after = lists()
    after["departments"][0]["name"] = "Sales EMEA"
    row(after, WORKS, BEN)["departmentId"] = SALES
    (change,) = diff(known(before), snap(after, *of("departments")))
    assert (change.record.key, change.fields) == (group_key("department", SALES), ("members", "name"))


def test_a_bad_row_keeps_its_group() -> None:
    """A department whose row cannot be used == nobody says that it is gone."""
    broken = lists()
    broken["departments"][0]["name"] = 7
    snapshot = snap(broken, *of("departments"))
    assert diff(known(snap(lists(), *of("departments"))), snapshot) == []


def test_groups_that_nobody_asks_for_any_more_are_not_gone() -> None:
    """Departments were groups and are no longer asked for == no change, nothing implausible."""
    before = known(snap(lists(), *of(*SOURCES)))
    for sources in (("teams",), ("areas", "offices")):
        after = snap(lists(), *of(*sources))
        assert diff(before, after) == []
        assert implausible(before, after) is None
    nobody = snap(lists(), ("person", "account", "email"))
    assert {key for key in apply(before, diff(before, nobody)) if key.kind is Kind.TEAM} == {
        key for key in before if key.kind is Kind.TEAM
    }
    assert implausible(before, nobody) is None


def test_an_empty_list_of_departments_is_implausible() -> None:
    """Asked for and all of many are missing == held, as with teams."""
    many = lists()
    many["departments"] = [{"_id": f"{n:024x}", "name": f"D{n}"} for n in range(9)]
    before = known(snap(many, *of("departments")))
    many["departments"] = []
    assert "none of the 9 groups" in (implausible(before, snap(many, *of("departments"))) or "")


def test_the_kind_of_a_group_is_in_its_key() -> None:
    """What a key says of its group comes back from it."""
    for kind in SOURCES.values():
        assert group_kind(group_key(kind, RED)) == kind


def known(snapshot: Snapshot) -> dict[Any, Stored]:
    """What the store knows after a snapshot."""
    return {key: Stored(record, 1) for key, record in snapshot.records.items()}
