"""`holds`: what waits for a person, and the decision."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection
from typing import Any
from zoneinfo import ZoneInfo

from bridge.commands import command
from bridge.errors import ConfigurationError, NotThere
from bridge.model import Key, Kind
from bridge.printable import some
from bridge.store import Hold
from bridge.store.audit import Noted, operator
from bridge.store.holds import FIRST_CONTACT, ORPHANS
from bridge.store.queue import URGENT, Due
from service.operations import finding
from service.operations.assembly import Bridge
from service.operations.times import local
from service.watch.holding import set_apart
from workers.delivery.drift import hold_on_orphans


async def find(bridge: Bridge, id_: str) -> Hold:
    """One hold. Raises NotThere that names those there are."""
    hold = await bridge.backend.holds.get(id_)
    if hold is None:
        there = ", ".join(hold.id for hold in await bridge.backend.holds.all()) or "none"
        raise NotThere(f"there is no hold '{id_}' (there is: {there})")
    return hold


async def decide(
    bridge: Bridge,
    id_: str,
    *,
    approve: bool,
    by: str | None,
    seen: str = "",
    only: Collection[str] | None = None,
) -> Hold:
    """Approve or reject, in somebody's name. What was approved is delivered at once where a worker runs.

    `seen`: the version that was looked at. `only`: keys of the records that are decided on; the others stay
    held until somebody decides on them, however few they are. Returns what was decided on. Raises
    ConfigurationError when the hold is another one by now, or these cannot be decided on alone.
    """
    hold, who, now = await find(bridge, id_), by or operator(), time.time()
    if seen and seen != hold.version:
        raise ConfigurationError(
            f"the hold '{id_}' has changed since: it {hold.reason}; nothing was decided, look at it again"
            f" with {command('holds show', id_)}"
        )
    others = set() if only is None else _others(hold, only, approve=approve)
    if not approve:
        hold = await _reject(bridge, hold, others, who, now)
    elif others:
        rest = await _rest(bridge, hold, others, now)
        hold = dataclasses.replace(hold, keys=tuple(key for key in hold.choosable if key not in others))
        await _approve(bridge, hold, rest, who, now)
    else:
        await _approve(bridge, hold, None, who, now)
    facts = {"hold": hold.id, **({"target": hold.target} if hold.target else {}), "by": who}
    word: Noted = "approved" if approve else "rejected"
    await bridge.backend.audit.note(word, now, **facts, records=len(hold.keys))
    return hold


async def picked(bridge: Bridge, id_: str, named: Collection[str]) -> list[str]:
    """The records of a hold that somebody names: by key, id, name, e-mail address or number.

    Raises WhoIsMeant.
    """
    hold, found = await find(bridge, id_), []
    for one in named:
        literal = [key for key in hold.keys if one in (key, Key.parse(key).id)]
        found.append(literal[0] if len(literal) == 1 else str(await finding.find(bridge, one)))
    return found


def _others(hold: Hold, only: Collection[str], *, approve: bool) -> set[str]:
    """Those on whom is not decided. Raises ConfigurationError where `only` cannot be decided on alone."""
    if not hold.choosable:
        raise ConfigurationError(f"the hold '{hold.id}' is about the whole: approve or reject all of it")
    if not only:
        raise ConfigurationError("nobody was chosen: choose on whom you decide; nothing was decided")
    if strangers := sorted(set(only).difference(hold.choosable)):
        raise ConfigurationError(
            f"the hold '{hold.id}' cannot be decided for {some(strangers)}: choose among those whom it shows;"
            " groups that wait along go with their people"
        )
    if hold.kind == ORPHANS and not approve:
        raise ConfigurationError(
            f"the hold '{hold.id}' is rejected as a whole: approve first those who are to go, the others stay"
        )
    return set(hold.choosable).difference(only)


async def _rest(bridge: Bridge, hold: Hold, others: Collection[str], now: float) -> Hold:
    """What stays held when some are decided on."""
    if hold.kind != ORPHANS:
        return set_apart(hold, others, now)
    last = await bridge.backend.drifts(hold.target).last()  # workers find them anew at their next look
    there = last.orphans if last else {}
    left = {account: id_ for account, id_ in there.items() if str(Key(Kind.PERSON, id_)) in others}
    return dataclasses.replace(hold_on_orphans(hold.target, left, now), since=hold.since)


async def _approve(bridge: Bridge, hold: Hold, rest: Hold | None, by: str, now: float) -> None:
    await bridge.backend.holds.approve(hold, by, now, rest)
    if hold.kind == FIRST_CONTACT:
        await bridge.backend.gate(hold.target).resume()
    if hold.kind == ORPHANS:
        await _claim_orphans(bridge, hold)
    if hold.target:
        due = [Due(Key.parse(name), URGENT) for name in hold.keys]
        await bridge.backend.queue.add(hold.target, due, now)


async def _reject(bridge: Bridge, hold: Hold, others: Collection[str], by: str, now: float) -> Hold:
    """What is rejected: where there are others, a hold of its own, and they are in another one."""
    holds = bridge.backend.holds
    if not others:
        await holds.reject(hold, by, now)
        return hold
    rejected = set_apart(hold, [key for key in hold.choosable if key not in others], now)
    await holds.put(set_apart(hold, others, now))
    await holds.reject(rejected, by, now)
    await holds.withdraw(hold.id)
    return rejected


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
        "choosable": list(hold.choosable),
    }
