"""What `people` shows on a terminal: one heading for all who stand alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from service.operations.standing import Standing
from service.operations.times import told

_MOST = 20
"""People under one heading; `--standing` and `--json` have all of them."""


def show_people(console: Console, found: Sequence[Mapping[str, Any]]) -> None:
    """By target, place and reason: how many, who, what comes next and what helps."""
    if not found:
        console.print("Nobody.")
    for target, at_target in groupby(found, key=lambda row: row["target"]):
        console.print(Text(str(target), "bold"))
        for (standing, why, then), alike in groupby(
            at_target, key=lambda row: (row["standing"], row["why"], row["next"])
        ):
            _show(console, Standing[standing.upper()], why, then, list(alike))


def _show(
    console: Console, standing: Standing, why: str, then: str, alike: Sequence[Mapping[str, Any]]
) -> None:
    number = f"{len(alike)} {standing}{': ' if why else ''}{why}"
    console.print(Text(f"  {number}"), soft_wrap=True)
    shown = alike if standing is not Standing.IN_STEP else ()
    for row in shown[:_MOST]:
        name = f"{row['name']}  " if row["name"] else ""
        console.print(Text(f"    {name}{row['record']}"), soft_wrap=True)
    if len(shown) > _MOST:
        console.print(Text(f"    and {len(shown) - _MOST} more: --json has all"))
    if standing is not Standing.IN_STEP:
        console.print(Text(f"    next: {then}{_when(alike)}"), soft_wrap=True)
    if len(alike) == 1 and alike[0]["helps"]:
        console.print(Text(f"    helps: {alike[0]['helps']}"), soft_wrap=True)


def _when(alike: Sequence[Mapping[str, Any]]) -> str:
    """When the next thing happens, as the end of a sentence; of several times the first."""
    moments = sorted({row["at"] for row in alike if row["at"]})
    if not moments:
        return ""
    return f", {'the first ' if len(moments) > 1 else ''}at {told(moments[0])}"
