"""A configuration whose expressions fit nowhere is refused when it is loaded, in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from workers.connect import routes
from workers.targets import kinds, load

ENTRA = {"kind": "entra", "tenant": "t", "client_id": "c", "client_secret": "s"}
WEBHOOK = {"kind": "webhook", "url": "https://example.com", "secret": "whsec_" + "A" * 32}
LDAP = {
    "kind": "ldap", "address": "ldaps://ldap.example.com", "bind_dn": "cn=a", "password": "p",
    "base": "dc=example,dc=org", "people": "ou=p,dc=example,dc=org", "server_type": "openldap",
    "groups": {"from": []},
}  # fmt: skip


def refused(protected: list[str] | None = None, **settings: Any) -> str:
    """What is said of a target with these settings; "" when it is taken."""
    target = {"kind": "scim", "base_url": "https://example.com", "token": "x", **settings}
    if target["kind"] != "scim":
        target = settings
    values = {"targets": {"d": target}, "protected": protected or []}
    try:
        routes(BridgeSettings.model_validate(values))
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("scope", ["1 + 1", '"x"', "null", "person.work.jobTitle", "[true]"])
def test_a_scope_has_to_be_true_or_false(scope: str) -> None:
    """A scope that gives anything else == where it stands, what it gives, and an example."""
    assert refused(scope=scope).startswith("targets.d.scope gives ")
    assert 'person.work.office == "Berlin"' in refused(scope=scope)


@pytest.mark.parametrize("scope", ["false", "1 > 2", "1 / 0 == 1", "!true"])
def test_a_scope_that_is_never_true(scope: str) -> None:
    """A scope without any field that chooses nobody == said."""
    assert refused(scope=scope).startswith("targets.d.scope is never true: nobody is chosen by it")


@pytest.mark.parametrize("scope", ["true", "person.work.isAssistant", 'today > "2030"', "person.work.c_Is"])
def test_a_scope_that_may_choose(scope: str) -> None:
    """Everybody, a flag, a day to come, a custom field == taken."""
    assert refused(scope=scope) == ""


@pytest.mark.parametrize(
    ("attribute", "source", "words"),
    [
        ("title", "[person.work.jobTitle]", "gives a list, but title holds text: join()"),
        ("title", '{"a": person.work.jobTitle}', "gives an object, but title holds text"),
        ("title", "person.work.manager", "name one of its fields"),
        ("title", "person.work.jobTitle + 1", "map.title has text (person.work.jobTitle) + a number"),
        ("nickName", "person.account.isActive", 'x ? "yes" : "no" makes text of it'),
        ("userName", "person.account.isActive", "but userName holds text"),
        ("userName", '"everybody"', "told apart by userName: use a field of person, such as person.account"),
        ("externalId", "today", "is the same for everybody"),
        ("userName", "null", "userName is null, but every person needs one: without the line it is person"),
        ("userName", None, "userName is null, but every person needs one"),
        ("displayName", "size(team.members) > 3", "but displayName holds text"),
        ("active", "5", "gives a number, but active holds true or false or text"),
        ("manager", "person.work.manager", "but manager holds text: name one of its fields"),
        ("members", "team.name", "members gives text, but members holds a list"),
        ("title", 'formatDate(person.work.startDate, "DD.MM.YYYY")', "did you mean dd?"),
    ],
)  # fmt: skip
def test_what_an_attribute_cannot_hold(attribute: str, source: str | None, words: str) -> None:
    """A value of the wrong kind, one that is needed and null, or alike for all == a sentence."""
    assert words in refused(map={attribute: source})


@pytest.mark.parametrize(
    ("attribute", "source"),
    [
        ("title", "person.work.employeeNumber"),
        ("title", "person.work.startDate"),
        ("title", "person.work.c_Levels"),
        ("title", "null"),
        ("title", '"Employee"'),
        ("externalId", None),
        ("active", 'person.account.language == "de" ? "true" : "false"'),
        ("manager", "person.work.manager.id"),
        ("urn:example:1.0:User:teams", "person.work.teams"),
    ],
)
def test_what_an_attribute_may_hold(attribute: str, source: str | None) -> None:
    """What could be right == taken."""
    assert refused(map={attribute: source}) == ""


@pytest.mark.parametrize(
    ("target", "attribute", "source", "words"),
    [
        (ENTRA, "accountEnabled", "person.work.jobTitle", "but accountEnabled holds true or false"),
        (ENTRA, "userPrincipalName", '"x@example.com"', "told apart by userPrincipalName"),
        (LDAP, "title", "person.work.teams", "title holds text: join()"),
        (LDAP, "uid", "null", "uid is null, but every person needs one"),
        ({"kind": "file", "path": "people.csv"}, "teams", "person.work.teams", ""),
        (WEBHOOK, "m", "person.work", ""),
    ],
)  # fmt: skip
def test_each_kind_says_what_it_holds(
    target: dict[str, Any], attribute: str, source: str, words: str
) -> None:
    """The attributes of other kinds == by what these hold; a file and a webhook hold anything."""
    found = refused(**target, map={attribute: source})
    assert words in found
    assert bool(words) == bool(found)


@pytest.mark.parametrize(
    ("setting", "names", "words"),
    [
        ("keep", ["titel"], "targets.d.keep has 'titel', which is not mapped; did you mean title?"),
        ("only_at_create", ["nickName"], "targets.d.only_at_create has 'nickName', which is not mapped"),
        ("match", ["nickName"], "targets.d.match has 'nickName', which is not mapped for people"),
        ("keep", ["title", "members"], ""),
    ],
)
def test_lists_name_what_is_mapped(setting: str, names: list[str], words: str) -> None:
    """An attribute that nothing is mapped to == the nearest one that is."""
    found = refused(**{setting: names})
    assert words in found
    assert bool(words) == bool(found)


def test_groups_are_looked_up_by_what_they_have() -> None:
    """`match_groups` names what no group is given == said; without groups it does not matter."""
    wrong: dict[str, Any] = {"match_groups": ["externalId", "urn:example:1.0:Group:code"]}
    assert "match_groups has 'urn:example:1.0:Group:code', which is not mapped for groups" in refused(**wrong)
    assert refused(**wrong, groups={"from": []}) == ""


def test_what_protects_has_to_choose() -> None:
    """An expression in `protected` that is no choice == said."""
    assert refused(protected=["person.work.jobTitle == 'CEO'"]) == ""
    assert refused(protected=["person.work.jobTitle + ''"]).startswith("protected gives text")


def test_default_mappings_fit() -> None:
    """Every kind's default mapping == nothing to say."""
    for target in (ENTRA, LDAP, {"kind": "file", "path": "people.csv"}):
        assert refused(**target) == ""
    assert {"scim", "entra", "ldap", "file"} <= set(kinds())
    assert load("scim").takes("title") != load("scim").takes("active")
