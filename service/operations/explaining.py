"""`explain`: everything about one record, from what Kenjo says to what happens next, and why."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bridge.commands import command
from bridge.errors import BridgeError, ConfigurationError, RecordRejected
from bridge.exchange import Call, Reference
from bridge.mapping.environment import Environment
from bridge.model import Entry, Key, Kind, Lifecycle, Record, Stored
from bridge.store import Hold, Ledger
from service.kenjo.fields import ACCOUNTS, WORKS
from service.operations.alone import alone
from service.operations.assembly import Bridge, connected, kenjo
from service.operations.auditing import events_of
from service.operations.candidates import side_by_side
from service.operations.failures import unusable
from service.operations.finding import find
from service.operations.naming import literal
from service.operations.scopes import parts
from service.operations.sketching import Sketch
from service.operations.standing import NOT_STARTED, Stand, Standing, surroundings
from service.operations.steps import Step
from service.operations.telling import shown, step_json, word
from service.operations.times import local, local_or_none
from service.operations.unique import rows as unique_rows
from service.watch.judging import asking
from service.watch.pending import is_behind
from workers.connect import Connected

EVENTS = 10

_LIFECYCLES: Mapping[Lifecycle, str] = {
    Lifecycle.ACTIVE: "active in Kenjo, and between first and last day",
    Lifecycle.UPCOMING: "the first day has not come",
    Lifecycle.LEFT: "the last day has passed",
    Lifecycle.INACTIVE: "not active in Kenjo",
}


async def explain(bridge: Bridge, who: str, *, values: bool) -> dict[str, Any]:
    """The whole page for one person or team. Reads only. Raises ConfigurationError for a name of nobody."""
    stored = await _find(bridge, who)
    key = stored.record.key
    async with connected(bridge) as targets:
        sights = {name: await _target(bridge, one, stored, values=values) for name, one in targets.items()}
    lifecycle = await _lifecycle(bridge, stored) if key.kind is Kind.PERSON else None
    if first := lifecycle and _first_day(lifecycle, bridge.values.lead_days):
        for sight in sights.values():
            if sight["standing"]["why"].startswith(NOT_STARTED):
                sight["next"] = [{"what": first, "at": None}]
    return {
        "record": str(key),
        "revision": stored.revision,
        "seen": local(stored.at, bridge.values.zone),
        "gone": stored.gone,
        "fields": {name: shown(value, values) for name, value in _flat(stored.record.data)},
        "lifecycle": lifecycle,
        "unusable": [row["reason"] for row in await unusable(bridge) if row["record"] == str(key)],
        "targets": sights,
        "events": await events_of(bridge, str(key), EVENTS),
    }


async def _find(bridge: Bridge, who: str) -> Stored:
    """One record by whatever it is called. Raises ConfigurationError also where nothing is stored of it."""
    forgotten = await bridge.backend.forgotten.all()
    rows = {row["record"]: row["reason"] for row in await unusable(bridge)}
    told = (key for key in literal(who) if key in forgotten or str(key) in rows)
    key = next(told, None) or await find(bridge, who)
    if key in forgotten:
        raise ConfigurationError(f"{key} was forgotten: nothing is stored, and nothing is read in")
    if stored := await bridge.backend.records.get(key):
        return stored
    why = rows.get(str(key), f"the next poll reads them in, or {command('sync')} now")
    raise ConfigurationError(f"nothing is known of {key} yet: {why}")


async def _lifecycle(bridge: Bridge, stored: Stored) -> dict[str, Any]:
    """The lifecycle and the dates that make it, which are asked for: they are stored nowhere."""
    record = stored.record
    found: dict[str, Any] = {"is": str(record.lifecycle), "why": _LIFECYCLES[record.lifecycle]}
    if stored.gone:
        return {"is": "gone", "why": "Kenjo has no such person any more"}
    try:
        async with asking(bridge.backend), kenjo(bridge.values) as client:
            lists = await client.fetch((ACCOUNTS, WORKS))
    except BridgeError as error:
        return {**found, "kenjo": str(error)}
    rows = [row for name in (ACCOUNTS, WORKS) for row in lists[name] if _is_of(row, record)]
    merged = {name: value for row in rows for name, value in row.items()}
    dates = {name: str(merged[name])[:10] for name in ("startDate", "contractEnd") if merged.get(name)}
    return {**found, "isActive": merged.get("isActive"), **dates}


def _first_day(lifecycle: Mapping[str, Any], lead_days: int) -> str:
    """When somebody who has not started gets an account, in words; "" where that is not known."""
    try:
        day = date.fromisoformat(lifecycle["startDate"]) - timedelta(days=lead_days)
    except (KeyError, ValueError, OverflowError):
        return ""
    early = f", {lead_days} days before the first one" if lead_days else ""
    activated = "" if lifecycle["isActive"] else ", if Kenjo has them as active then"
    return f"an account from {day} on{early}{activated}"


def _is_of(row: Any, record: Record) -> bool:
    return isinstance(row, Mapping) and record.key.id in (row.get("_id"), row.get("employeeId"))


async def _target(bridge: Bridge, one: Connected, stored: Stored, *, values: bool) -> dict[str, Any]:
    route, name, key = one.route, one.route.name, stored.record.key
    ledger = bridge.backend.ledger(name)
    entry = await ledger.entry(key)
    linked = await ledger.links([str(key), *(entry.missing if entry else ())])
    hold = next((h for h in await bridge.backend.holds.all() if _holds(h, name, key)), None)
    now = time.time()
    around = await surroundings(bridge, name, now)
    stand = around.stand(stored, entry)
    behind = key in around.begun or is_behind(stored, entry, route.fingerprint, linked, now)
    step = None
    if route.serves(key.kind) and behind:
        step = await _step(one, ledger, stored, entry, {key}.intersection(around.begun))
    payload = await _payload(one, stored.record, ledger_links=ledger.links, values=values)
    if key.kind is Kind.PERSON:
        choices = step.choices if step else ()
        is_there = str(key) in linked
        payload += unique_rows(route, choices, entry, linked=is_there, values=values)
    return {
        "kind": route.settings.kind,
        "mode": route.settings.mode,
        "served": route.serves(key.kind),
        "scoped": key.kind is Kind.PERSON,
        "scope": _scope(bridge, one, stored.record),
        "payload": payload,
        "account": linked.get(str(key)),
        "ledger": _entry(entry, bridge.values.zone),
        "calls": [_call(call, bridge.values.zone) for call in await ledger.calls(key)],
        "step": step_json(step, values=values) if step else None,
        "candidates": await side_by_side(bridge, one, stored, entry, values=values),
        "hold": hold and {"id": hold.id, "state": hold.state, "reason": hold.reason},
        "standing": _stand_json(stand),
        "next": _next(stand, step, bridge.values.zone),
    }


async def _step(
    one: Connected, ledger: Ledger, stored: Stored, entry: Entry | None, begun: Collection[Key]
) -> Step:
    """What the next delivery of a record would do."""
    key = stored.record.key
    step, trouble = await alone(one, Sketch(ledger, {key: stored}), stored, entry, begun)
    return step or Step(key, "retrying", f"the target cannot be asked: {trouble}")


def _holds(hold: Hold, target: str, key: Key) -> bool:
    return hold.target == target and (str(key) in hold.keys or not hold.keys)


def _scope(bridge: Bridge, one: Connected, record: Record) -> dict[str, Any] | None:
    scope = one.route.scopes.get(record.key.kind)
    if scope is None:
        return None
    found = parts(scope.source, record, Environment(bridge.values.lookups, bridge.values.zone))
    return {
        "source": scope.source,
        "parts": [{"source": part.source, "value": part.value, "decides": part.decides} for part in found],
    }


async def _payload(
    one: Connected, record: Record, *, ledger_links: Any, values: bool
) -> list[dict[str, Any]]:
    """Each attribute with its expression and value; a reference with the record that it means."""
    sources = one.route.maps.get(record.key.kind, {})
    try:
        mapped = one.route.map(record)
    except (RecordRejected, KeyError) as error:
        return [{"attribute": "", "source": str(error), "value": None}]
    rows = []
    for attribute, value in mapped.items():
        items = value if isinstance(value, list) else [value]
        keys = [str(item.key) for item in items if isinstance(item, Reference)]
        row: dict[str, Any] = {"attribute": attribute, "source": sources[attribute].source}
        if attribute in one.route.once:
            row["once"] = True
        if keys:
            there = await ledger_links(keys)
            row["value"] = [key if key in there else f"{key} (not there yet)" for key in keys]
        else:
            row["value"] = shown(value, values)
        rows.append(row)
    return rows


def _entry(entry: Entry | None, zone: ZoneInfo) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {
        "state": str(entry.state),
        "outcome": str(entry.outcome),
        "revision": entry.revision,
        "reason": entry.reason,
        "attempts": entry.attempts,
        "candidates": list(entry.candidates),
        "missing": list(entry.missing),
        **{
            name: local_or_none(getattr(entry, name), zone)
            for name in ("at", "retry_at", "delete_at", "failed_since")
        },
    }


def _call(call: Call, zone: ZoneInfo) -> dict[str, Any]:
    return {**dataclasses.asdict(call), "at": local(call.at, zone)}


def _stand_json(stand: Stand) -> dict[str, Any]:
    return {"is": str(stand.standing), "why": stand.why, "helps": stand.helps or None}


def _next(stand: Stand, step: Step | None, zone: ZoneInfo) -> list[dict[str, Any]]:
    """What happens next: `{what, at}`, `at` where there is a time."""
    found: list[dict[str, Any]] = [{"what": stand.then, "at": local_or_none(stand.at, zone)}]
    if step and stand.standing in (Standing.WAITING, Standing.HELD):
        found.append({"what": f"{word(step)}, as things stand now", "at": None})
    return found


def _flat(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The fields of a record by dotted name."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
