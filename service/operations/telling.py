"""How a step of a plan is told: in a word, and as JSON. Personal values only where they were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.exchange import is_to_come
from bridge.model import Outcome
from service.operations.steps import Step

HIDDEN = "…"
PLANNED = "(will be created)"

_WORDS: Mapping[str, str] = {
    Outcome.CREATED: "create",
    Outcome.ADOPTED: "adopt",
    Outcome.UPDATED: "update",
    Outcome.DEACTIVATED: "deactivate",
    Outcome.DELETED: "delete",
    Outcome.FAILED: "fail",
    Outcome.SKIPPED: "skip",
    "retrying": "wait",
}


def word(step: Step) -> str:
    """What a step is called: `create`, `update`, ..., `skip`, `unchanged`, `fail`, `wait`."""
    return _WORDS.get(step.action, str(step.action))


def step_json(step: Step, *, values: bool) -> dict[str, Any]:
    """One step for `--json`."""
    return {
        "record": str(step.key),
        "action": word(step),
        "reason": step.reason,
        "account": step.remote_id,
        "hold": step.hold or None,
        "candidates": list(step.candidates),
        "changes": [
            {"attribute": c.attribute, "old": shown(c.old, values), "new": shown(c.new, values)}
            for c in step.changes
        ],
    }


def shown(value: Any, values: bool) -> Any:
    """A value as it may be shown; what is not there yet, or nothing at all, tells nothing of anybody."""
    if is_to_come(value):
        return PLANNED
    return value if values or value is None else HIDDEN
