"""Who is never deactivated or deleted."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.config.settings import TargetSettings
from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.protected import Protected
from bridge.mapping.route import Action, Route
from bridge.model import Key, Kind, Record, Stored
from tests.delivery import person, team

ID = "5f3a" * 6
BOSS = 'person.work.jobTitle == "CEO"'


@pytest.mark.parametrize(
    ("sources", "fields", "covered"),
    [
        ([], {}, False),
        ([ID], {}, True),
        ([ID.upper()], {}, False),  # ids are exact
        ([ID[:-1]], {}, False),
        (["ana@example.com"], {"email": "ana@example.com"}, True),
        (["Ana@Example.com"], {"email": "aNa@eXample.COM"}, True),
        (["STRASSE@example.com"], {"email": "straße@example.com"}, True),
        (["o'brien@example.com"], {"email": "O'Brien@example.com"}, True),
        (["ana@example.com"], {"email": "hanna@example.com"}, False),
        (["ana@example.com"], {"email": "ana@example.com.evil.com"}, False),
        (["ana@example.com"], {"email": None}, False),
        ([BOSS], {"title": "CEO"}, True),
        ([BOSS], {"title": "Clerk"}, False),
        ([BOSS], {"title": None}, False),
        (['person.account.email=="ana@example.com"'], {"email": "ana@example.com"}, True),
        (["person.account.email=='ana@example.com'"], {"email": "ben@example.com"}, False),
        (['person.account.email.endsWith("@board.com")'], {"email": "x@board.com"}, True),
        (["x@y.z", "7" * 24, BOSS], {"title": "CEO"}, True),  # any of them will do
        (["x@y.z", "7" * 24, BOSS], {"title": "Clerk"}, False),
        (["x@y.z", BOSS, ID], {"title": "Clerk"}, True),
    ],
)
def test_covers(sources: list[str], fields: dict[str, Any], covered: bool) -> None:
    """Ids as they are, e-mail addresses in any case, expressions that are true == protected, else not."""
    assert Protected(sources).covers(person(ID, **fields)) is covered


@pytest.mark.parametrize("sources", [["ana@example.com"], [BOSS]])
def test_somebody_of_whom_nothing_is_known(sources: list[str]) -> None:
    """A record that was lost == nobody can tell by an address or an expression; by the id everybody can."""
    lost = Record(Key(Kind.PERSON, ID), {"id": ID})
    with pytest.raises(RecordRejected, match="nothing is known of this person any more"):
        Protected(sources).covers(lost)
    assert Protected([*sources, ID]).covers(lost)
    assert not Protected(["7" * 24]).covers(lost)


def test_teams_are_not_protected() -> None:
    """A team with a protected id == not protected: it is people who are."""
    assert not Protected([ID, BOSS]).covers(team(ID))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("person.work.", "protected is not a CEL expression"),
        ("ana@example.com and ben@example.com", "protected is not a CEL expression"),
        ("", "protected is not a CEL expression"),
        ('team.name == "Board"', "protected: an expression can use only 'person'"),
        ("boss.id == person.id", "protected uses 'boss'"),
    ],
)
def test_a_mistake_is_named_at_the_start(source: str, says: str) -> None:
    """Neither id nor address nor an expression over `person` == ConfigurationError that names the setting."""
    with pytest.raises(ConfigurationError, match=says):
        Protected([ID, source])


@pytest.mark.parametrize("source", ["person.work.jobTitle", "person.work.unheard.of == 1"])
def test_an_expression_that_cannot_tell(source: str) -> None:
    """An expression that gives no true or false, or fails == RecordRejected, without the values."""
    with pytest.raises(RecordRejected) as caught:
        Protected([source]).covers(person(ID, title="Planted"))
    assert "protected" in str(caught.value)
    assert "Planted" not in str(caught.value)


def test_the_fields_in_use() -> None:
    """Addresses use the e-mail field, expressions what they read, ids nothing == those fields are fetched."""
    email, title = ("person", "account", "email"), ("person", "work", "jobTitle")
    assert Protected([ID]).fields == frozenset()
    assert Protected([ID, "ana@example.com"]).fields == {email}
    assert Protected([BOSS]).fields == {title}
    assert Protected(["ana@example.com", BOSS]).fields == {email, title}
    assert route(Protected([BOSS])).fields - route(Protected([])).fields == {title}


def route(protected: Protected, **removal: str) -> Route:
    """A route of a target that removes for every reason, and whose mapping uses the id only."""
    how = dict.fromkeys(("inactive", "left", "gone", "out_of_scope"), "delete")
    settings = {
        "kind": "any",
        "scope": 'person.id != "elsewhere"' if not removal else "true",
        "removal": {**how, **removal},
    }
    mapping = {"person": {"id": "person.id"}, "team": {"id": "team.id"}}
    return Route("directory", TargetSettings.model_validate(settings), mapping, protected)


LEAVERS = {
    "inactive": Stored(person(ID, lifecycle="inactive", title="CEO"), 2),
    "upcoming": Stored(person(ID, lifecycle="upcoming", title="CEO"), 2),
    "left": Stored(person(ID, lifecycle="left", title="CEO"), 2),
    "gone": Stored(person(ID, title="CEO"), 2, gone=True),
    "out_of_scope": Stored(person("elsewhere", title="CEO"), 2),
}


@pytest.mark.parametrize("reason", LEAVERS)
def test_protected_people_keep_their_accounts(reason: str) -> None:
    """Inactive, upcoming, left, gone or out of scope == deactivated; skipped, with the word, if protected."""
    stored = LEAVERS[reason]
    assert route(Protected([])).intend(stored, linked=True).action is Action.DEACTIVATE
    intent = route(Protected([BOSS])).intend(stored, linked=True)
    assert (intent.action, intent.delete_after) == (Action.SKIP, None)
    assert "protected" in intent.reason


def test_protected_people_are_created_and_changed_as_others() -> None:
    """Active and in scope == upsert, protected or not."""
    stored = Stored(person(ID, title="CEO"), 1)
    for linked in (False, True):
        assert route(Protected([BOSS, ID])).intend(stored, linked=linked).action is Action.UPSERT


@pytest.mark.parametrize(
    ("source", "account", "number", "covered"),
    [
        ("10121", {}, 10121, True),
        ("10121", {}, "10121", True),
        ("10121", {"externalId": "10121"}, None, True),
        ("de-7", {"externalId": "DE-7"}, None, True),
        ("10121", {"externalId": "101210"}, 1012, False),
        ("CEO", {"externalId": None}, None, False),
    ],
)
def test_other_numbers_of_a_person(source: str, account: dict[str, Any], number: Any, covered: bool) -> None:
    """An external id or an employee number, text or number == protected; a part of one is another one."""
    data = {"id": ID, "lifecycle": "active", "account": account, "work": {"employeeNumber": number}}
    protected = Protected([source])
    assert protected.covers(Record(Key(Kind.PERSON, ID), data)) is covered
    assert protected.fields == {("person", "account", "externalId"), ("person", "work", "employeeNumber")}
