"""`failures`: records that a target will not take, and what to do with them; see also `adopting`."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bridge.commands import command
from bridge.errors import ConfigurationError
from bridge.model import Entry, Key, Kind, State
from bridge.store.audit import operator
from bridge.store.queue import Due
from service.operations.assembly import Bridge, see_target
from service.operations.auditing import events_of
from service.operations.finding import find
from service.operations.naming import literal
from service.operations.times import local, local_or_none

_IN_KENJO = "; put it right in Kenjo, until then the last known values stay"
_ADVICE = {
    "redis": ", and what it said is found anew; see who else can write there",
    "targets": "; nothing is asked of it until that is mended",
}
"""What to do about a problem, by where it is, if it is not one of Kenjo's lists."""

SOURCE = "kenjo"
"""Stands for the target where it is Kenjo's own row that cannot be used."""


Entries = Mapping[str, Mapping[Key, Entry]]
"""Each target's ledger."""


async def failures(bridge: Bridge, entries: Entries | None = None) -> list[dict[str, Any]]:
    """All failed and retrying records: `{record, target, state, reason, candidates, attempts, ...}`.

    Rows of Kenjo that cannot be used come first: `target` is "kenjo", `state` is `unusable`. `entries`: of
    who has just read them.
    """
    return await unusable(bridge) + _at_targets(bridge, entries or await _entries(bridge))


async def unusable(bridge: Bridge) -> list[dict[str, Any]]:
    """The rows of Kenjo that the last accepted snapshot could not use, like failures."""
    seen = await bridge.backend.records.last_snapshot() or {"problems": [], "at": 0.0}
    return [
        {
            "record": _record(list_, id_),
            "target": SOURCE,
            "state": "unusable",
            "reason": f"{list_}: {reason}{_ADVICE.get(list_, _IN_KENJO)}",
            "candidates": [],
            "attempts": 0,
            "first": local(seen["at"], bridge.values.zone),
            "last": local(seen["at"], bridge.values.zone),
            "next": None,
        }
        for list_, id_, reason in seen["problems"]
    ]


def _record(list_: str, id_: str | None) -> str:
    """What a row of a list is about, as far as it says that."""
    if id_ is None:
        return f"a row of {list_}"
    return str(Key(Kind.PERSON, id_)) if list_.startswith("employees/") else f"{list_}/{id_}"


async def _entries(bridge: Bridge) -> Entries:
    return {target: await bridge.backend.ledger(target).entries() for target in bridge.routes}


def _at_targets(bridge: Bridge, entries: Entries) -> list[dict[str, Any]]:
    found = [
        _row(target, key, entry, bridge.values.zone)
        for target, there in entries.items()
        for key, entry in there.items()
        if entry.state in (State.FAILED, State.RETRYING)
    ]
    return sorted(found, key=lambda row: (row["target"], row["first"]))


async def show(
    bridge: Bridge, target: str | None, record: str, count: int = 10
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The failures of one record, and its last events. Raises ConfigurationError when it has not failed."""
    record = await _meant(bridge, record)
    rows = [row for row in await unusable(bridge) if target in (None, SOURCE) and row["record"] == record]
    rows += await _rows(bridge, target, record, required=not rows)
    return rows, await events_of(bridge, rows[0]["record"], count)


async def retry(bridge: Bridge, target: str | None, record: str | None) -> int:
    """Try again, as if the record had just changed; everything that failed unless named. Returns how many."""
    rows = await _rows(bridge, target, await _meant(bridge, record) if record else None)
    for row in rows:
        await reopen(bridge, row["target"], Key.parse(row["record"]), create=record is not None)
    return len(rows)


async def discard(bridge: Bridge, target: str, record: str) -> None:
    """Let it be until the record or the configuration changes. Raises ConfigurationError."""
    key, entry = await failed(bridge, target, record)
    who, now = operator(), time.time()
    skipped = dataclasses.replace(
        entry, state=State.SKIPPED, reason=f"discarded by {who}", candidates=(), retry_at=0.0
    )
    await bridge.backend.ledger(target).write(key, skipped)
    await bridge.backend.ledger(target).drop_pending([key])
    await bridge.backend.audit.note("discarded", now, target=target, record=str(key), by=who)


async def reopen(bridge: Bridge, target: str, key: Key, *, create: bool = False) -> None:
    """Let a parked record be tried again now.

    `create`: a person has named this record, so one that the target accepted may be created again.
    """
    ledger, now = bridge.backend.ledger(target), time.time()
    entry = await ledger.entry(key) or Entry()
    if create:
        entry = dataclasses.replace(entry, accepted=0.0, ticket="")
    if create and entry.candidates:  # they have seen the account, and it is not this record's
        entry = dataclasses.replace(entry, candidates=(), unique={})
    reopened = dataclasses.replace(
        entry, state=State.RETRYING, attempts=0, retry_at=now, awaits="", awaited=""
    )
    await ledger.write(key, reopened)
    await ledger.doubt([key])  # a delivery that ends just now may have written over it
    await wake(bridge, target, key)


async def wake(bridge: Bridge, target: str, key: Key) -> None:
    """Ask for a reopened record."""
    now = time.time()
    await bridge.backend.queue.add(target, [Due(key)], now)
    await bridge.backend.audit.note("retried", now, target=target, record=str(key), by=operator())


async def _meant(bridge: Bridge, who: str) -> str:
    """What `failures` calls the record that is called so. Raises WhoIsMeant."""
    named = [who, *map(str, literal(who))]
    there = {row["record"] for row in await failures(bridge)}
    return next((name for name in named if name in there), "") or str(await find(bridge, who))


async def _rows(
    bridge: Bridge, target: str | None, record: str | None, *, required: bool = True
) -> list[dict[str, Any]]:
    """The failures at targets, of one or of a record where these are named."""
    found = [
        row
        for row in _at_targets(bridge, await _entries(bridge))
        if target in (None, row["target"]) and record in (None, row["record"])
    ]
    if record and required and not found:
        if target:
            raise ConfigurationError(f"{record} has not failed at {target}; see {command('failures')}")
        raise ConfigurationError(f"{record} has not failed; see {command('failures')}")
    return found


async def failed(bridge: Bridge, target: str, record: str) -> tuple[Key, Entry]:
    """The record that is called so, and its entry. Raises ConfigurationError where it has not failed."""
    see_target(bridge, target)
    key = Key.parse((await _rows(bridge, target, await _meant(bridge, record)))[0]["record"])
    return key, await bridge.backend.ledger(target).entry(key) or Entry()


def _row(target: str, key: Key, entry: Entry, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "record": str(key),
        "target": target,
        "state": str(entry.state),
        "reason": entry.reason,
        "candidates": list(entry.candidates),
        "attempts": entry.attempts,
        "first": local(entry.failed_since, zone),
        "last": local(entry.at, zone),
        "next": local_or_none(entry.retry_at, zone),
    }
