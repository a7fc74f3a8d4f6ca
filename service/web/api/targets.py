"""The targets: how each stands, letting one rest and go on, and trying it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from service.operations import greet, maintenance
from service.operations.assembly import Bridge, see_target
from service.operations.board import Board, Sight
from service.operations.check import check
from service.web.api.problems import Refused
from service.web.api.turns import Turns
from service.web.api.values import Answer, Asked, MaybeWhen, Nothing, Place, When


class Budget(Answer):
    """Calls of the last 24 hours, of a sort of which the target takes few."""

    used: int
    limit: int


class Publication(Answer):
    """What was published last, and what waits."""

    at: MaybeWhen
    file: str
    rows: int
    waiting: int
    """How many records were changed since."""
    trouble: str


class Trouble(Answer):
    """What went wrong last, of what is not put right yet."""

    record: str
    reason: str
    at: When


class Target(Answer):
    """A target, and how it stands."""

    name: str
    kind: str
    mode: str
    state: str
    """`running`, or why it takes nothing now: `halted`, `held`, `throttled`, `maintenance`, `unreachable`."""
    reason: str
    people: dict[Place, int]
    groups: dict[Place, int]
    pending: int
    failed: int
    held: int
    pace: int
    """How many records were changed there in the last minute."""
    trouble: Trouble | None
    drifted: int
    """Records that somebody has changed there; `/drift` tells more."""
    budget: Budget | None
    publication: Publication | None


class Targets(Answer):
    """All targets, in the order of the configuration."""

    items: list[Target]


class Rest(Asked):
    """A rest."""

    until: When | None = None
    """When it goes on by itself."""
    reason: str = Field("", max_length=500)
    """Why, for whoever looks."""


class Resumed(Answer):
    """Whether the target was paused."""

    was_paused: bool


class Finding(Answer):
    """A part, what it said of itself, and a sentence for each problem."""

    part: str
    facts: list[str]
    problems: list[str]


class Checked(Answer):
    """What was found."""

    findings: list[Finding]


class AboutTargets:
    """`/targets`."""

    def __init__(self, bridge: Bridge, board: Board, turns: Turns) -> None:
        self._bridge = bridge
        self._board = board
        self._turns = turns

    async def targets(self) -> Targets:
        """How each target stands."""
        sight = await self._board.look()
        return Targets(items=[self._target(name, sight) for name in self._bridge.routes])

    async def target(self, name: str) -> Target:
        """How a target stands."""
        see_target(self._bridge, name)
        return self._target(name, await self._board.look())

    async def pause(self, name: str, body: Rest) -> Target:
        """Send nothing to a target for a while: everything for it waits."""
        if body.until and body.until <= datetime.now(UTC):
            raise Refused(422, f"{body.until.isoformat(timespec='minutes')} is over already.")
        await maintenance.pause(self._bridge, name, body.until, body.reason)
        self._board.renew()
        return self._target(name, await self._board.look())

    async def resume(self, name: str, body: Nothing) -> Resumed:  # noqa: ARG002 - it says only "now"
        """Let a target go on that somebody paused, that asked for time, did not answer, or refused us."""
        return Resumed(was_paused=await greet.resume(self._bridge, name))

    async def check(self, name: str, body: Nothing) -> Checked:  # noqa: ARG002 - it says only "now"
        """Try a target, and what it needs: the configuration, Redis and Kenjo. Writes nothing there.

        A target that has refused us goes on when it lets us in.
        """
        see_target(self._bridge, name)
        async with self._turns.one():
            found = await check(self._bridge, [name])
        return Checked(findings=[Finding.model_validate(one) for one in found])

    def _target(self, name: str, sight: Sight) -> Target:
        settings, found = self._bridge.routes[name].settings, sight.targets[name]
        rest: dict[str, Any] = {"name": name, "kind": settings.kind, "mode": settings.mode}
        drifted = len(found["drift"]["records"]) if found["drift"] else 0
        return Target.model_validate({**found, **rest, "drifted": drifted})
