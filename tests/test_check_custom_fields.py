"""`check` and custom fields, against a Kenjo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.world import World, world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as ready:
        yield ready


async def test_a_misspelt_custom_field(here: World) -> None:
    """A custom field that Kenjo has not == a problem with the list of labels and names; the others pass."""
    (name, *_) = [field["apiName"] for field in here.sandbox.account.tables["custom-fields"].values()]
    target = here.config["targets"]["directory"]
    target["map"] = {"nickName": f"person.work.{name}", "userType": f"person.work.{name}x"}
    done = await here.run("check", "--json")
    assert done.code == 3
    (kenjo,) = [finding for finding in done.json if finding["part"] == "kenjo"]
    (problem,) = kenjo["problems"]
    assert f"person.work.{name}x is no custom field in Kenjo; did you mean {name}?" in problem
    assert f"-> {name}" in problem


async def test_a_key_without_the_permission(here: World) -> None:
    """The key may not read the list of custom fields == not checked, and that is said; no problem."""
    target = here.config["targets"]["directory"]
    target["map"] = {"nickName": "person.work.c_unheard"}
    here.sandbox.faults.add("status", "/custom-fields", status=403)
    done = await here.run("check", "--json")
    (kenjo,) = [finding for finding in done.json if finding["part"] == "kenjo"]
    assert (done.code, kenjo["problems"]) == (0, [])
    assert any(fact.startswith("custom fields: not checked") for fact in kenjo["facts"])
