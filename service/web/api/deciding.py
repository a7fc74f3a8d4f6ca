"""What waits for a decision: holds, and what somebody has changed at targets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from bridge.model import Key, Kind
from bridge.store import holds as store
from service.operations import holds
from service.operations.assembly import Bridge
from service.operations.board import Board, Sight
from service.web.api.naming import named
from service.web.api.values import Answer, Asked, MaybeText, Name, Named, When
from service.web.visitors import Visitor


class Hold(Answer):
    """Something that is not done until somebody decides."""

    id: str
    version: str
    """Another one as soon as it is about something else: a decision names the one that was looked at."""
    target: MaybeText
    """Null for what Kenjo says as a whole."""
    kind: str
    count: int
    limit: str
    reason: str
    since: When
    state: Literal["open", "approved", "rejected"]
    by: MaybeText
    """Who has decided."""
    records: list[Named]
    """What waits."""
    choosable: list[str]
    """Those of them on whom can be decided apart from the others; none where it is about the whole."""


class Holds(Answer):
    """All holds, the oldest first."""

    items: list[Hold]


class Decision(Asked):
    """A decision about what was looked at."""

    version: Name
    """The version of the hold that was looked at; for another one nothing is decided."""
    only: Annotated[list[Name], Field(min_length=1, max_length=10_000)] | None = None
    """The records that are decided on, of those that are choosable; null: all. The others stay held."""


class Drifted(Named):
    """A record that somebody has changed at a target since it was given."""

    attributes: list[str]


class Orphan(Named):
    """An open account that carries the id of a person whom Kenjo does not have. `record` is that id."""

    account: str


class Drift(Answer):
    """What the last look at all objects of a target has found."""

    at: When
    looked: int
    records: list[Drifted]
    orphans: list[Orphan]
    """To close them, approve the hold `TARGET-orphans`."""


class Drifts(Answer):
    """By target, for those that were looked at."""

    targets: dict[str, Drift]


class Deciding:
    """`/holds` and `/drift`."""

    def __init__(self, bridge: Bridge, board: Board) -> None:
        self._bridge = bridge
        self._board = board

    async def holds(self, visitor: Visitor) -> Holds:
        """What is not done until somebody decides."""
        sight = await self._board.look()
        there = await self._bridge.backend.holds.all()
        return Holds(items=[_hold(one, sight, names=visitor.sees_values) for one in there])

    async def hold(self, visitor: Visitor, id: str) -> Hold:  # noqa: A002 - it is the path's name
        """One hold, with what waits."""
        found = await holds.find(self._bridge, id)
        return _hold(found, await self._board.look(), names=visitor.sees_values)

    async def approve(self, visitor: Visitor, id: str, body: Decision) -> Hold:  # noqa: A002
        """Let just these changes go."""
        return await self._decided(visitor, id, body, approve=True)

    async def reject(self, visitor: Visitor, id: str, body: Decision) -> Hold:  # noqa: A002
        """Keep holding, until the cause has gone."""
        return await self._decided(visitor, id, body, approve=False)

    async def _decided(self, visitor: Visitor, id_: str, body: Decision, *, approve: bool) -> Hold:
        found = await holds.decide(
            self._bridge, id_, approve=approve, by=None, seen=body.version, only=body.only
        )
        now = await self._bridge.backend.holds.get(found.id)  # what was approved may be there no more
        told = _hold(
            now if now and not body.only else found, await self._board.look(), names=visitor.sees_values
        )
        return told.model_copy(update={"state": "approved" if approve else "rejected"})

    async def drift(self, visitor: Visitor) -> Drifts:
        """What somebody has changed at targets, and open accounts of people whom Kenjo does not have."""
        sight, names = await self._board.look(), visitor.sees_values
        return Drifts(
            targets={
                name: _drift(one["drift"], sight, names=names)
                for name, one in sight.targets.items()
                if one["drift"]
            }
        )


def _hold(hold: store.Hold, sight: Sight, *, names: bool) -> Hold:
    records = [named(key, sight, names=names) for key in hold.keys]
    fields = {name: getattr(hold, name) for name in Hold.model_fields if name != "records"}
    return Hold.model_validate({**fields, "records": records})


def _drift(found: Any, sight: Sight, *, names: bool) -> Drift:
    records = [
        {**named(record, sight, names=names), "attributes": fields}
        for record, fields in sorted(found["records"].items())
    ]
    orphans = [
        {**named(str(Key(Kind.PERSON, id_)), sight, names=names), "account": account}
        for account, id_ in sorted(found["orphans"].items())
    ]
    return Drift.model_validate({**found, "records": records, "orphans": orphans})
