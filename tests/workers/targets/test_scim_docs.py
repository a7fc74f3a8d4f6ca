"""The page for administrators says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from workers.targets.scim.presets import Preset, presets
from workers.targets.scim.target import ADAPTER, ScimSettings

PAGE = (Path(__file__).parents[3] / "docs" / "targets" / "scim.md").read_text("utf-8")


def test_the_default_mapping_is_documented() -> None:
    """The tables of the page are the default mapping, row by row, with what is required."""
    rows = re.findall(r"^\| `([\w.]+)`( \(required\))? \| `([^|]+)` \|$", PAGE, re.MULTILINE)
    mapping = ADAPTER.mapping
    expected = [
        (name, " (required)" if name in mapping["required"][kind] else "", expression)
        for kind in ("person", "team")
        for name, expression in mapping[kind].items()
    ]
    assert rows == expected


def test_the_settings_are_documented() -> None:
    """Every setting that SCIM adds has a row with its default."""
    rows = dict(re.findall(r"^\| `(\w+)` \|(?: `([^`]+)`)? \| (?!`person|`team)", PAGE, re.MULTILINE))
    own = {
        name: field
        for name, field in ScimSettings.model_fields.items()
        if name in ScimSettings.__annotations__
    }
    for name, field in own.items():
        default = field.default if isinstance(field.default, str) else json.dumps(field.default)
        assert rows.pop(name) == default
    assert rows == {"base_url": "", "token": ""}


def test_the_table_of_products_is_what_is_known_of_them() -> None:
    """A row for each preset: its facts, what they set, and links to the pages that say so."""
    table = PAGE.partition("## Products")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert rows == [_row(name, one) for name, one in presets().items()]


def _row(name: str, one: Preset) -> str:
    facts = " ".join(fact.says for fact in one.facts)
    settings = ", ".join(_setting(*pair) for pair in one.settings.items())
    pages = dict.fromkeys(fact.source for fact in one.facts)
    links = " ".join(f"[{number}]({page})" for number, page in enumerate(pages, start=1))
    return f"| {one.product} | `{name}` | {facts} | {settings} | {links} |"


def _setting(name: str, value: Any) -> str:
    text = yaml.safe_dump({name: value}, default_flow_style=True, width=1000, sort_keys=False)
    return f"`{text.strip()[1:-1]}`"
