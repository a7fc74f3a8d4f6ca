"""The page about profiles says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.workers.targets.rest_words import tables
from workers.targets.rest import loading
from workers.targets.rest.calling import VARIABLES
from workers.targets.rest.settings import RestSettings

PAGE = (Path(__file__).parents[3] / "docs" / "targets" / "rest.md").read_text("utf-8")


def test_every_word_is_documented() -> None:
    """The tables of words are those of the models (tests.workers.targets.rest_words prints them)."""
    assert tables() in PAGE


def test_every_variable_is_documented() -> None:
    """The table of variables is what expressions can use."""
    for where, names in VARIABLES.items():
        assert f"| `{where}` | {', '.join(f'`{name}`' for name in names)} |" in PAGE


@pytest.mark.parametrize("name", loading.built_in())
def test_built_in_profiles_are_documented(name: str) -> None:
    """Each built-in profile has a row, an example, and a table of its attributes and default mapping."""
    profile, _ = loading.load(name)
    section = PAGE.partition(f"\n## {profile.title}\n")[2].partition("\n## ")[0]
    assert f"profile: {name}" in section
    assert f"| `{name}` |" in PAGE
    rows = re.findall(r"^\| `([\w.*]+)`( \(required\))? \| (?:`([^`]+)`)? ?\|$", section, re.MULTILINE)
    assert rows == [
        (name, " (required)" if one.required else "", one.map or "")
        for name, one in profile.people.attributes.items()
    ]
    for word in (*profile.settings, *profile.secrets):
        assert word in section


def test_the_settings_are_documented() -> None:
    """Every setting that this kind adds has a row."""
    section = PAGE.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    own = {field.alias or name for name, field in RestSettings.model_fields.items() if name in own_names()}
    assert set(rows) == own


def own_names() -> set[str]:
    return {name for name in RestSettings.__annotations__ if not name.startswith("_")}
