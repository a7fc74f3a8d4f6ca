"""The page for administrators says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from tests.workers.targets.google_server import ADMIN
from tests.workers.targets.google_tokens import PREFIX
from workers.targets.google.attributes import check_attribute
from workers.targets.google.key import MENU
from workers.targets.google.target import ADAPTER, GoogleSettings

PAGE = (Path(__file__).parents[3] / "docs" / "targets" / "google.md").read_text("utf-8")


def test_the_default_mapping_is_documented() -> None:
    """The tables of the page are the default mapping, row by row, with what is required."""
    rows = re.findall(r"^\| `([\w.]+)`( \(required\))? \| `([^|]+)` \|$", PAGE, re.MULTILINE)
    mapping = ADAPTER.mapping
    assert rows == [
        (name, " (required)" if name in mapping["required"][kind] else "", expression)
        for kind in ("person", "team")
        for name, expression in mapping[kind].items()
    ]


def test_the_settings_are_documented() -> None:
    """Every setting of this kind has a row with its default, and no other."""
    rows = dict(re.findall(r"^\| `(\w+)` \|(?: `([^`]+)`)? \| (?!`person|`team|`slug)", PAGE, re.MULTILINE))
    own = {name: GoogleSettings.model_fields[name] for name in GoogleSettings.__annotations__}
    defaults = {
        name: ""
        if field.is_required()
        else field.default
        if isinstance(field.default, str)
        else json.dumps(field.default)
        for name, field in own.items()
        if name != "changes_nothing"
    }
    assert rows == defaults


def test_the_scopes_and_the_menu_are_those_that_are_used() -> None:
    """Whoever follows the page allows just what the settings ask for."""
    plain = GoogleSettings(kind="google", admin=ADMIN, credentials_json="{}")
    unit = plain.model_copy(update={"new_user_org_unit": "/Staff"})
    (block,) = re.findall(r"```\n( +https.*?)```", PAGE, re.DOTALL)
    assert tuple(block.replace(",", " ").split()) == plain.scopes
    assert set(re.findall(rf"{re.escape(PREFIX)}[\w.]+", PAGE)) == set(unit.scopes)
    assert f"**{MENU} > Add new**" in PAGE


def test_the_examples_are_settings() -> None:
    """Each block of YAML is a target, or a part of one, that is accepted."""
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        given = yaml.safe_load(block)
        target = (
            given["targets"]["google"] if "targets" in given else {"kind": "google", "admin": ADMIN, **given}
        )
        settings = GoogleSettings.model_validate({"credentials_file": "key.json", **target})
        assert [check_attribute(name) for name in settings.map] == [None] * len(settings.map)


def test_the_attributes_exist() -> None:
    """What the page says that a `map` can name can be named."""
    part = PAGE.partition("Other attributes that a `map` can name")[2].partition("## What it never does")[0]
    found = []
    for line in part.splitlines():
        prefix = ""
        for name in re.findall(r"`([\w.]+)`", line):
            if name.endswith("."):
                prefix = name
            elif name[0].isalpha():
                found.append(prefix + name)
    assert len(found) > 20
    assert [check_attribute(name) for name in found] == [None] * len(found)
