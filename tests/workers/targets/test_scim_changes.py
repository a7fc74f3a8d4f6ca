"""Names, values and differences of SCIM resources, without a server."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import RecordRejected
from bridge.model import Kind
from tests.workers.targets.odd_patch import apply, apply_flat
from workers.targets.scim.attributes import ENTERPRISE, USER, Slot, resolve, same
from workers.targets.scim.changes import difference, new_resource, slots
from workers.targets.scim.resource import holds, is_open, read
from workers.targets.scim.target import ADAPTER, ScimSettings, attributes, check_attribute

TEXTS = st.text(min_size=1, max_size=8)
NAMES = [
    "userName", "title", "name.givenName", "name.familyName", "emails.work", "emails.home", "photos.photo",
    "phoneNumbers.work", "addresses.work.locality", "addresses.work.country", "department", "manager",
    "urn:example:hr:2.0:User:desk",
]  # fmt: skip
WANTED = st.dictionaries(st.sampled_from(NAMES), st.none() | TEXTS, max_size=8)
TYPED = {"value": TEXTS, "type": st.sampled_from(["work", "HOME", "x"])}
ENTRIES = st.lists(st.fixed_dictionaries(TYPED, optional={"primary": st.booleans()}), min_size=1, max_size=3)
RESOURCES = st.fixed_dictionaries(
    {"schemas": st.just([USER]), "userName": TEXTS},
    optional={
        "title": TEXTS,
        "name": st.dictionaries(
            st.sampled_from(["givenName", "familyName", "middleName"]), TEXTS, min_size=1
        ),
        "emails": ENTRIES,
        "phoneNumbers": ENTRIES,
        "addresses": st.lists(st.just({"type": "work", "locality": "Köln"}), min_size=1, max_size=1),
        ENTERPRISE: st.fixed_dictionaries({"division": TEXTS}, optional={"manager": st.just({"value": "m"})}),
        "nickName": TEXTS,
    },
)


def test_every_listed_attribute_is_known() -> None:
    """Each name that is offered can be used for its kind."""
    for kind in Kind:
        for name in attributes(kind):
            assert check_attribute(name) is None
            assert name == "members" or resolve(kind, name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("jobTitle", "SCIM has no attribute 'jobTitle'"),
        ("emails.wrok", None),
        ("username", "did you mean 'userName'?"),
        ("name.first", "SCIM has no attribute 'name.first'"),
        ("emails", "SCIM has no attribute 'emails'"),
        ("addresses.work", "SCIM has no attribute 'addresses.work'"),
        (f"{USER}:title", "SCIM has no attribute"),
        (f"{ENTERPRISE}:department", None),
        ("urn:example:hr:2.0:User:desk.floor", None),
    ],
)
def test_attribute_names(name: str, text: str | None) -> None:
    """Unknown names are told with the nearest known one; types of entries and extensions are free."""
    problem = check_attribute(name)
    assert problem is None if text is None else text in str(problem)


def test_a_name_of_the_other_kind() -> None:
    """A name that only people have cannot be used for a team."""
    with pytest.raises(RecordRejected, match="a team has no SCIM attribute 'title'"):
        slots(Kind.TEAM, {"title": "x"})


@pytest.mark.parametrize(("said", "gives"), [(1, True), (0, False), ("1", True), ("0", False), (2, None)])
def test_active_as_a_number(said: object, gives: object) -> None:
    """A server that keeps `active` as 0 and 1 == understood; anything else says nothing."""
    assert is_open({"active": said}) is gives


def test_active_is_a_boolean() -> None:
    """Text for `active` is sent as the boolean it means, and refused when it means none."""
    assert slots(Kind.PERSON, {"active": "False"}) == {Slot("active"): False}
    with pytest.raises(RecordRejected, match="active must be true or false"):
        slots(Kind.PERSON, {"active": "maybe"})


def test_an_empty_text_is_no_value() -> None:
    """An empty text clears, as null does, and is not part of a new resource."""
    wanted = slots(Kind.PERSON, {"userName": "a", "title": "", "department": None})
    assert new_resource(Kind.PERSON, wanted) == {"schemas": [USER], "userName": "a"}


def test_a_new_resource() -> None:
    """Lists, sub-attributes and extensions stand where RFC 7643 has them."""
    wanted = {
        "emails.home": "h@example.org", "emails.work": "w@example.org", "phoneNumbers.mobile": "+49",
        "name.givenName": "Ana", "addresses.work.locality": "Köln", "addresses.work.country": "DE",
        "manager": "m1", "employeeNumber": 12,
    }  # fmt: skip
    assert new_resource(Kind.PERSON, slots(Kind.PERSON, wanted)) == {
        "schemas": [USER, ENTERPRISE],
        "emails": [
            {"type": "home", "value": "h@example.org", "primary": True},
            {"type": "work", "value": "w@example.org"},
        ],
        "phoneNumbers": [{"type": "mobile", "value": "+49"}],
        "name": {"givenName": "Ana"},
        "addresses": [{"type": "work", "locality": "Köln", "country": "DE"}],
        ENTERPRISE: {"manager": {"value": "m1"}, "employeeNumber": "12"},
    }


@pytest.mark.parametrize(
    ("name", "have", "want", "equal"),
    [
        ("userName", "ANA@x.org", "ana@x.org", True),
        ("emails.work", " Ana@X.org", "ana@x.org", True),
        ("phoneNumbers.work", "tel:+49-30-123", "+49 30 123", True),
        ("phoneNumbers.work", "+49 30 124", "+49 30 123", False),
        ("title", "buyer", "Buyer", False),
        ("employeeNumber", 12, "12", True),
        ("active", "False", False, True),
        ("active", "yes", True, False),
        ("active", None, False, False),
        ("manager", {"value": "m", "$ref": "x"}, {"value": "m"}, True),
        ("manager", {"managerId": "m"}, "m", True),
        ("manager", "m", {"value": "n"}, False),
        ("title", "", None, True),
        ("title", "x", None, False),
    ],
)
def test_same(name: str, have: Any, want: Any, equal: bool) -> None:
    """Values are compared as SCIM means them: names exactly, keys and addresses in any letter case."""
    assert same(resolve(Kind.PERSON, name), have, want) is equal


def test_attribute_names_in_any_case() -> None:
    """A server's own spelling of names and URNs is read, and kept when a value is changed."""
    current = {
        "schemas": [USER],
        "username": "a",
        ENTERPRISE.lower(): {"Department": "Sales", "division": "D"},
    }
    wanted = slots(Kind.PERSON, {"userName": "a", "department": "IT"})
    change = difference(Kind.PERSON, current, wanted)
    assert change.changed == (Slot("department", ENTERPRISE),)
    assert change.merged == {**current, ENTERPRISE.lower(): {"Department": "IT", "division": "D"}}


