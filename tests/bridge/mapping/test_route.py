"""What one target is to get of a record, and when everything has to be looked at again."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from bridge.errors import ConfigurationError, RecordRejected
from bridge.exchange import Reference
from bridge.model import Kind
from tests.bridge.routes import ANA, BEN, MAPPING, SALES, person, route, team


def test_default_mapping_is_used() -> None:
    """Without a `map`, the kind's default mapping says what a target gets."""
    assert route().map(person()) == {"userName": "a@b.c", "title": "Seller", "manager": None}
    assert route().map(team()) == {"displayName": "Blue", "members": []}


def test_null_removes_an_attribute() -> None:
    """An attribute whose expression is null is not given at all, and its fields are not read any more."""
    without = route(map={"title": None})
    assert without.map(person()) == {"userName": "a@b.c", "manager": None}
    assert ("person", "work", "jobTitle") not in without.fields


def test_own_expression_wins() -> None:
    """An expression in `map` replaces the default one of its attribute, and may name new ones."""
    own = route(map={"title": "person.work.department", "userType": '"Employee"'})
    mapped = own.map(person())
    assert (mapped["title"], mapped["userType"]) == ("Sales", "Employee")
    assert ("person", "work", "jobTitle") not in own.fields


def test_team_expressions_are_for_teams() -> None:
    """An expression over `team` changes what teams get and leaves people alone."""
    own = route(map={"displayName": 'team.name + "!"', "size": "team.members.size()"})
    assert own.map(team("ana")) == {
        "displayName": "Blue!",
        "members": [Reference(ANA)],
        "size": 1,
    }
    assert own.map(person()) == route().map(person())


def test_attribute_may_be_of_both_kinds() -> None:
    """Overriding an attribute for people leaves the teams' default of the same name."""
    own = route(map={"displayName": "person.work.jobTitle"})
    assert own.map(person())["displayName"] == "Seller"
    assert own.map(team())["displayName"] == "Blue"


def test_expression_is_about_one_kind() -> None:
    """An expression over a person and a team at once has no record to be evaluated for."""
    with pytest.raises(ConfigurationError, match=r"map\.title uses person and team at once"):
        route(map={"title": "person.id + team.id"})


def test_ids_of_other_records_become_references() -> None:
    """A manager and every member stand as references, which are resolved later."""
    assert route().map(person(reportsToId="ben"))["manager"] == Reference(BEN)
    assert route().map(team("ana", "ben"))["members"] == [Reference(ANA), Reference(BEN)]


@pytest.mark.parametrize("value", [{"email": "planted"}, ["planted", None], 7, [["planted"]], True])
def test_reference_must_be_an_id(value: Any) -> None:
    """Something else than an id is rejected: its text would stand in the name of a key in Redis."""
    with pytest.raises(RecordRejected, match=r"map\.manager must give the id of a person") as caught:
        route().map(person(reportsToId=value))
    assert "planted" not in str(caught.value)


def test_failing_expression_rejects_one_record() -> None:
    """An expression that fails for a person names itself, and works for the next one."""
    sized = route(map={"title": 'person.work.jobTitle + ""'})
    with pytest.raises(RecordRejected, match=r"targets\.directory\.map\.title failed"):
        sized.map(person(jobTitle=7))
    assert sized.map(person())["title"] == "Seller"


@pytest.mark.parametrize(("email", "lacking"), [("a@b.c", ""), ("", "userName"), (None, "userName")])
def test_required_attributes_are_missed(email: str | None, lacking: str) -> None:
    """An attribute that the target requires is missed when it is empty, cleared or not mapped."""
    assert route().lacking(Kind.PERSON, {"userName": email}) == lacking
    assert route().lacking(Kind.TEAM, {"displayName": "Blue"}) == ""
    assert route().lacking(Kind.TEAM, {}) == "displayName"


@pytest.mark.parametrize(
    ("map_", "lacking"),
    [({}, ""), ({"userName": '""'}, "userName"), ({"userName": None}, "userName"), ({"title": "1 / 0"}, "")],
)
def test_what_is_required_is_told_without_the_rest(map_: dict[str, str | None], lacking: str) -> None:
    """Only the required attributes are evaluated: one that fails beside them does not matter here."""
    assert route(map=map_).lacks(person()) == lacking


