"""Who did what when: an append-only trail of bounded length. Ids, field names and outcomes, never values."""

from __future__ import annotations

import getpass
import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
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
    "configured",
    "damaged",
    "discarded",
    "forgotten",
    "handed over",
    "held",
    "moved",
    "paused",
    "poll asked for",
    "published",
    "read back",
    "readmitted",
    "redone",
    "rejected",
    "resumed",
    "retried",
    "sign-in refused",
    "signed in",
    "signed out",
    "undone",
    "withdrawn",
]
"""What is noted beside changes at Kenjo and deliveries."""

KINDS: tuple[str, ...] = tuple(
    sorted({*ChangeKind, *(one for one in Outcome if one not in UNREMARKABLE), *get_args(Noted)})
)
"""All that an event can be: its `what`."""

_SKEW = 3600.0  # seconds by which the clocks of Redis and of who notes an event may differ

_LOOKED = 20_000
"""Events that are looked through for one page: who asks for rare ones goes on from there."""


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


_ACTING: ContextVar[str] = ContextVar("acting", default="")


@contextmanager
def in_the_name_of(name: str) -> Iterator[str]:
    """Let `operator` be somebody who uses this process from elsewhere."""
    token = _ACTING.set(name)
    try:
        yield name
    finally:
        _ACTING.reset(token)


def operator() -> str:
    """Who acts: whoever the process acts for, else who runs it."""
    if acting := _ACTING.get():
        return acting
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

    async def newest(self) -> str:
        """The id of the newest event, which no other one has; "" where there is none."""
        page = await self._redis.xrevrange(self._key, count=1)
        return str(page[0][0].decode()) if page else ""

    async def read(self, count: int, wanted: Wanted = EVERYTHING) -> list[dict[str, Any]]:
        """The newest events of those that are wanted, the newest first."""
        found: list[dict[str, Any]] = []
        before = ""
        while len(found) < count:
            page, before = await self.page(wanted, count - len(found), before)
            found += [event for _, event in page]
            if not before:
                break
        return found

    async def page(
        self, wanted: Wanted, count: int, before: str = ""
    ) -> tuple[list[tuple[str, dict[str, Any]]], str]:
        """So many events with their ids, the newest first, and the id before which to go on; "" at the end.

        `before`: only older ones than this id. There may be fewer than `count`, and more further on.
        """
        found: list[tuple[str, dict[str, Any]]] = []
        first, last = str(max(0, int((wanted.since - _SKEW) * 1000))), before
        for _ in range(_LOOKED // 1000):
            page = await self._redis.xrevrange(
                self._key, max=f"({last}" if last else "+", min=first, count=1000
            )
            for name, fields in page:
                last, event = name.decode(), open_event(fields)
                if event and wanted.has(event):
                    found.append((last, event))
                    if len(found) == count:
                        return found, last
            if len(page) < 1000:
                return found, ""
        return found, last


def open_event(fields: Mapping[bytes, bytes]) -> dict[str, Any]:
    """An event as `note` wrote it; {} for what the bridge did not write."""
    try:
        event = orjson.loads(fields[b"event"])
        return {**event, "at": float(event["at"]), "what": str(event["what"])}
    except (KeyError, TypeError, ValueError):
        return {}
