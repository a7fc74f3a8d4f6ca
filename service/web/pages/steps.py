"""The steps of a plan as pages show them: those of one kind together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.model import Key, Stored
from service.operations.naming import name_of
from service.operations.plans import TargetPlan
from service.operations.telling import step_json, word
from service.web.pages.records import link_of

SHOWN = 100
"""Steps of one kind that are listed; the number is told of all."""

_ORDER = ("create", "adopt", "update", "deactivate", "delete", "fail", "wait")


def grouped(target: TargetPlan, known: Mapping[Key, Stored], *, values: bool) -> dict[str, Any]:
    """`{groups: {word: steps}, holds, trouble, paused}` of one target; names only with values."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for step in target.steps:
        if step.acts or word(step) in _ORDER:
            name = (name_of(known.get(step.key)) if values else "") or step.key.id
            row = {**step_json(step, values=values), "name": name, "link": link_of(step.key)}
            groups.setdefault(word(step), []).append(row)
    ordered = {name: groups[name] for name in _ORDER if name in groups}
    return {"groups": ordered, "holds": target.holds, "trouble": target.trouble, "paused": target.paused}