def test_target_without_a_mapping_for_teams_gets_none() -> None:
    """A kind of record that has no attributes, or is not wanted, is not served."""
    for people_only in (route(mapping={"person": MAPPING["person"]}), route(groups={"from": []})):
        assert (people_only.serves(Kind.PERSON), people_only.serves(Kind.TEAM)) == (True, False)
    assert (route().serves(Kind.PERSON), route().serves(Kind.TEAM)) == (True, True)


def test_fields_of_scope_and_mapping_are_used() -> None:
    """Every field that an expression reads is in use, and no other."""
    used = {".".join(path) for path in route(scope=SALES, map={"title": None}).fields}
    people = {"person.account.email", "person.work.reportsToId", "person.work.department"}
    assert used == people | {"team.name", "team.members", "groups.teams"}
    assert ("person", "home", "x") in route(protected=["person.home.x"]).fields
    assert ("team", "name") not in route(groups={"from": []}).fields


def test_null_takes_out_what_only_groups_have() -> None:
    """Null for an attribute of groups == groups without it; one that both have == people without it."""
    assert "members" not in route(map={"members": None}).maps[Kind.TEAM]
    both = {**MAPPING, "person": {**MAPPING["person"], "displayName": "person.id"}}
    named = route(mapping=both, map={"displayName": None})
    assert ("displayName" in named.maps[Kind.PERSON], "displayName" in named.maps[Kind.TEAM]) == (False, True)


@pytest.mark.parametrize(
    "change",
    [
        {"map": {"title": None}},
        {"map": {"title": "person.work.department"}},
        {"map": {"userType": '"Employee"'}},
        {"map": {"displayName": 'team.name + "!"'}},
        {"scope": SALES},
        {"mode": "upsert"},
        {"base_url": "https://example.org"},
        {"groups": {"from": []}},
        {"removal": {"left": "keep"}},
        {"protected": ["ana"]},
    ],
)
def test_fingerprint_changes_with_what_the_target_should_hold(change: dict[str, Any]) -> None:
    """Another mapping, scope, mode, removal or address is another configuration: everything is looked at."""
    assert route(**change).fingerprint != route().fingerprint


LIMITS = {"limits": {"remove": {"count": 1}, "create": {"percent": 50}}}


@pytest.mark.parametrize(
    "change", [{"token": "other"}, {"rate": 1}, {"timeout": 1}, {"concurrency": 1}, LIMITS]
)
def test_fingerprint_does_not_change_with_how_it_is_reached(change: dict[str, Any]) -> None:
    """A new token, another pace or other limits give nobody anything new."""
    assert route(**change).fingerprint == route().fingerprint


EVERYTHING: dict[str, Any] = {
    "lookups": {"floors": {"Berlin": "1", "Madrid": "2"}},
    "protected": ["ana", "ben@example.com", "cem", 'person.work.department == "Board"'],
    "targets": {
        "directory": {
            "kind": "scim",
            "base_url": "https://example.com",
            "token": "secret",
            "scope": SALES,
            "map": {"title": 'lookup("floors", person.work.office)', "userType": "person.work.department"},
            "groups": {"from": ["teams", "departments", "offices"]},
            "removal": {"left": "keep"},
        }
    },
}


def test_fingerprint_does_not_change_with_the_order() -> None:
    """It depends on the settings only, and not on the order in which they are written."""
    one, other = {"a": "person.id", "b": "person.id"}, {"b": "person.id", "a": "person.id"}
    assert route(map=one).fingerprint == route(map=other).fingerprint
    assert route(["a", "b"]).fingerprint == route(["b", "a"]).fingerprint
    assert route().fingerprint == route(map={"title": MAPPING["person"]["title"]}).fingerprint


def test_fingerprint_is_the_same_in_every_process() -> None:
    """Two processes in which sets have other orders == one fingerprint, with all that it is made of."""
    program = (
        "from bridge.config.settings import BridgeSettings\n"
        "from workers.connect import routes\n"
        f"found = routes(BridgeSettings.model_validate({EVERYTHING}))\n"
        "print(found['directory'].fingerprint, list(set('abcdef')))"
    )
    processes = [
        subprocess.Popen(  # noqa: S603 - our own text
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    (one, order), (other, other_order) = (process.communicate()[0].split(" ", 1) for process in processes)
    assert len(one) == 16
    assert one == other
    assert order != other_order
