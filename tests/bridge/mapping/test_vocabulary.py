"""Names in expressions that do not exist are found at the start."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.mapping.environment import Environment
from bridge.mapping.expressions import Expression
from bridge.mapping.vocabulary import FIELDS, custom_fields, problems
from service.kenjo.fields import LOOKED_UP, SECTIONS
from workers.connect import routes
from workers.targets import kinds, load

ENVIRONMENT = Environment({"locations": {}})


def said(source: str) -> list[str]:
    return list(problems(Expression(source, "targets.directory.scope"), ENVIRONMENT))


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("person.work.departmint", "person.work.department"),
        ("person.work.firstName", "person.personal.firstName"),
        ("person.work.jobtitle", "person.work.jobTitle"),
        ("person.acount.email", "person.account.email"),
        ("person.work.manager.acount.email", "person.work.manager.account.email"),
        ("person.work.manager.work.jobtitle", "person.work.manager.work.jobTitle"),
        ("team.nam", "team.name"),
    ],
)
def test_a_misspelt_field_names_the_nearest(path: str, nearest: str) -> None:
    """A field that nobody has == one sentence with its place and the field that was probably meant."""
    (sentence,) = said(f'{path} == "Sales"')
    assert sentence.startswith(f"targets.directory.scope uses {path}; did you mean {nearest}?")


@pytest.mark.parametrize(
    "source",
    [
        'person.work["departmint"] == ""',  # in brackets nothing is checked
        'person.work.c_shoe == ""',  # only Kenjo knows
        'person.work.jobTitle.size() > 1 && person.work.manager.id != ""',
        "person.work.contractEnd < today",
        'lookup("locations", person.work.office) == ""',
        '"person.work.departmint" == ""',
        "size(team.members) > 1",
    ],
)
def test_what_may_be_named(source: str) -> None:
    """Documented, made, custom and bracketed fields == nothing to say."""
    assert said(source) == []


def test_an_unknown_field_can_be_written_in_brackets() -> None:
    """Nothing is near == how to write a field that an account has beyond the reference."""
    (sentence,) = said("person.home.zzz == 1")
    assert "Kenjo's reference does not know" in sentence
    assert 'person.home["zzz"]' in sentence


def test_an_unknown_function_names_all() -> None:
    """A function that there is not == the nearest one and the list."""
    (sentence,) = said('lowr(person.id) == "a"')
    assert "calls lowr(); did you mean lower()?; there is: addDays, " in sentence
    assert "startsWith" in sentence


@pytest.mark.parametrize("call", ['lookup("cities", person.id)', "lookup('cities', person.id)"])
def test_an_unknown_table_is_named(call: str) -> None:
    """A table that the setting lookups has not == both names."""
    assert said(call) == [
        "targets.directory.scope looks up in 'cities', but the setting lookups has only: locations"
    ]


@pytest.mark.parametrize("source", [
    "size('a')", "'a'.contains('a')", "'a'.startsWith('a')", "'a'.endsWith('a')", "'a'.matches('a')",
    "int('1')", "uint('1')", "double('1')", "string(1)", "bytes('a')",
    "timestamp('2026-01-01T00:00:00Z').getFullYear()",
    "duration('1h').getHours()", "type(1)", "dyn(1)", "[1].exists(a, a in [1]) && has({'a': 1}.a)",
])  # fmt: skip
def test_cels_own_functions_are_known(source: str) -> None:
    """What CEL has itself == nothing to say."""
    assert said(source) == []


def test_every_section_is_known() -> None:
    """The sections whose lists are read == those with known fields, made fields included."""
    assert FIELDS.keys() == SECTIONS.keys()
    assert LOOKED_UP.keys() <= FIELDS["work"]


def test_default_mappings_name_what_exists() -> None:
    """Every kind's default mapping == nothing to say."""
    for kind in kinds():
        mapping = load(kind).mapping
        for source in (*mapping.get("person", {}).values(), *mapping.get("team", {}).values()):
            assert said(source) == []


def test_custom_fields_in_use() -> None:
    """c_ fields of a person and of a manager == named with their section; others are not."""
    paths = [("person", "work", "c_a"), ("person", "work", "manager", "home", "c_b"), ("person", "work", "x")]
    assert custom_fields([*paths, ("team", "c_no")]) == {("work", "c_a"), ("home", "c_b")}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"scope": 'person.work.departmint == ""'},
            "targets.d.scope uses person.work.departmint; did you mean",
        ),
        (
            {"map": {"title": "person.work.jobtitle"}},
            "targets.d.map.title uses person.work.jobtitle; did you mean",
        ),
        ({"map": {"title": "lowr(person.id)"}}, "targets.d.map.title calls lowr()"),
    ],
)
def test_a_start_is_refused(settings: dict[str, Any], words: str) -> None:
    """A misspelt name in scope, map == ConfigurationError before anything is read."""
    target = {"kind": "scim", "base_url": "https://example.com", "token": "x", **settings}
    with pytest.raises(ConfigurationError) as caught:
        routes(BridgeSettings.model_validate({"targets": {"d": target}}))
    assert words in str(caught.value)


def test_protected_is_checked_too() -> None:
    """A misspelt name in `protected` == ConfigurationError."""
    target = {"kind": "scim", "base_url": "https://example.com", "token": "x"}
    values = {"targets": {"d": target}, "protected": ["person.work.departmint == 'x'"]}
    with pytest.raises(ConfigurationError, match=r"protected uses person\.work\.departmint"):
        routes(BridgeSettings.model_validate(values))
