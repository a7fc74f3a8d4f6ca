"""What a sync ends with: what it did, where everybody stands by the words of `status`, and what waits."""

from __future__ import annotations

import io
from typing import Any

import pytest

from bridge.model import Snapshot
from bridge.store.gate import HALTED
from service.cli.sync_view import show_sync
from service.cli.terminal import Terminal
from service.operations.standing import Standing
from service.operations.status import status
from service.operations.sync import COLUMNS, SyncResult, TargetResult
from tests.service.operated import Operator

NOBODY = {standing.field: 0 for standing in Standing}


def row(**more: Any) -> TargetResult:
    """What one target came to."""
    counts = {**dict.fromkeys(COLUMNS, 0), **more.pop("counts", {})}
    people = {**NOBODY, **more.pop("people", {})}
    usual: dict[str, Any] = {"pending": 0, "state": "running", "paused": "", "reasons": {}}
    return TargetResult(counts=counts, people=people, **{**usual, **more})


def page(*rows: TargetResult, width: int = 60, **more: Any) -> list[str]:
    """The lines as they come out of a terminal so wide."""
    console = Terminal()
    console.file, console.width = io.StringIO(), width
    targets = {f"target{number}": one for number, one in enumerate(rows)}
    show_sync(console, SyncResult(Snapshot({}), 0, targets, **more))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_only_what_was_done_has_a_column() -> None:
    """Created, skipped and failed somewhere == these three, whole at 60 columns, then the five places."""
    lines = page(row(counts={"created": 1200, "skipped": 4}), row(counts={"failed": 7}), width=60)
    assert lines[0].split() == ["target", "created", "skipped", "failed"]
    assert lines[1].split() == ["target0", "1200", "4", "0"]
    assert lines[4].split("  ")[0] == "people at in step waiting held failing left out"


@pytest.mark.parametrize(
    ("one", "more", "expected"),
    [
        (row(), {}, ["nothing: everything is delivered"]),
        (row(counts={"held": 2}), {}, ["kenjo-bridge holds shows what waits for a person"]),
        (row(counts={"failed": 1}), {}, ["kenjo-bridge failures shows what fails, and why"]),
        (row(people={"failing": 1}), {}, ["kenjo-bridge failures shows what fails, and why"]),
        (row(pending=3), {}, ["kenjo-bridge sync delivers what is left"]),
        (row(others=3), {}, ["kenjo-bridge sync delivers what is left"]),
        (row(state=HALTED), {}, ["put right what target0 refuses, then kenjo-bridge check"]),
        (row(), {"stopped": ("title",)}, ["put the mapping right, then sync --canary again"]),
    ],
)
def test_what_comes_next(one: TargetResult, more: dict[str, Any], expected: list[str]) -> None:
    """Each thing that waits == the line that helps, last of all."""
    lines = page(one, **more)
    found = [line.removeprefix("next: ") for line in lines if line.startswith("next: ")]
    assert found == expected
    assert lines[-1] == f"next: {found[-1]}"


async def test_everybody_stands_somewhere(operator: Operator) -> None:
    """A sync with leavers who are held == its places are those of `status`, and add up to all people."""
    operator.leave(7)
    result = await operator.sync()
    async with operator.bridge() as bridge:
        told = await status(bridge)
    people = result.targets["directory"].people
    assert people == told["targets"]["directory"]["people"]
    assert sum(people.values()) == told["snapshot"]["people"]
    assert people["held"] == 7
