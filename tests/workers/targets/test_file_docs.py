"""The page for administrators says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.config.configuration import target_settings
from bridge.config.settings import AnyTarget, BridgeSettings
from bridge.model import Key, Kind, Record
from workers.connect import routes
from workers.targets.file.layout import Layout
from workers.targets.file.layouts import render
from workers.targets.file.settings import FileSettings
from workers.targets.file.target import ADAPTER

PAGE = (Path(__file__).parents[3] / "docs" / "targets" / "file.md").read_text("utf-8")
COMMON = {"groups", "rate", "concurrency", "changes_nothing", "url_setting"}
"""What all targets have, with another value here."""
SAMPLES = [
    yaml.load(text, yaml.BaseLoader)["targets"]  # noqa: S506 - it makes texts only
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]


def test_the_default_mapping_is_documented() -> None:
    """The table of the page is the default mapping, row by row."""
    rows = re.findall(r"^\| `(\w+)` \| `(person\.[^|]+)` \|$", PAGE, re.MULTILINE)
    assert rows == list(ADAPTER.mapping[Kind.PERSON].items())


def test_the_settings_are_documented() -> None:
    """Every setting that a file adds has a row with its default."""
    rows = dict(re.findall(r"^\| `(\w+)` \|(?: `([^`]+)`)? \| (?!`person)", PAGE, re.MULTILINE))
    own = {*Layout.__annotations__, *FileSettings.__annotations__} - COMMON
    for name in own - {"path"}:
        default = FileSettings.model_fields[name].get_default(call_default_factory=True)
        assert rows.pop(name) == (default if isinstance(default, str) else json.dumps(default))
    assert rows == {"path": ""}


def sample(number: int) -> FileSettings:
    """The settings of one of the page's samples; its secret is made up."""
    ((name, given),) = SAMPLES[number].items()
    if "host_key" in given:
        given = {**given, "host_key": given["host_key"].replace("...", ""), "private_key": "x"}
    return target_settings(name, AnyTarget.model_validate(given), FileSettings, None)


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_the_samples_are_settings(number: int) -> None:
    """Each sample of the page is taken."""
    assert sample(number).kind == "file"


def test_the_sample_for_lodas() -> None:
    """A made-up person in the sample for LODAS == the lines that its importers read."""
    settings = sample(len(SAMPLES) - 1)
    route = routes(BridgeSettings.model_validate({"targets": {"lodas": SAMPLES[-1]["lodas"]}}))["lodas"]
    work: dict[str, Any] = {"employeeNumber": "00001", "contractEnd": "2026-03-31"}
    personal = {"firstName": "Jürgen", "lastName": "Groß"}
    data = {"id": "a", "lifecycle": "active", "work": work, "personal": personal}
    row = route.map(Record(Key(Kind.PERSON, "a"), data))
    text = render([row], settings).decode("cp1252")
    assert text.startswith("[Allgemein]\r\nZiel=LODAS\r\n")
    assert text.endswith('[Stammdaten]\r\n100;"00001";"Groß";"Jürgen";31.03.2026\r\n')
