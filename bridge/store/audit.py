"""Who did what when: an append-only trail of bounded length. Ids, field names and outcomes, never values."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from typing import Any

import orjson

from bridge.model import Entry, Key, Outcome, RecordChange
from bridge.store.connection import Connection
from bridge.store.keys import Keys

KEEP = 100_000
"""Events that are kept, about; the oldest go first."""

UNREMARKABLE = (Outcome.UNCHANGED, Outcome.SKIPPED)
"""Outcomes for which the target may not even have been asked."""


def changed(change: RecordChange, at: float) -> bytes:
    """The event of a change seen in Kenjo."""
    event = {"what": change.kind, "record": str(change.record.key), "fields": change.fields}
    return orjson.dumps({"at": at, **event})


def pushed(target: str, key: Key, entry: Entry) -> bytes:
    """The event of a delivery; nothing when nothing happened."""
    if entry.outcome in UNREMARKABLE:
        return b""
    event = {"what": entry.outcome, "target": target, "record": str(key), "attempts": entry.attempts}
    return orjson.dumps({"at": entry.at, **event})


def operator() -> str:
    """Who runs this command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user id without a name
        return "unknown"


class Audit:
    """The trail of one account."""

    def __init__(self, redis: Connection, keys: Keys) -> None:
        self._redis = redis
        self._key = keys.of("audit")

    async def note(self, what: str, at: float, **facts: Any) -> None:
        """Append an event."""
        event = orjson.dumps({"at": at, "what": what, **facts})
        await self._redis.xadd(self._key, {"event": event}, maxlen=KEEP, approximate=True)

    async def read(self, count: int, records: Iterable[str] = ()) -> list[dict[str, Any]]:
        """The newest events, the newest first; only those of the given record keys, if any are given."""
        wanted = set(records)
        found: list[dict[str, Any]] = []
        last = "+"
        while len(found) < count:
            page = await self._redis.xrevrange(self._key, max=last, count=1000)
            events = [orjson.loads(fields[b"event"]) for _, fields in page]
            found += [event for event in events if not wanted or event.get("record") in wanted]
            if len(page) < 1000:
                break
            last = f"({page[-1][0].decode()}"
        return found[:count]
