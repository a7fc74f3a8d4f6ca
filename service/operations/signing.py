"""A plan as a signed file: what was approved is what `sync --plan` does, or it does nothing.

The file has record keys, actions and fingerprints, no personal values. Its signature is keyed by the store,
so that only the bridge that made a plan carries it out.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bridge.commands import command
from bridge.config.private_files import write_private
from bridge.errors import ConfigurationError
from bridge.model import Key
from service.operations.assembly import Bridge
from service.operations.plans import Plan
from service.operations.steps import Step
from service.operations.telling import word

VERSION = 1

CLOCKS_DIFFER = 60.0
"""Seconds by which the clock of the machine that made a plan may be ahead."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A plan as it was read: by target and record, what is to be done and its fingerprint."""

    steps: Mapping[str, Mapping[Key, tuple[str, str]]]

    @property
    def chosen(self) -> dict[str, frozenset[Key]]:
        """The records by target."""
        return {name: frozenset(steps) for name, steps in self.steps.items()}


def write_plan(bridge: Bridge, plan: Plan, file: Path, made: float) -> int:
    """Write a plan's steps, those that are held excepted, for its owner's eyes. Returns how many.

    `made`: now, in the epoch's seconds. Raises ConfigurationError.
    """
    steps = {name: _steps(bridge, target.steps) for name, target in plan.targets.items()}
    body = {"kenjo_bridge_plan": VERSION, "made": int(made), "targets": steps}
    text = orjson.dumps({**body, "signature": bridge.backend.codec.sign(body)}, option=orjson.OPT_INDENT_2)
    write_private(file, text + b"\n")
    return sum(len(part) for part in steps.values())


def read_plan(bridge: Bridge, file: Path) -> Signed:
    """Read what `write_plan` wrote. Raises ConfigurationError, also when it is too old."""
    try:
        body = orjson.loads(file.read_bytes())
        signature = str(body.pop("signature"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {file} ({error.strerror})") from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ConfigurationError(f"{file} is no plan: make one with {command('plan --out FILE')}") from None
    if not hmac.compare_digest(signature.encode(), bridge.backend.codec.sign(body).encode()):
        raise ConfigurationError(f"{file} was changed, or made by another bridge: its signature is wrong")
    if body.get("kenjo_bridge_plan") != VERSION:
        raise ConfigurationError(f"{file} was made by another version: make it anew")
    _check_age(file, time.time() - body["made"], bridge.values.plan_lifetime)
    return Signed(
        {
            name: {Key.parse(record): (step["action"], step["digest"]) for record, step in steps.items()}
            for name, steps in body["targets"].items()
        }
    )


def _check_age(file: Path, age: float, lifetime: float) -> None:
    if age > lifetime:
        raise ConfigurationError(
            f"{file} was made {age / 3600:.1f} hours ago, and plans last {lifetime / 3600:g}: make it anew"
        )
    if age < -CLOCKS_DIFFER:
        raise ConfigurationError(
            f"{file} is dated in the future: put the clocks of both machines right, and make it anew"
        )


def moved(bridge: Bridge, signed: Signed, now: Plan) -> list[str]:
    """What would not be done as planned, a few words each. What has come on top is no difference."""
    if now.held:
        return [now.held]
    return [sentence for name, steps in signed.steps.items() for sentence in _moved(bridge, name, steps, now)]


def version(bridge: Bridge, plan: Plan) -> str:
    """Another one as soon as another step would be done, be held, or would send something else."""
    steps = {
        name: [
            [str(step.key), word(step), step.hold, _digest(bridge, step)]
            for step in target.steps
            if step.acts
        ]
        for name, target in plan.targets.items()
    }
    return bridge.backend.codec.digest(steps)[:8]


def _moved(bridge: Bridge, name: str, steps: Mapping[Key, tuple[str, str]], now: Plan) -> Iterator[str]:
    target = now.targets.get(name)
    if target is None:
        yield f"there is no target {name} any more"
        return
    if target.trouble:
        yield f"{name}: {target.trouble}"
        return
    current = {step.key: step for step in target.steps}
    for key, (action, digest) in steps.items():
        step = current.get(key)
        if step is None:
            yield f"{name} {key}: {action} is done, or wanted no more"
        elif step.hold:
            yield f"{name} {key}: {action} is held by {step.hold}"
        elif word(step) != action:
            yield f"{name} {key}: {action} has become {word(step)}"
        elif _digest(bridge, step) != digest:
            yield f"{name} {key}: {action} is of other values now"


def _steps(bridge: Bridge, steps: tuple[Step, ...]) -> dict[str, Any]:
    return {
        str(step.key): {"action": word(step), "digest": _digest(bridge, step)}
        for step in steps
        if step.acts and not step.hold
    }


def _digest(bridge: Bridge, step: Step) -> str:
    """A keyed fingerprint of what would be sent: nobody can compare it with guesses of a value."""
    changes = sorted([c.attribute, str(c.old), str(c.new)] for c in step.changes)
    return bridge.backend.codec.digest([step.action, step.remote_id, changes])
