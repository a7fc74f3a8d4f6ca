"""How a plan and its steps are told: in words, and as JSON. Personal values only where asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bridge.exchange import is_to_come
from bridge.model import Key, Kind, Outcome, Stored
from service.operations.naming import name_of
from service.operations.plans import Plan, TargetPlan
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


COUNTED = (
    "create",
    "adopt",
    "update",
    "deactivate",
    "delete",
    "skip",
    "unchanged",
    "wait",
    "fail",
    "held",
    "parked",
)
"""What steps are counted as, in the order in which that is told. Together they are all records of a plan."""


def counts(target: TargetPlan) -> Counter[str]:
    """How many steps of each kind. What is held counts as held, and not as what it would be."""
    found = Counter("held" if step.hold else word(step) for step in target.steps)
    found["parked"] = len(target.parked)
    return found


def plan_json(found: Plan, *, names: bool, values: bool) -> dict[str, Any]:
    """For `--json`: `{"exit_code", "held", "snapshot", "targets": {name: {steps, holds, counts, ...}}}`."""
    known = found.records if names else {}
    return {
        "exit_code": found.exit_code,
        "day": found.day.isoformat() if found.day else None,
        "held": found.held or None,
        "snapshot": {
            "people": found.snapshot.count(Kind.PERSON),
            "teams": found.snapshot.count(Kind.TEAM),
            "changes": len(found.changes),
            "problems": [[p.list, p.id, p.reason] for p in found.snapshot.problems],
            "warnings": list(found.snapshot.warnings),
        },
        "targets": {
            name: _target_json(target, known, values=values) for name, target in found.targets.items()
        },
    }


def _target_json(target: TargetPlan, known: Mapping[Key, Stored], *, values: bool) -> dict[str, Any]:
    found = counts(target)
    return {
        "counts": {name: found[name] for name in COUNTED},
        "steps": [
            {**step_json(step, values=values), "name": name_of(known.get(step.key)) or None}
            for step in target.steps
        ],
        "holds": [{"id": w.id, "reason": w.reason, "count": w.count} for w in target.holds],
        "drifted": list(target.drifted),
        "parked": [{"record": str(key), "reason": entry.reason} for key, entry in target.parked],
        "survey": target.survey.counts() if target.survey else None,
        "paused": target.paused or None,
        "trouble": target.trouble or None,
    }


def deliveries_json(target: TargetPlan, *, values: bool) -> dict[str, Any]:
    """What deliveries to a target would do, without what waits: `{steps, paused, trouble}`."""
    return {
        "steps": [step_json(step, values=values) for step in target.steps],
        "paused": target.paused or None,
        "trouble": target.trouble or None,
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
