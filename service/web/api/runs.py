"""What was done at the targets, run by run, and the way back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import Field

from service.operations import runs, undoing
from service.operations.assembly import Bridge
from service.operations.board import Board, Sight
from service.operations.undoing import Way
from service.web.api.explained import Step
from service.web.api.naming import with_name
from service.web.api.turns import Turns
from service.web.api.values import Answer, Asked, MaybeText, Name, Named, When
from service.web.visitors import Visitor


class Run(Answer):
    """What one cause has brought about at the targets."""

    id: str
    at: When
    cause: str
    """`changes`: changes in Kenjo; else as in `/audit`: `configured`, `approved`, `undone`, ..."""
    by: MaybeText
    """Who has decided, where somebody has."""
    about: MaybeText
    """The target, the hold or the run that it is about."""
    seen: int
    """How many records have changed in Kenjo."""
    counts: dict[str, dict[str, int]]
    """By target how often what was done."""


class Runs(Answer):
    """The newest runs, the newest first."""

    items: list[Run]


class Delivery(Named):
    """What was done for a record at a target."""

    target: str
    what: str
    at: When


class WholeRun(Run):
    """A run, with all that was done."""

    deliveries: list[Delivery]


class Last(Asked):
    """How many."""

    limit: int = Field(50, ge=1, le=500)


class Only(Asked):
    """For whom."""

    only: list[Name] = Field([], max_length=100)
    """Only for these records, by id, name, e-mail address or number."""


class Agreed(Asked):
    """What was looked at."""

    version: Name
    """The version of what was looked at; where it is another one by now nothing is done."""
    only: list[Name] = Field([], max_length=100)
    """For whom that was."""


class Back(Answer):
    """What deliveries to a target would do."""

    steps: list[Step]
    paused: MaybeText
    trouble: MaybeText
    """Why the target cannot be asked."""


class Left(Named):
    """What stays as it is."""

    target: str
    why: str


class WayBack(Answer):
    """What would be put back, or given again."""

    run: str
    version: str
    """Another one as soon as something else would be done."""
    targets: dict[str, Back]
    left: list[Left]


class PutBack(Answer):
    """For how many records it is done with the next delivery."""

    records: int


class AboutRuns:
    """`/runs`."""

    def __init__(self, bridge: Bridge, board: Board, turns: Turns) -> None:
        self._bridge = bridge
        self._board = board
        self._turns = turns

    async def runs(self, query: Last) -> Runs:
        """What each poll's changes, each other configuration and each decision has done at the targets."""
        found = await runs.runs(self._bridge, query.limit)
        return Runs(items=[Run.model_validate(runs.as_json(self._bridge, run)) for run in found])

    async def run(self, visitor: Visitor, id: str) -> WholeRun:  # noqa: A002 - it is the path's name
        """One run, record by record."""
        found, sight = await runs.find(self._bridge, id), await self._board.look()
        deliveries = runs.deliveries_json(self._bridge, found)
        rows = [with_name(row, sight, names=visitor.sees_values) for row in deliveries]
        return WholeRun.model_validate({**runs.as_json(self._bridge, found), "deliveries": rows})

    async def undo(self, visitor: Visitor, query: Only, id: str) -> WayBack:  # noqa: A002
        """What would be put back if the run was undone. The targets are asked; nothing is written."""
        return await self._told(await self._way(undoing.undo, id, query.only), visitor)

    async def redo(self, visitor: Visitor, query: Only, id: str) -> WayBack:  # noqa: A002
        """What the targets would be given again if the undo of the run was ended."""
        return await self._told(await self._way(undoing.redo, id, query.only), visitor)

    async def do_undo(self, body: Agreed, id: str) -> PutBack:  # noqa: A002
        """Put back what was looked at. It stays until Kenjo says something new."""
        return await self._go(await self._way(undoing.undo, id, body.only), body.version)

    async def do_redo(self, body: Agreed, id: str) -> PutBack:  # noqa: A002
        """End an undo: the targets get again what Kenjo says."""
        return await self._go(await self._way(undoing.redo, id, body.only), body.version)

    async def _way(self, look: undoing.Look, run: str, only: Collection[str]) -> Way:
        async with self._turns.one():
            return await look(self._bridge, run, only)

    async def _go(self, way: Way, version: str) -> PutBack:
        return PutBack(records=await undoing.carry_out(self._bridge, way, version))

    async def _told(self, way: Way, visitor: Visitor) -> WayBack:
        sight, names = await self._board.look(), visitor.sees_values
        found = undoing.way_json(way, values=names)
        return WayBack.model_validate(
            {
                **found,
                "targets": {name: back(one, sight, names=names) for name, one in found["targets"].items()},
                "left": [with_name(row, sight, names=names) for row in found["left"]],
            }
        )


def back(found: Mapping[str, Any], sight: Sight, *, names: bool) -> Back:
    """What `service.operations.telling.deliveries_json` tells, with names."""
    steps = [with_name(row, sight, names=names) for row in found["steps"]]
    return Back.model_validate({**found, "steps": steps})
