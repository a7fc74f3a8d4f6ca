"""What a target is to do for a record: create, change, remove, or leave alone."""

from __future__ import annotations

import pytest

from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.route import Action, Intent
from bridge.model import Lifecycle, Record, Stored, group_key
from tests.bridge.routes import MAPPING, SALES, person, route, team

LEAVERS = {
    "gone": Stored(person(), 1, gone=True),
    "left": Stored(person(Lifecycle.LEFT), 1),
    "inactive": Stored(person(Lifecycle.INACTIVE), 1),
    "out_of_scope": Stored(person(department="IT"), 1),
}
WORDS = {
    "gone": "gone from Kenjo",
    "left": "contract ended",
    "inactive": "not active in Kenjo",
    "out_of_scope": "out of scope",
}
MODES = ["create_only", "upsert", "sync"]


@pytest.mark.parametrize("reason", LEAVERS)
@pytest.mark.parametrize("how", ["deactivate", "delete", "keep"])
def test_each_reason_has_its_removal(reason: str, how: str) -> None:
    """With `sync`, an account goes the way that is set for the reason, whatever is set for the others."""
    other = "keep" if how == "deactivate" else "deactivate"
    removal = dict.fromkeys(LEAVERS, other) | {reason: how, "after_days": 7}
    expected = {
        "deactivate": Intent(Action.DEACTIVATE, WORDS[reason]),
        "delete": Intent(Action.DEACTIVATE, WORDS[reason], 7),
        "keep": Intent(Action.SKIP, f"{WORDS[reason]}: the account is kept as it is"),
    }
    assert route(scope=SALES, removal=removal).intend(LEAVERS[reason], linked=True) == expected[how]


@pytest.mark.parametrize("reason", LEAVERS)
def test_defaults_delete_nobody(reason: str) -> None:
    """Unless something else is set, leavers are deactivated and those out of scope are kept."""
    intent = route(scope=SALES).intend(LEAVERS[reason], linked=True)
    assert intent.action is (Action.SKIP if reason == "out_of_scope" else Action.DEACTIVATE)
    assert intent.delete_after is None


@pytest.mark.parametrize("mode", ["create_only", "upsert"])
@pytest.mark.parametrize("reason", LEAVERS)
def test_other_modes_remove_nobody(reason: str, mode: str) -> None:
    """Without `sync` an account stays as it is when its person leaves, even where `delete` is set."""
    removal = dict.fromkeys(LEAVERS, "delete")
    intent = route(mode=mode, scope=SALES, removal=removal).intend(LEAVERS[reason], linked=True)
    assert intent == Intent(Action.SKIP, f"{WORDS[reason]}; mode {mode} removes nobody")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("reason", LEAVERS)
def test_nobody_is_created_who_should_not_be_there(reason: str, mode: str) -> None:
    """Who has left, or is out of scope, and has no account gets none."""
    intent = route(mode=mode, scope=SALES).intend(LEAVERS[reason], linked=False)
    assert intent == Intent(Action.SKIP, f"{WORDS[reason]}; was never given to this target")


@pytest.mark.parametrize("linked", [True, False])
def test_who_has_not_started_is_not_active(*, linked: bool) -> None:
    """Who starts later is treated like who is inactive, and like no other leaver, and is called otherwise."""
    target = route(removal={"inactive": "delete", "left": "keep", "gone": "keep"})
    upcoming, inactive = Stored(person(Lifecycle.UPCOMING), 1), LEAVERS["inactive"]
    one, other = target.intend(upcoming, linked=linked), target.intend(inactive, linked=linked)
    assert (one.action, one.delete_after) == (other.action, other.delete_after)
    assert one.reason == other.reason.replace("not active in Kenjo", "has not started yet")


@pytest.mark.parametrize("reason", ["gone", "left", "inactive"])
@pytest.mark.parametrize("scope", ["false", "person.work.absent"])
def test_leaver_is_not_asked_for_the_scope(reason: str, scope: str) -> None:
    """Whoever leaves is deactivated, whether they were in scope, out of it, or cannot be asked any more."""
    intent = route(scope=scope).intend(LEAVERS[reason], linked=True)
    assert intent == Intent(Action.DEACTIVATE, WORDS[reason])


