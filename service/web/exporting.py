"""The audit log as a file: a table, or a JSON object on each line. Ids and no names."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from bridge.store.audit import Audit, Wanted
from service.web.lines import Lines

CSV, JSON_LINES = "text/csv", "application/jsonl"

_COLUMNS = ("at", "what", "record", "target", "by")
_CHUNK = 1000


def exported(audit: Audit, wanted: Wanted, form: Literal["csv", "jsonl"]) -> Lines:
    """The events that are wanted, the newest first."""
    events = _events(audit, wanted)
    if form == "csv":
        return Lines(CSV, _table(events), "audit.csv")
    return Lines(JSON_LINES, _lines(events), "audit.jsonl")


async def _events(audit: Audit, wanted: Wanted) -> AsyncIterator[list[dict[str, Any]]]:
    """All of them, many at a time."""
    last = ""
    while True:
        found, last = await audit.page(wanted, _CHUNK, last)
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
