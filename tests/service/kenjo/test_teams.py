"""Teams, and who is in them."""

from typing import Any

import pytest

from bridge.diff import diff
from bridge.model import ChangeKind, Key, Kind, Record, RowProblem, Stored
from service.kenjo.fields import ACCOUNTS, WORKS
from service.kenjo.snapshot import team_field_found
from service.watch.keeping import keep_known
from tests.service.account import (
    ANA,
    BEN,
    BLUE,
    CEM,
    EMAIL,
    MEMBERS,
    RED,
    TEAMS,
    TITLE,
    account,
    person,
    row,
    snap,
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("teamIds", [RED]),
        ("teamId", RED),
        ("teams", [{"_id": RED, "name": "old name"}]),
        ("teams", [RED, None, "", "9" * 24, "no id at all"]),
    ],
)
def test_team_field_is_found(field: str, value: object) -> None:
    """Ids in a list, a single one, and objects all name teams; unknown ones are ignored."""
    lists = account()
    for values in lists[WORKS]:
        del values["teamIds"]
    row(lists, WORKS, BEN)[field] = value
    snapshot = snap(lists, TEAMS, ("person", "work", "teamIds"), MEMBERS)
    assert person(snapshot, BEN)["work"] == {"teams": ["Red"], "teamIds": [RED]}
    assert snapshot.records[Key(Kind.TEAM, RED)].data["members"] == [BEN]
    assert team_field_found(lists[WORKS]) == field


def test_first_team_field_with_a_value_wins() -> None:
    """The order is teamIds, teamId, teams; an empty field gives way to one that has a value."""
    both = {"teamIds": [RED], "teamId": BLUE}
    empty = {"teamIds": [], "teamId": BLUE}
    accounts: list[list[Any]] = [[both], [empty, {}], [{"teamIds": []}], [{}, None], []]
    found = [team_field_found(rows) for rows in accounts]
    assert found == ["teamIds", "teamId", "teamIds", None, None]


def test_configured_team_field_is_used() -> None:
    """kenjo.team_field names the field, whatever else there is."""
    lists = account()
    row(lists, WORKS, BEN)["c_squad"] = BLUE
    snapshot = snap(lists, TEAMS, team_field="c_squad")
    assert person(snapshot, BEN)["work"] == {"teams": ["Blue"]}


def test_members_are_in_the_order_of_their_ids() -> None:
    """The order of Kenjo's rows is no change of a team."""
    lists = account()
    lists[WORKS].reverse()
    assert snap(lists, MEMBERS).records[Key(Kind.TEAM, RED)].data["members"] == [ANA, BEN]


@pytest.mark.parametrize(
    ("team_field", "sought"), [(None, "a field that names teams"), ("c_squad", "the field 'c_squad'")]
)
def test_no_team_field_is_one_warning(team_field: str | None, sought: str) -> None:
    """Nobody names a team == empty teams, and one warning that says what to set."""
    lists = account()
    for values in lists[WORKS]:
        del values["teamIds"]
    snapshot = snap(lists, team_field=team_field)
    assert snapshot.records[Key(Kind.TEAM, RED)].data["members"] == []
    assert person(snapshot, BEN)["work"]["teams"] == []
    (warning,) = snapshot.warnings
    assert warning == (
        f"no row of employees/works has {sought}, so nobody is in any of the teams;"
        " set kenjo.team_field to the field that names them"
    )
    assert snap(lists, TITLE).warnings == ()


def test_bad_team_row_keeps_the_team() -> None:
    """A team whose row cannot be used exists; the other teams go on."""
    lists = account()
    lists["teams"][1]["name"] = 7
    snapshot = snap(lists, MEMBERS, ("team", "name"))
    assert snapshot.problems == (RowProblem("teams", BLUE, "name is not text"),)
    assert Key(Kind.TEAM, BLUE) in snapshot.kept
    assert snapshot.records[Key(Kind.TEAM, RED)].data["members"] == [ANA, BEN]


def test_team_row_without_id_lets_no_team_vanish() -> None:
    """A team row without _id may be any team's == no team counts as vanished."""
    known = {key: Stored(record, 1) for key, record in snap(account(), MEMBERS).records.items()}
    lists = account()
    del lists["teams"][1]["_id"]
    row(lists, WORKS, CEM)["teamIds"] = ["not an id"]
    changes = diff(known, snap(lists, MEMBERS))
    assert [change for change in changes if change.kind is ChangeKind.VANISHED] == []


def test_kept_people_stay_in_their_teams() -> None:
    """Who was a member and is kept now stays a member; who left the team, or Kenjo, does not."""
    known = {key: Stored(record, 1) for key, record in snap(account(), MEMBERS, EMAIL).records.items()}
    lists = account()
    row(lists, ACCOUNTS, BEN)["email"] = 7
    row(lists, WORKS, ANA)["teamIds"] = [BLUE]
    snapshot = snap(lists, MEMBERS, EMAIL)
    members = [
        {key.id: record.data["members"] for key, record in state.records.items() if key.kind is Kind.TEAM}
        for state in (snapshot, keep_known(snapshot, known), keep_known(snapshot, {}))
    ]
    assert members == [{RED: [], BLUE: [ANA]}, {RED: [BEN], BLUE: [ANA]}, {RED: [], BLUE: [ANA]}]


def test_gone_team_gives_no_members_back() -> None:
    """A team that was gone and is there again starts without those it had before."""
    key = Key(Kind.TEAM, RED)
    lists = account()
    row(lists, ACCOUNTS, BEN)["email"] = 7
    before = {key: Stored(Record(key, {"id": RED, "members": [BEN]}), 3, gone=True)}
    assert keep_known(snap(lists, MEMBERS, EMAIL), before).records[key].data["members"] == [ANA]
