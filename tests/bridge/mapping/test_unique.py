"""`unique`: which values a person may get, in order, and what is refused at the start."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.route import Route
from bridge.model import Kind, Stored
from tests.delivery import person
from workers.connect import routes

FIRST = "slug(person.personal.firstName)"
TARGET: dict[str, Any] = {"kind": "scim", "base_url": "https://example.com", "token": "t"}


def route(**settings: Any) -> Route:
    """The route of a SCIM target. Raises ConfigurationError."""
    return routes(BridgeSettings.model_validate({"targets": {"d": {**TARGET, **settings}}}))["d"]


def values(*expressions: str, **fields: Any) -> list[str]:
    """What somebody may get as user name."""
    return list(
        route(unique={"userName": list(expressions)}).unique.values(person("ana", **fields), "userName")
    )


def test_values_come_in_order() -> None:
    """A first name, then counted, then the id == the name, 2 to 100, the id."""
    found = values(FIRST, f"{FIRST} + string(n)", "person.id + 'x'")
    assert found == ["ana", *(f"ana{number}" for number in range(2, 101)), "anax"]


def test_what_looks_different_only_comes_once() -> None:
    """Letter case, another form of the same letters, nothing and null == passed over."""
    same = ["'Zoé'", "'ZOE\u0301'", "'zoé '", "''", "person.work.jobTitle", "' '", "'b'"]
    assert values(*same, title=None) == ["Zoé", "b"]


def test_what_fails_is_the_records_failure() -> None:
    """No last name where one is added, and no value at all == a sentence that names the place."""
    with pytest.raises(RecordRejected, match=r"^targets.d.unique.userName, expression 1 failed \("):
        values("person.personal.firstName + person.personal.lastName", name=None)
    with pytest.raises(RecordRejected, match=r"gives no text: person.personal\[\"firstName\"\]"):
        values('person.personal["firstName"]', name=["a"])
    with pytest.raises(RecordRejected, match="userName gives nothing for this person: add an expression"):
        route(unique={"userName": ["person.work.jobTitle"]}).unique.check(person("ana", title=None))


def test_it_is_no_matter_of_the_mapping() -> None:
    """A required attribute that is unique == nobody lacks it, nothing is mapped, its fields are read."""
    made = route(unique={"userName": ["person.financial.c_login"]})
    record = person("ana")
    assert "userName" not in made.map(record)
    assert (made.lacks(record), made.unserved(Stored(record, 1))) == ("", "")
    assert ("person", "financial", "c_login") in made.fields
    assert "displayName" in made.required(Kind.TEAM)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"unique": {"userName": []}}, "is empty: write expressions for it"),
        ({"unique": {"userName": [f"{FIRST} + n"]}}, "string() makes text of a number"),
        ({"unique": {"userName": ["n"]}}, "expression 1 gives a number, but it has to give text"),
        (
            {"unique": {"userName": [FIRST, "team.name"]}},
            "expression 2 uses 'team', but an expression can use",
        ),
        ({"unique": {"userName": ["person.personal.fistName"]}}, "did you mean person.personal.firstName?"),
        ({"unique": {"usrName": [FIRST]}}, "unique.usrName: SCIM has no attribute 'usrName'; did you mean"),
        ({"unique": {"nickName": [FIRST]}}, "match has only externalId, userName: add nickName to match"),
        ({"unique": {"userName": [FIRST]}, "match": ["userName"]}, "is all that accounts are looked up by"),
        (
            {"unique": {"userName": [FIRST]}, "map": {"externalId": None}},
            "is all that accounts are looked up by",
        ),
        ({"unique": {"userName": [FIRST]}, "map": {"userName": FIRST}}, "is in map too: take it out of one"),
        ({"unique": {"userName": [FIRST]}, "once": ["userName"]}, "is in once too: take it out of one"),
        ({"unique": {"externalId": [FIRST]}}, "says whose the account is"),
        ({"unique": {"active": ["'true'"]}}, "opens and closes accounts"),
        ({"unique": {"manager": [FIRST]}}, "means other records"),
        ({"map": {"title": "string(n)"}}, "map.title uses 'n'"),
    ],
)
def test_what_cannot_be_unique(settings: dict[str, Any], words: str) -> None:
    """What cannot be had or would find nobody's account == refused at the start with what to do."""
    with pytest.raises(ConfigurationError) as caught:
        route(**settings)
    assert words in str(caught.value)
    assert str(caught.value).startswith("targets.d.")


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "webhook", "url": "https://example.com/hook", "secret": "whsec_" + "MDEy" * 8},
        {"kind": "file", "path": "people.csv"},
    ],
)
def test_kinds_that_cannot_be_asked(target: dict[str, Any]) -> None:
    """A target that nobody can ask who has a value == refused."""
    attribute = "email"
    given = {**target, "unique": {attribute: [FIRST]}}
    with pytest.raises(
        ConfigurationError, match=f"of the kind {target['kind']} cannot be asked who has a value"
    ):
        routes(BridgeSettings.model_validate({"targets": {"d": given}}))


def test_what_is_unique_cannot_be_taken_from_there() -> None:
    """`from` names what another target chooses == refused, as nobody knows it once Redis was emptied."""
    mail = {**TARGET, "base_url": "https://mail.example.com", "unique": {"userName": [FIRST]}}
    targets = {"mail": mail, "d": {**TARGET, "from": {"nickName": "mail.userName"}}}
    with pytest.raises(
        ConfigurationError, match="'userName' is given once at mail, so nobody knows it later"
    ):
        routes(BridgeSettings.model_validate({"targets": targets}))
