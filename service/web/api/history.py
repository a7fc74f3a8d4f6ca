"""What happened: the audit log, in parts or whole."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from pydantic import Field

from bridge.model import Kind
from bridge.store.audit import Wanted
from service.operations.assembly import Bridge
from service.operations.board import Board
from service.web.api.endpoints import Lines
from service.web.api.events import Event, event
from service.web.api.values import Asked, Name, Paging, Part, When
from service.web.visitors import Visitor

CSV, JSON_LINES = "text/csv", "application/jsonl"

_COLUMNS = ("at", "what", "record", "target", "by")
_CHUNK = 1000


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
        events = self._events(query.wanted)
        if query.format == "csv":
            return Lines(CSV, _table(events), "audit.csv")
        return Lines(JSON_LINES, _lines(events), "audit.jsonl")

    async def _events(self, wanted: Wanted) -> AsyncIterator[list[dict[str, Any]]]:
        """All of them, many at a time."""
        last = ""
        while True:
            found, last = await self._bridge.backend.audit.page(wanted, _CHUNK, last)
            yield [{**one, "at": _text(one["at"])} for _, one in found]
            if not last:
                return


async def _table(events: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[str]:
    """A row for each event; what is in no column of its own stands in the last one, as JSON."""
    yield _csv([(*_COLUMNS, "details")])
    async for some in events:
        yield _csv([_row(one) for one in some])


async def _lines(events: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[str]:
    async for some in events:
        yield "".join(f"{orjson.dumps(one).decode()}\n" for one in some)


def _row(found: Mapping[str, Any]) -> list[str]:
    rest = {name: value for name, value in found.items() if name not in _COLUMNS}
    cells = [str(found.get(name, "")) for name in _COLUMNS]
    return [_harmless(cell) for cell in cells] + [orjson.dumps(rest).decode() if rest else ""]


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (owasp.org, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