@pytest.mark.parametrize("scope", [None, "true", SALES])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("linked", [True, False])
def test_active_people_in_scope_are_written(mode: str, scope: str | None, *, linked: bool) -> None:
    """Active people in scope are created and changed, except that `create_only` changes nothing."""
    expected = Intent(Action.UPSERT)
    if linked and mode == "create_only":
        expected = Intent(Action.SKIP, "create_only: what is there is never changed")
    assert route(mode=mode, scope=scope).intend(Stored(person(), 1), linked=linked) == expected


@pytest.mark.parametrize(
    ("stored", "linked", "action"),
    [
        (Stored(team(), 1), False, Action.UPSERT),
        (Stored(team(), 1), True, Action.UPSERT),
        (Stored(team(), 1, gone=True), True, Action.DEACTIVATE),
        (Stored(team(), 1, gone=True), False, Action.SKIP),
    ],
)
def test_scope_is_about_people(stored: Stored, action: Action, *, linked: bool) -> None:
    """Teams are in every scope and under no protection; one that is gone is removed like a person."""
    assert route(scope="false", protected=["blue", "true"]).intend(stored, linked=linked).action is action


def test_scope_must_be_true_or_false() -> None:
    """A scope that gives something else for a person is about that person's record only."""
    with pytest.raises(RecordRejected, match=r"targets\.directory\.scope gave no true or false") as caught:
        route(scope="person.work.department").intend(Stored(person(), 1), linked=False)
    assert "Sales" not in str(caught.value)


def test_scope_over_teams_is_refused() -> None:
    """A scope that asks for a team's fields could not be evaluated for anybody."""
    with pytest.raises(ConfigurationError, match=r"targets\.directory\.scope uses 'team'"):
        route(scope='team.name == "Blue"')


SALES_GROUP = Stored(Record(group_key("department", "sales"), {"id": "department.sales", "name": "Sales"}), 1)


def test_groups_are_made_from_the_lists_that_are_named() -> None:
    """Teams only, the default == a department is out of scope; named == created; taken out == kept."""
    assert route().intend(SALES_GROUP, linked=False).action is Action.SKIP
    named = route(groups={"from": ["departments"]})
    assert named.intend(SALES_GROUP, linked=False).action is Action.UPSERT
    assert named.intend(Stored(team(), 1), linked=False).action is Action.SKIP
    assert "kept" in route().intend(SALES_GROUP, linked=True).reason
    strict = route(removal={"out_of_scope": "deactivate"})
    assert strict.intend(SALES_GROUP, linked=True).action is Action.DEACTIVATE


def test_scope_of_groups() -> None:
    """An expression over the group says which there are; one over people is a mistake, and so is no team."""
    chosen = route(groups={"from": ["departments"], "scope": 'team.name == "IT"'})
    assert chosen.intend(SALES_GROUP, linked=False).reason.startswith("out of scope")
    assert ("team", "name") in chosen.fields
    for wrong in ("person.id == '1'", "true"):
        with pytest.raises(ConfigurationError, match=r"groups\.scope uses no 'team'"):
            route(groups={"scope": wrong})


def test_names_of_groups() -> None:
    """An expression over the group gives its name; one that cannot be, or is one for all, is refused."""
    data = {"id": "department.sales", "name": "Sales", "kind": "department", "members": []}
    record = Record(SALES_GROUP.record.key, data)
    named = {"from": ["departments"], "name": 'team.name + " (" + team.kind + ")"'}
    assert route(groups=named).map(record)["displayName"] == "Sales (department)"
    with pytest.raises(ConfigurationError, match=r"groups\.name uses no 'team'"):
        route(groups={"name": '"all"'})
    with pytest.raises(ConfigurationError, match=r"groups\.name: a target of the kind scim names no groups"):
        route(mapping={**MAPPING, "group_name": None}, groups={"name": "team.name"})
