"""Every example of docs/mapping.md is run."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.config.settings import BridgeSettings
from bridge.mapping import bounds, dates, expressions, latin, patterns
from bridge.mapping.environment import Environment
from bridge.mapping.expressions import Expression, context
from bridge.mapping.functions import functions
from bridge.mapping.vocabulary import FIELDS, problems
from bridge.model import Key, Kind, Record
from workers.connect import routes

PAGE = (Path(__file__).parents[1] / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ROWS = re.findall(r"^\| [^|`]*(?:`\w+`[^|]*)?\| `(.+)` \| `(.+)` \|$", PAGE, re.MULTILINE)
PERSON = Record(
    Key(Kind.PERSON, "a"),
    {
        "id": "a",
        "lifecycle": "active",
        "account": {"email": "juergen@example.com"},
        "personal": {"firstName": "Jürgen", "lastName": "Groß"},
        "work": {
            "jobTitle": "Buyer",
            "department": "Purchasing",
            "office": "Berlin",
            "teams": ["Blue", "Red"],
            "startDate": "2026-01-15",
            "workPhone": "+49 30 1",
            "workMobile": None,
            "c_ShirtSize": "L",
        },
    },
)
ENVIRONMENT = Environment(
    {"locations": {"Berlin": "BER", "Madrid": "MAD"}}, clock=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
)


def tables() -> list[tuple[str, Any]]:
    return [(source, json.loads(result)) for source, result in ROWS]


def test_every_example_is_found() -> None:
    """The page has as many rows with a result as it looks like, and nine blocks of YAML."""
    looks = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count(" | ") == 2]
    heads = [line for line in looks if line.endswith("| result |")]
    assert len(ROWS) == len(looks) - len(heads) == 58
    assert len(BLOCKS) == PAGE.count("```yaml") == 9


@pytest.mark.parametrize(("source", "result"), tables())
def test_example_gives_what_the_page_says(source: str, result: Any) -> None:
    """Each expression in a table == the result beside it, and names only what exists."""
    expression = Expression(source, "docs")
    assert expression.evaluate(context(PERSON, ENVIRONMENT)) == result
    assert list(problems(expression, ENVIRONMENT)) == []


@pytest.mark.parametrize("block", BLOCKS)
def test_block_is_a_configuration(block: str) -> None:
    """Each block of YAML == settings that are accepted; its expressions name only what exists."""
    values = BridgeSettings.model_validate(yaml.safe_load(block))
    assert values.model_fields_set
    for route in routes(values).values():
        for expression in route.expressions:
            assert list(problems(expression, ENVIRONMENT)) == []


def test_every_field_and_function_is_on_the_page() -> None:
    """The fields of work, account and personal, and all functions == named on the page."""
    words = set(re.findall(r"`(\w+)`", PAGE)) | set(re.findall(r"`person\.(\w+)\.`", PAGE))
    assert words >= FIELDS["work"] | FIELDS["account"] | FIELDS["personal"] | FIELDS.keys()
    assert words >= functions({}).keys()


def test_every_part_of_a_date_is_on_the_page() -> None:
    """The fields of patterns, each beside what it makes of today == the table; so are all languages."""
    rows = re.findall(r"^\| (?:year|quarter|month|day of the \w+) \| (.+) \|$", PAGE, re.MULTILINE)
    written = dict(re.findall(r"`(\w+)` (\w+)", ", ".join(rows)))
    assert written == {name: dates.format_date("2026-03-01", name) for name in dates.FIELDS}
    assert {language for language in latin.RULES if language != "de"} <= set(re.findall(r"`(\w\w)`", PAGE))


def test_limits_are_what_the_page_says() -> None:
    """The numbers in the last section == the limits."""
    last = PAGE.rpartition("## ")[2]
    for number in (expressions.MAX_LENGTH, bounds.MAX_RESULT, patterns.LONGEST):
        assert f"{number:,}" in last
    for number, what in (
        (bounds.MAX_LOOPS, "loops"),
        (bounds.MAX_DEPTH, "inside"),
        (bounds.MAX_USES, "uses"),
    ):
        assert f"{number} {what}" in last
    assert 3000**2 <= bounds.MAX_STEPS < 3200**2
