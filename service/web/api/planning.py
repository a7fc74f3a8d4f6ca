"""What a sync would do, and asking for a poll."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from bridge.model import Key
from service.kenjo.client import utc_now
from service.operations.approving import approve
from service.operations.assembly import Bridge, see_target
from service.operations.board import Board
from service.operations.days import moment_of
from service.operations.naming import name_of
from service.operations.planning import plan
from service.operations.plans import Plan
from service.operations.polling import ask_for_poll
from service.operations.signing import version
from service.operations.telling import plan_json
from service.web.api.explained import Step
from service.web.api.overview import Row
from service.web.api.problems import of_what_was_asked
from service.web.api.turns import Turns
from service.web.api.values import Answer, Asked, MaybeText, MaybeWhen, Name, Named, Nothing
from service.web.visitors import Visitor


class WhichPlan(Asked):
    """Which plan."""

    on: date | None = None
    """What this day will bring, if nothing else changes until then; now, without it."""
    target: list[Name] = Field([], max_length=20)
    """Only for these targets."""


class Wait(Answer):
    """A hold that is there, or that a sync would raise."""

    id: str
    reason: str
    count: int


class Parked(Named):
    """A record that failed before, and is not tried again by itself."""

    reason: str


class Seen(Answer):
    """What Kenjo says, and what of it is new since the last poll."""

    people: int
    teams: int
    changes: int
    problems: list[Row]
    warnings: list[str]


class Planned(Answer):
    """What a sync would do at one target."""

    counts: dict[str, int]
    """How many steps of each kind; what is held counts as held."""
    steps: list[Step]
    holds: list[Wait]
    drifted: list[str]
    """Records that somebody has changed there: a sync leaves them as they are."""
    parked: list[Parked]
    survey: dict[str, int] | None
    """What first contact would find, where this is one."""
    paused: MaybeText
    trouble: MaybeText
    """Why the target cannot be asked."""


class WholePlan(Answer):
    """What a sync would do."""

    day: date | None
    held: MaybeText
    """Why nothing would be done at all."""
    version: MaybeText
    """Another one as soon as something else would be done; null where nobody can say, and on other days."""
    snapshot: Seen
    targets: dict[str, Planned]


class AgreedPlan(Asked):
    """The plan that was looked at."""

    version: Name
    """The version of that plan: where something else would be done by now, nothing is approved."""
    target: list[Name] = Field([], max_length=20)
    """The targets that it was asked for."""


class Approved(Answer):
    """What was let go."""

    holds: list[str]
    """The holds that were approved, of which the plan was."""
    left: list[str]
    """Those that are other ones by now: they stay."""


class AskedFor(Answer):
    """A poll was asked for: it has come when `last_poll` of `/overview` is another one."""

    last_poll: MaybeWhen


class Planning:
    """`/plan` and `/poll`."""

    def __init__(self, bridge: Bridge, board: Board, turns: Turns) -> None:
        self._bridge = bridge
        self._board = board
        self._turns = turns

    async def plan(self, visitor: Visitor, query: WhichPlan) -> WholePlan:
        """What a sync would do, now or on a day to come. Kenjo and the targets are asked."""
        for name in query.target:
            see_target(self._bridge, name)
        with of_what_was_asked():
            moment = moment_of(self._bridge.values, query.on, utc_now())
        async with self._turns.one():
            found = await plan(self._bridge, moment, query.target, query.on)
        seen = version(self._bridge, found) if found.stands and not query.on else None
        return _told(found, seen, values=visitor.sees_values)

    async def approve_plan(self, body: AgreedPlan) -> Approved:
        """Let what was looked at be done now.

        Kenjo is polled, and the holds are approved that the plan has shown, as long as they are still those.
        """
        for name in body.target:
            see_target(self._bridge, name)
        async with self._turns.one():
            done = await approve(self._bridge, utc_now(), body.version, body.target)
        return Approved(holds=list(done.holds), left=list(done.left))

    async def poll(self, body: Nothing) -> AskedFor:  # noqa: ARG002 - it says only "now"
        """Let Kenjo be polled within about a second, instead of at the next interval.

        Once in 10 seconds, whoever asks: more often is answered with 429.
        """
        seen = await self._bridge.backend.records.last_snapshot()
        await ask_for_poll(self._bridge)
        return AskedFor(last_poll=seen["at"] if seen else None)


def _told(found: Plan, seen: str | None, *, values: bool) -> WholePlan:
    """A plan, each record with its name for who may see it."""
    told = plan_json(found, names=values, values=values)
    known = found.records if values else {}

    def parked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "name": name_of(known.get(Key.parse(row["record"])))} for row in rows]

    targets = {
        name: Planned.model_validate({**one, "parked": parked(one["parked"])})
        for name, one in told["targets"].items()
    }
    problems = [{"list": list_, "id": id_, "reason": why} for list_, id_, why in told["snapshot"]["problems"]]
    snapshot = Seen.model_validate({**told["snapshot"], "problems": problems})
    return WholePlan(day=found.day, held=found.held, version=seen, snapshot=snapshot, targets=targets)
