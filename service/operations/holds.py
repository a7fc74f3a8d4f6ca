"""`holds`: what waits for a person, and the decision."""

from __future__ import annotations

import time
from typing import Any
from zoneinfo import ZoneInfo

from bridge.errors import ConfigurationError, NotThere
from bridge.model import Key, Kind
from bridge.store import Hold
from bridge.store.audit import Noted, operator
from bridge.store.holds import FIRST_CONTACT, ORPHANS
from bridge.store.queue import URGENT, Due
from service.operations.assembly import Bridge
from service.operations.times import local


async def find(bridge: Bridge, id_: str) -> Hold:
    """One hold. Raises NotThere that names those there are."""
    hold = await bridge.backend.holds.get(id_)
    if hold is None:
        there = ", ".join(hold.id for hold in await bridge.backend.holds.all()) or "none"
        raise NotThere(f"there is no hold '{id_}' (there is: {there})")
    return hold


async def decide(bridge: Bridge, id_: str, *, approve: bool, by: str | None, seen: str = "") -> Hold:
    """Approve or reject, in somebody's name. What was approved is delivered at once where a worker runs.

    `seen`: the version that was looked at. Raises ConfigurationError when the hold is another one by now.
    """
    hold, who, now = await find(bridge, id_), by or operator(), time.time()
    if seen and seen != hold.version:
        raise ConfigurationError(
            f"the hold '{id_}' has changed since: it {hold.reason}; nothing was decided, look at it again"
            f" with kenjo-bridge holds show {id_}"
        )
    if not approve:
        await bridge.backend.holds.reject(hold, who, now)
    else:
        await bridge.backend.holds.approve(hold, who, now)
        if hold.kind == FIRST_CONTACT:
            await bridge.backend.gate(hold.target).resume()
        if hold.kind == ORPHANS:
            await _claim_orphans(bridge, hold)
        due = [Due(Key.parse(name), URGENT) for name in hold.keys]
        if hold.target:
            await bridge.backend.queue.add(hold.target, due, now)
    facts = {"hold": hold.id, **({"target": hold.target} if hold.target else {}), "by": who}
    word: Noted = "approved" if approve else "rejected"
    await bridge.backend.audit.note(word, now, **facts, records=len(hold.keys))
    return hold


async def _claim_orphans(bridge: Bridge, hold: Hold) -> None:
    """Link orphans to the people whose ids they carry: the next poll asks Kenjo, and removes who is gone."""
    ledger, last = bridge.backend.ledger(hold.target), await bridge.backend.drifts(hold.target).last()
    for account, id_ in last.orphans.items() if last else ():
        key = Key(Kind.PERSON, id_)
        if str(key) in hold.keys and await ledger.own(account, key) == key:
            await ledger.link(key, account)


def as_json(hold: Hold, zone: ZoneInfo) -> dict[str, Any]:
    """A hold for `--json`, its time in a zone."""
    return {
        "id": hold.id,
        "version": hold.version,
        "target": hold.target,
        "kind": hold.kind,
        "count": hold.count,
        "limit": hold.limit,
        "reason": hold.reason,
        "since": local(hold.since, zone),
        "state": hold.state,
        "by": hold.by,
        "records": list(hold.keys),
    }
