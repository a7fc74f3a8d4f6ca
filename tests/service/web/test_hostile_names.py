"""Names that would act on a terminal, or turn a line about: what the API and the pages show is harmless."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from bridge.config.notice_settings import NoticeSettings
from bridge.printable import visible
from service.operations.notices import text_of
from tests.service.cli.test_hostile_output import HOSTILE, plant, refusing
from tests.service.operated import Operator
from tests.service.web.asking import WEB, asking
from tests.service.web.served import pages


def harmless(text: str) -> bool:
    return all(visible(line) == line for line in text.split("\n"))


async def test_answers_of_the_api(operator: Operator) -> None:
    """Hostile names, answers and addresses == nothing acts where somebody asks with curl; values stay."""
    person = await hostile(operator)
    operator.here.config["web"] = WEB
    async with operator.bridge() as bridge, asking(bridge) as program:
        seen = {path: (await program("GET", path)).text for path in paths(person)}
        for path in ("/people/%1b%e2%80%ae", "/nowhere%1b%e2%80%ae"):
            seen[path] = (await program("GET", path)).text
    assert not [path for path, text in seen.items() if not harmless(text)]
    assert HOSTILE in json.loads(seen[f"/people/{person}"])["name"]


async def test_pages(operator: Operator) -> None:
    """The same on the pages == names with their marks shown, so that no line around them turns about."""
    person = await hostile(operator)
    async with pages(operator) as address, aiohttp.ClientSession(address) as session:
        seen: dict[str, Any] = {}
        for path in (
            "/",
            "/people",
            f"/people/{person}",
            "/groups",
            "/decide",
            "/history",
            "/people?q=%1b%e2%80%ae",
        ):
            async with session.get(path) as answer:
                seen[path] = await answer.text()
    assert not [path for path, text in seen.items() if not harmless(text)]
    assert "\\u202e" in seen["/people"]


def test_notices() -> None:
    """A target's words in a notice == one line."""
    assert text_of([f"directory takes nothing now: {HOSTILE}"], NoticeSettings()).count("\n") == 0


def paths(person: str) -> tuple[str, ...]:
    return ("/people", f"/people/{person}", "/groups", "/failures", "/holds", "/plan", "/audit", "/overview")


async def hostile(operator: Operator) -> str:
    """A company of hostile names, whose changes are refused in hostile words; one person's id."""
    person = plant(operator)
    operator.here.proxy.fail_always(refusing)
    await operator.sync(patience=1.0)
    return person