@given(RESOURCES, WANTED)
def test_a_difference_is_whole_and_least(current: dict[str, Any], wanted: dict[str, str | None]) -> None:
    """After a change everything wanted is there, nothing differs any more, and the rest is as it was."""
    before = copy.deepcopy(current)
    places = slots(Kind.PERSON, wanted)
    change = difference(Kind.PERSON, current, places)
    assert current == before
    assert all(holds(change.merged, slot, value) for slot, value in places.items())
    assert not difference(Kind.PERSON, change.merged, places)
    touched = {slot.name for slot in change.changed} | ({"manager"} if wanted.get("manager") else set())
    for name in ("title", "nickName", "name", "emails", "phoneNumbers", "addresses"):
        assert name in touched or change.merged.get(name) == before.get(name)
    assert (change.merged.get(ENTERPRISE) or {}).get("division") == before.get(ENTERPRISE, {}).get("division")


@given(RESOURCES, WANTED.map(lambda wanted: {**wanted, "userName": "someone"}))
def test_patch_put_and_flat_agree(current: dict[str, Any], wanted: dict[str, str | None]) -> None:
    """PATCH operations, a PUT and a flat PATCH bring a resource to the same state."""
    places = slots(Kind.PERSON, wanted)
    change = difference(Kind.PERSON, current, places)
    if not change:
        return
    (patch,), (flat,) = list(change.patches(100)), list(change.flat(100))
    for result in (apply(current, patch), apply_flat(current, flat), change.replacement()):
        for slot in places:
            assert read(result, slot) == read(change.merged, slot)


def test_the_primary_of_several() -> None:
    """Of several entries of our type the primary one is changed, and none when one says it already."""
    entries = [{"type": "work", "value": "a"}, {"type": "work", "value": "b", "primary": True}]
    current = {"schemas": [USER], "emails": entries}
    change = difference(Kind.PERSON, current, slots(Kind.PERSON, {"emails.work": "c"}))
    assert change.merged["emails"] == [entries[0], {"type": "work", "value": "c", "primary": True}]
    assert not difference(Kind.PERSON, current, slots(Kind.PERSON, {"emails.work": "a"}))


def test_settings() -> None:
    """The settings have safe defaults, and base_url loses its last slash."""
    given = {"kind": "scim", "base_url": "https://example.com/scim/v2/", "token": "secret-token"}
    settings = ADAPTER.settings.model_validate(given)
    assert isinstance(settings, ScimSettings)
    assert (settings.patch, settings.manager_form, settings.members_listed) == ("auto", "object", True)
    assert settings.base_url == "https://example.com/scim/v2"
    assert "secret-token" not in repr(settings)
