"""`mapping`, and which personal fields go where."""

from __future__ import annotations

from typing import Any

import yaml
from typer.testing import CliRunner

from bridge.config.settings import BridgeSettings
from service.cli.app import app
from service.cli.registered import operating
from service.operations.flows import PROTECTED, SCOPE, Flow, flows, record_of_processing, summary
from service.operations.mapping import default_mapping
from workers.connect import routes
from workers.targets import kinds, load

URL = "https://example.com/scim/v2"


def values(protected: tuple[str, ...] = (), **target: Any) -> BridgeSettings:
    given = {"kind": "scim", "base_url": URL, "token": "x", **target}
    return BridgeSettings.model_validate({"targets": {"d": given}, "protected": protected})


def test_mapping_prints_what_is_used() -> None:
    """The printed YAML of each kind == the default mapping, with remarks on what is required."""
    for kind in kinds():
        text = default_mapping(kind)
        mapping = load(kind).mapping
        assert (yaml.safe_load(text) or {}) == {
            name: mapping[name] for name in ("person", "team") if name in mapping
        }
    assert "userName: person.account.email  # required" in default_mapping("scim")


def test_mapping_command() -> None:
    """`kenjo-bridge mapping scim` == that text, with the kind left out too."""
    assert operating.mapping.__name__ in {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
    for arguments in (["mapping"], ["mapping", "scim"]):
        assert CliRunner().invoke(app, arguments).output == default_mapping("scim")


def test_flows_name_every_mapped_field() -> None:
    """Each field of a person in map, scope and protected == a flow to its target; nothing else is one."""
    compiled = routes(
        values(
            ("person.home.personalEmail == 'x'",),
            scope='person.work.office == "Berlin"',
            map={"nickName": "person.personal.firstName + person.work.c_desk", "title": None},
        )
    )
    found = flows(compiled)
    assert Flow("d", URL, "person.work.c_desk", "work", "nickName") in found
    assert Flow("d", URL, "person.personal.firstName", "personal", "nickName") in found
    assert Flow("d", URL, "person.work.office", "work", SCOPE) in found
    assert Flow("d", URL, "person.home.personalEmail", "home", PROTECTED) in found
    assert "title" not in {flow.attribute for flow in found}
    assert {flow.field for flow in found if flow.field.startswith("person.")} >= {
        ".".join(path) for path in compiled["d"].fields if path[0] == "person"
    }


def test_summary_is_a_line() -> None:
    """What `check` says: the address, each field once with all its attributes; the scope is not sent."""
    line = summary(routes(values(scope='person.home.maritalStatus == "x"'))["d"])
    assert line.startswith(f"personal data to {URL}: ")
    assert "person.account.email -> emails.work, userName" in line
    assert "person.work.teams -> members (of a group)" in line
    assert "maritalStatus" not in line
    assert "members" not in summary(routes(values(groups={"from": []}))["d"])


def test_record_of_processing() -> None:
    """The Markdown table == a row per flow with six cells, bars in names escaped."""
    compiled = routes(values())
    lines = record_of_processing(compiled).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == len(flows(compiled)) + 2
    assert {line.count("|") for line in table} == {7}
    assert (
        f"| person.account.email | account | d | {URL} | userName | Keep the user account equal to Kenjo |"
        in table
    )
