"""Every recipe of docs/recipes.md is carried out on the people of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.config.settings import BridgeSettings
from bridge.model import Key, Kind, Record, Stored
from workers.connect import routes

PAGE = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text(encoding="utf-8")
_RECIPE = r"^## (\d+)\. .+?\n\n```yaml\n(.*?)^```\n\n(.*?)(?=^## |\Z)"
RECIPES = re.findall(_RECIPE, PAGE, re.MULTILINE | re.DOTALL)
TODAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGET = {"kind": "scim", "base_url": "https://example.com/scim/v2", "token": "secret"}


def cells(text: str) -> Iterator[dict[str, str]]:
    """The rows of the table in a text, each by the names of its columns."""
    lines = [
        [cell.strip("` ") for cell in line[1:-1].split("|")] for line in text.splitlines() if line[:1] == "|"
    ]
    for line in lines[2:]:
        yield dict(zip(lines[0], line, strict=True))


def person(row: dict[str, str]) -> Record:
    """One of the people of the page, as a record with all that recipes use."""
    given = {name: cell or None for name, cell in row.items()}
    id_ = row["who"].lower()
    data = {
        "id": id_,
        "lifecycle": "active",
        "account": {"email": f"{id_}@example.com", "language": "de", "isActive": True},
        "personal": {
            "firstName": given["first name"],
            "lastName": given["last name"],
            "displayName": f"{row['first name']} {row['last name']}",
        },
        "work": {
            "jobTitle": given["job title"],
            "department": given["department"],
            "company": None,
            "office": given["office"],
            "startDate": given["start"],
            "contractEnd": given["end"],
            "weeklyHours": float(row["hours"]) if "." in row["hours"] else int(row["hours"]),
            "employeeNumber": given["number"],
            "workMobile": given["mobile"],
            "workPhone": None,
            "reportsToId": None,
            "manager": {"id": "b", "account": {"email": given["manager"]}} if given["manager"] else None,
        },
    }
    return Record(Key(Kind.PERSON, id_), data)


PEOPLE = {row["who"]: person(row) for row in cells(PAGE.partition("## 1.")[0])}


def expected() -> list[tuple[str, str, dict[str, str]]]:
    return [(number, block, row) for number, block, rest in RECIPES for row in cells(rest)]


def test_every_recipe_is_found() -> None:
    """As many recipes as headings, each with somebody for whom it is carried out."""
    assert [number for number, _, _ in RECIPES] == re.findall(r"^## (\d+)\.", PAGE, re.MULTILINE)
    assert len(RECIPES) >= 20
    assert {number for number, _, _ in expected()} == {number for number, _, _ in RECIPES}
    assert PAGE.count("```yaml") == len(RECIPES)


@pytest.mark.parametrize(("number", "block", "row"), expected())
def test_recipe_gives_what_the_page_says(number: str, block: str, row: dict[str, str]) -> None:
    """The block, laid over a SCIM target's mapping == the row's values for that person."""
    given = yaml.safe_load(block)
    top = {"lookups": given.pop("lookups")} if "lookups" in given else {}
    values = BridgeSettings.model_validate({**top, "targets": {"directory": {**TARGET, **given}}})
    route = routes(values, lambda: TODAY)["directory"]
    record = PEOPLE[row["who"]]
    mapped: dict[str, Any] = route.map(record)
    for attribute, cell in list(row.items())[1:]:
        if cell == "left out":
            assert attribute not in mapped, number
        elif attribute.startswith("choices for "):
            choices = route.unique.values(record, attribute.removeprefix("choices for `"))
            assert list(islice(choices, len(json.loads(cell)))) == json.loads(cell), number
        elif attribute == "scope":
            assert (route.unserved(Stored(record, 1)) == "") is json.loads(cell), number
        else:
            assert mapped[attribute] == json.loads(cell), number
