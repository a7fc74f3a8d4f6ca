"""The page for administrators says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from pydantic_core import PydanticUndefined

from tests.workers.targets.entra_server import REVOKE, EntraServer
from tests.workers.targets.entra_uploads_rig import ROLES
from workers.targets.entra.attributes import check_attribute
from workers.targets.entra.permissions import DELETION, GROUPS, JOBS, LOGS, PEOPLE, READERS, SESSIONS, UPLOADS
from workers.targets.entra.record import OWN, PLACES
from workers.targets.entra.target import ADAPTER, EntraSettings

PAGE = (Path(__file__).parents[3] / "docs" / "targets" / "entra.md").read_text("utf-8")
UPLOADED = PAGE.partition("## Through a provisioning job")[2].partition("## Limits")[0]


def test_the_default_mapping_is_documented() -> None:
    """The tables of the page are the default mapping, row by row, with what is required."""
    part = PAGE.partition("## Default mapping")[2].partition("## Through a provisioning job")[0]
    rows = re.findall(r"^\| `(\w+)`( \(required\))? \| `([^|]+)` \|$", part, re.MULTILINE)
    mapping = ADAPTER.mapping
    expected = [
        (name, " (required)" if name in mapping["required"][kind] else "", expression)
        for kind in ("person", "team")
        for name, expression in mapping[kind].items()
    ]
    assert rows == expected


def test_the_settings_are_documented() -> None:
    """Every setting that Entra ID adds has a row with its default, and there is no other row."""
    part = PAGE.partition("## Settings")[2].partition("## Default mapping")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|(?: `([^`]+)`)? \|", part, re.MULTILINE))
    own = {name for name in EntraSettings.__annotations__ if name in EntraSettings.model_fields}
    assert rows.keys() == own
    for name in own:
        default = EntraSettings.model_fields[name].default
        text = "" if default is PydanticUndefined else default
        assert rows[name] == (text if isinstance(text, str) else json.dumps(text)), name


def test_the_permissions_are_documented() -> None:
    """The page names just the permissions that are asked for, and the made-up tenant grants them."""
    part = PAGE.partition("| for | application permission")[2].partition("Nothing else is needed")[0]
    named = set(re.findall(r"`(\w+\.\w+\.All)`", part))
    assert named == {need.any_of[0] for need in (PEOPLE, SESSIONS, GROUPS)} == EntraServer().roles
    assert named >= REVOKE


def test_the_permissions_for_uploads_are_documented() -> None:
    """The page names just those that uploads ask for, and the made-up tenant grants what is needed always."""
    part = UPLOADED.partition("| for | application permission")[2].partition("`check` tells")[0]
    named = set(re.findall(r"`([\w-]+\.\w+(?:\.All)?)`", part)) - {"groups.from"}
    assert named == {need.any_of[0] for need in (READERS, UPLOADS, LOGS, SESSIONS, GROUPS, DELETION, JOBS)}
    assert named - {"User.DeleteRestore.All", "Synchronization.Read.All"} == ROLES


def test_where_attributes_stand_is_documented() -> None:
    """The table of uploads names each attribute that has a place of its own, and the schema of the others."""
    part = UPLOADED.partition("### Where attributes stand")[2].partition("### What is different")[0]
    left = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| ([^|]+) \|", part, re.MULTILINE))))
    assert left == {*PLACES, "kenjoId", "manager"}
    assert OWN in part


def test_what_a_map_can_name_is_documented() -> None:
    """The attributes that the page offers beyond the mapping are known."""
    part = PAGE.partition("Other attributes that a `map` can name:")[2].partition("An empty value")[0]
    names = re.findall(r"`(\w+)`", part)
    assert len(names) > 10
    assert [check_attribute(name) for name in names] == [None] * len(names)


def test_the_examples_can_be_read() -> None:
    """Each example is YAML, and the first and the last are targets as settings take them."""
    found = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    first, second, third = (yaml.safe_load(text) for text in found)
    assert EntraSettings.model_validate(first["targets"]["entra"]).kind == "entra"
    assert EntraSettings.model_validate(third["targets"]["entra"]).uploads
    assert [check_attribute(name) for name in second["map"]] == [None, None]
