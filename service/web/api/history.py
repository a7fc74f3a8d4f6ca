"""What happened: the audit log, in parts or whole."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from bridge.model import Kind
from bridge.store.audit import Wanted
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web.api.events import Event, event
from service.web.api.values import Asked, Name, Paging, Part, When
from service.web.exporting import exported
from service.web.lines import Lines
from service.web.visitors import Visitor


class Which(Asked):
    """Which events."""

    record: list[Name] = Field([], max_length=20)
    """Only about these records, by Kenjo id, or with the kind before it: `person:5f3a...`."""
    what: list[Name] = Field([], max_length=20)
    """Only such events: `changed`, `created`, `approved`, ..."""
    target: str = Field("", max_length=100)
    """Only at this target."""
    since: When | None = None
    until: When | None = None
    """Only from the first of these moments on, and before the second."""

    @property
    def wanted(self) -> Wanted:
        """The same for the store."""
        records = [name for one in self.record for name in (one, *(f"{kind}:{one}" for kind in Kind))]
        since = self.since.timestamp() if self.since else 0.0
        until = self.until.timestamp() if self.until else math.inf
        return Wanted(records, self.what, self.target, since, until)


class WhichPart(Which, Paging):
    """Which events, and which part of them. The newest come first: what comes after one is older."""

    after: str = Field("", pattern=r"^(\d{1,15}-\d{1,15})?$")
    """Only what comes after this: `next` of the answer before."""


class Export(Which):
    """Which events, and as what."""

    format: Literal["csv", "jsonl"] = "csv"
    """A table, or a JSON object on each line."""


class Events(Part):
    """A part of the events, the newest first. It may be short or empty: the end is where `next` is null."""

    items: list[Event]


class History:
    """`/audit`."""

    def __init__(self, bridge: Bridge, board: Board) -> None:
        self._bridge = bridge
        self._board = board

    async def audit(self, visitor: Visitor, query: WhichPart) -> Events:
        """What happened: changes seen in Kenjo, deliveries, holds, decisions."""
        sight, names = await self._board.look(), visitor.sees_values
        found, further = await self._bridge.backend.audit.page(query.wanted, query.limit, query.after)
        items = [event(one, sight, names=names, id_=id_) for id_, one in found]
        return Events(items=items, next=further)

    async def export(self, query: Export) -> Lines:
        """What happened, as a file: the newest first, ids and no names."""
        return exported(self._bridge.backend.audit, query.wanted, query.format)
