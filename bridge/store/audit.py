"""Who did what when: an append-only trail of bounded length. Ids, field names and outcomes, never values."""

from __future__ import annotations

import getpass
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import orjson

from bridge.model import ChangeKind, Entry, Key, Outcome, RecordChange
from bridge.store.connection import Connection
from bridge.store.keys import Keys

KEEP = 100_000
"""Events that are kept, about; the oldest go first."""

UNREMARKABLE = (Outcome.UNCHANGED, Outcome.SKIPPED)
"""Outcomes for which the target may not even have been asked."""


Noted = Literal[
    "approved",
    "chosen",
    "damaged",
    "discarded",
    "forgotten",
    "handed over",
    "held",
    "moved",
    "paused",
    "published",
    "readmitted",
    "rejected",
    "resumed",
    "retried",
    "withdrawn",
]
"""What is noted beside changes at Kenjo and deliveries."""

KINDS: tuple[str, ...] = tuple(
    sorted({*ChangeKind, *(one for one in Outcome if one not in UNREMARKABLE), *get_args(Noted)})
)
"""All that an event can be: its `what`."""

_SKEW = 3600.0  # seconds by which the clocks of Redis and of who notes an event may differ


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: of any of these records, kinds, and of a target, where any are named; by time.

    `since` and `until` in epoch seconds; the latter is not included.
    """

    records: Collection[str] = ()
    kinds: Collection[str] = ()
    target: str = ""
    since: float = 0.0
    until: float = math.inf

    def has(self, event: Mapping[str, Any]) -> bool:
        """Whether it is one of them."""
        return (
            (not self.records or event.get("record") in self.records)
            and (not self.kinds or event["what"] in self.kinds)
            and self.target in ("", event.get("target"))
            and self.since <= event["at"] < self.until
        )


EVERYTHING = Wanted()


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

    async def note(self, what: Noted, at: float, **facts: Any) -> None:
        """Append an event."""
        event = orjson.dumps({"at": at, "what": what, **facts})
        await self._redis.xadd(self._key, {"event": event}, maxlen=KEEP, approximate=True)

    async def read(self, count: int, wanted: Wanted = EVERYTHING) -> list[dict[str, Any]]:
        """The newest events of those that are wanted, the newest first."""
        found: list[dict[str, Any]] = []
        first, last = max(0, int((wanted.since - _SKEW) * 1000)), "+"
        while len(found) < count:
            page = await self._redis.xrevrange(self._key, max=last, min=str(first), count=1000)
            events = [orjson.loads(fields[b"event"]) for _, fields in page]
            found += [event for event in events if wanted.has(event)]
            if len(page) < 1000:
                break
            last = f"({page[-1][0].decode()}"
        return found[:count]
