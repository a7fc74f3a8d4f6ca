"""`status`: how old the snapshot is, and where each target stands. Reads Redis only."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bridge.model import Entry, Key, Kind, Outcome, State
from service.operations.assembly import Bridge
from service.operations.forgetting import forgotten, reminders
from service.operations.standing import Stand, counted, stands
from service.operations.times import local

PACE = 60.0
"""Seconds back for which it is told how many records were changed."""

_CHANGES = (Outcome.CREATED, Outcome.ADOPTED, Outcome.UPDATED, Outcome.DEACTIVATED, Outcome.DELETED)


async def status(bridge: Bridge) -> dict[str, Any]:
    """`{"snapshot": {age, at, people, teams, problems, warnings} | None, "targets": {name: {...}}, ...}`.

    `people` and `groups` of a target have a number for each `Standing`: in_step, waiting, held, ...
    `forgotten`: how many `people`, and `warnings` about them; `redis`: what it is, and of which version.
    """
    seen, known = await bridge.backend.records.last_snapshot(), await bridge.backend.records.known()
    there = sum(1 for key, stored in known.items() if key.kind is Kind.PERSON and not stored.gone)
    snapshot = seen and {
        "age": round(time.time() - seen["at"], 1),
        "at": local(seen["at"], bridge.values.zone),
        "people": there,
        "teams": seen["teams"],
        "problems": seen["problems"],
        "warnings": seen["warnings"],
    }
    now = time.time()
    targets = {}
    for name in bridge.routes:
        entries = await bridge.backend.ledger(name).entries()
        found = await stands(bridge, name, known, entries, now)
        targets[name] = await target_status(bridge, name, found, entries)
    rows = await forgotten(bridge)
    return {
        "snapshot": snapshot,
        "targets": targets,
        "forgotten": {"people": len(rows), "warnings": list(reminders(rows))},
        "redis": await bridge.backend.server() + (" (private)" if bridge.values.redis.is_private else ""),
    }


async def target_status(
    bridge: Bridge, name: str, found: Mapping[Key, Stand], entries: Mapping[Key, Entry]
) -> dict[str, Any]:
    """What `status` says of one target, at which the records stand as `found`."""
    ledger = bridge.backend.ledger(name)
    states = Counter(entry.state for entry in entries.values())
    paused = await bridge.backend.gate(name).paused()
    return {
        "people": counted(found, Kind.PERSON),
        "groups": counted(found, Kind.TEAM),
        "applied": states[State.APPLIED],
        "removed": states[State.REMOVED],
        "pending": await ledger.count_pending(),
        "failed": states[State.FAILED],
        "held": await bridge.backend.holds.count(name),
        "skipped": states[State.SKIPPED],
        "state": paused.get("state", "running"),
        "reason": paused.get("reason", ""),
        "pace": _pace(entries.values(), time.time()),
        "trouble": _trouble(entries, bridge.values.zone),
        "drift": await _drift(bridge, name),
        "budget": await _budget(bridge, name),
        "publication": await _publication(bridge, name, entries.values()),
    }


def _pace(entries: Iterable[Entry], now: float) -> int:
    """How many records were changed in the last minute."""
    return sum(1 for entry in entries if now - entry.at < PACE and entry.outcome in _CHANGES)


def _trouble(entries: Mapping[Key, Entry], zone: ZoneInfo) -> dict[str, Any] | None:
    """`{"record", "reason", "at"}`: what went wrong last, of what is not put right yet; None for nothing."""
    wrong = [
        (entry.at, key) for key, entry in entries.items() if entry.state in (State.FAILED, State.RETRYING)
    ]
    if not wrong:
        return None
    at, key = max(wrong)
    return {"record": str(key), "reason": entries[key].reason, "at": local(at, zone)}


async def _drift(bridge: Bridge, name: str) -> dict[str, Any] | None:
    """`{"age", "at", "looked", "records": {record: [attributes]}, "orphans": {account: id}}`, or None yet."""
    last = await bridge.backend.drifts(name).last()
    if last is None or not (last.looked or last.unseen or last.orphans):
        return None
    records = {record: list(fields) for record, fields in last.records.items()}
    age = round(time.time() - last.at, 1)
    return {
        "age": age,
        "at": last.at,
        "looked": last.looked,
        "records": records,
        "orphans": dict(last.orphans),
    }


async def _budget(bridge: Bridge, name: str) -> dict[str, int] | None:
    """`{"used", "limit"}`: calls of the last 24 hours, where the target takes few; None elsewhere."""
    limit = bridge.routes[name].settings.calls_per_day
    return None if limit is None else {"used": await bridge.backend.budget(name).used(), "limit": limit}


async def _publication(bridge: Bridge, name: str, entries: Iterable[Entry]) -> dict[str, Any] | None:
    """`{"age", "at", "file", "rows", "waiting", "trouble"}` of what was published last; None: nothing was.

    `waiting`: how many records were changed since.
    """
    last = await bridge.backend.publications(name).last()
    if not last.at and not last.trouble:
        return None
    waiting = sum(1 for entry in entries if entry.at > last.seen and entry.outcome in _CHANGES)
    age = round(time.time() - last.at, 1) if last.at else None
    return {
        "age": age,
        "at": last.at or None,
        "file": last.name,
        "rows": last.rows,
        "waiting": waiting,
        "trouble": last.trouble,
    }
