"""The page for administrators says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from workers.targets.scim.target import ADAPTER, ScimSettings, check_attribute

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


def test_settings_of_the_table_of_products_exist() -> None:
    """What the page advises to set are settings, and attributes, that there are."""
    advised = re.findall(
        r"`(\w+): ", PAGE.partition("## Known differences")[2].partition("Without a setting")[0]
    )
    assert advised
    assert set(advised) <= set(ScimSettings.model_fields)
    assert check_attribute("phoneNumbers.mobile") is None
