"""`forget`: erases what the bridge stores about one person, for good; and who is forgotten, and an undo."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.commands import command
from bridge.errors import ConfigurationError, Unreadable
from bridge.model import Key, Kind, Stored
from bridge.store.audit import operator
from bridge.store.queue import Due
from bridge.store.tombstones import AtKenjo, Tombstone
from service.operations import closing
from service.operations.assembly import Bridge
from service.operations.finding import find as find_record
from service.operations.naming import literal
from service.operations.times import local, told


async def find(bridge: Bridge, who: str) -> Key:
    """The person's key. Raises ConfigurationError for nobody, for several, and for a team."""
    begun = await _begun(bridge)
    key = next((one for one in literal(who) if one in begun), None) or await find_record(bridge, who)
    if key.kind is not Kind.PERSON:
        raise ConfigurationError(f"{key} is a group: only people are forgotten")
    return key


async def _begun(bridge: Bridge) -> set[Key]:
    """Who is forgotten, or was about to be, also where the mark cannot be read: it is made anew."""
    return await bridge.backend.forgotten.named() | await bridge.backend.forgotten.leaving()


async def forget(bridge: Bridge, key: Key, *, close: bool = False) -> dict[str, Any]:
    """Take back what refers to the person, let them never be read in again, then erase everything.

    The order matters: a kill leaves the mark that they are leaving, or the tombstone, and running it again
    does the rest. `close`: deactivate their accounts first; else these stay as they are. Raises
    ConfigurationError, before anything is erased, when a target does not take back what it was given.
    """
    there, stored = await closing.held(bridge, key), await bridge.backend.records.get(key)
    former, cut_short = await _former(bridge, key), key in await bridge.backend.forgotten.leaving()
    await closing.take_back(bridge, key, there, close=close)
    now = time.time()
    still_open = [name for name, one in there.items() if one.open and not close]
    open_at = {*still_open, *(former.open if cut_short else ())}  # after a whole run, it was closed by hand
    await bridge.backend.forgotten.add(key, now, open_at, _at_kenjo(stored) if stored else former.kenjo)
    targets = sorted(bridge.routes.keys() | await bridge.backend.targets())
    erased = await bridge.backend.forgotten.erase(key, targets)
    erased["jobs"] = sum([await bridge.backend.queue.withdraw(name, key) for name in targets])
    await bridge.backend.forgotten.left(key)
    await bridge.backend.audit.note("forgotten", now, by=operator())
    accounts = [name for name, one in there.items() if one.account]
    return {"record": str(key), "erased": erased, "accounts_left": accounts, "open": still_open}


async def _former(bridge: Bridge, key: Key) -> Tombstone:
    """What was noted when they were forgotten before, as far as it can be read: it is made anew."""
    try:
        return (await bridge.backend.forgotten.tombstones()).get(key, Tombstone(0.0))
    except Unreadable:
        return Tombstone(0.0)


def _at_kenjo(stored: Stored) -> AtKenjo:
    return AtKenjo.LEFT if stored.leaves else AtKenjo.ACTIVE


async def refuse_without_yes(bridge: Bridge, key: Key) -> None:
    """Say what would stay, and how to close it first. Raises ConfigurationError."""
    there = await closing.held(bridge, key)
    lines = [f"{key} would be erased for good: run it again with --yes"]
    lines += [one.sentence(name) for name, one in there.items()]
    if any(one.open for one in there.values()):
        lines.append("open accounts stay open, unless you close them first: --close --yes")
    if any(one.groups or one.people for one in there.values()):
        lines.append("memberships and managers that the bridge gave are taken back")
    raise ConfigurationError("\n".join(lines))


async def forgotten(bridge: Bridge) -> list[dict[str, Any]]:
    """Everybody who is forgotten, the latest last: `{record, at, kenjo, open, whole}`.

    `kenjo`: a word of AtKenjo; `open`: targets where an account was left open; `whole`: whether everything
    was erased, or a run was ended before that.
    """
    stones, begun = await bridge.backend.forgotten.tombstones(), await bridge.backend.forgotten.leaving()
    rows = [
        {
            "record": str(key),
            "at": local(stone.at, bridge.values.zone),
            "kenjo": str(stone.kenjo),
            "open": list(stone.open),
            "whole": key not in begun,
        }
        for key, stone in sorted(stones.items(), key=lambda one: (one[1].at, one[0]))
    ]
    missing = sorted(begun - stones.keys())
    return rows + [
        {"record": str(key), "at": None, "kenjo": str(AtKenjo.UNSEEN), "open": [], "whole": False}
        for key in missing
    ]


def reminders(rows: list[dict[str, Any]]) -> Iterator[str]:
    """What somebody has to do about those who are forgotten, a sentence each. `rows`: from `forgotten`."""
    yield from filter(None, map(reminder, rows))


def reminder(row: Mapping[str, Any]) -> str:
    """What somebody has to do about one who is forgotten; "" for nothing. `row`: one of `forgotten`."""
    who = row["record"]
    if not row["whole"]:
        return f"{who} is not forgotten wholly, as that was cut short: {command('forget', who, '--yes')}"
    if row["kenjo"] == AtKenjo.BACK:
        return (
            f"{who}, who was forgotten, is active at Kenjo again and gets nothing. If they are to be"
            f" served: {command('forget', who, '--undo', '--yes')}"
        )
    if row["kenjo"] == AtKenjo.LEFT and row["open"]:
        return (
            f"{who}, who was forgotten, has left, and nobody closes the account at"
            f" {', '.join(row['open'])}. Close it there; this then ends the warning:"
            f" {command('forget', who, '--yes')}"
        )
    return ""


async def undo(bridge: Bridge, who: str, *, late: bool) -> Key:
    """Let somebody be read in again, with all that refers to them. `late`: also after a poll.

    What was erased stays so: the next poll reads them from Kenjo, and finds their accounts. Raises
    ConfigurationError for somebody who is not forgotten, and when it is too late.
    """
    key, gone = await find(bridge, who), bridge.backend.forgotten
    if key not in await _begun(bridge):
        raise ConfigurationError(f"{key} is not forgotten: {command('forget --list')} shows who is")
    stone = (await gone.tombstones()).get(key)
    polled = (await bridge.backend.records.last_snapshot() or {"at": 0.0})["at"]
    if stone and polled > stone.at and not late:
        when = told(local(stone.at, bridge.values.zone))
        raise ConfigurationError(
            f"it is too late to undo that: {key} was forgotten at {when}, and a poll has gone on without"
            " them. To let them be read in anew, as somebody whom the bridge has never seen, run it again"
            " with --yes"
        )
    await gone.left(key)
    await gone.remove(key)
    known, now = await bridge.backend.records.known(), time.time()
    about = [one for one, stored in known.items() if one == key or key.id in _refers_to(stored)]
    for name in bridge.routes:  # what was taken back is at no target, and no record has changed
        await bridge.backend.ledger(name).doubt(about)
        await bridge.backend.queue.add(name, [Due(one) for one in about], now)
    await bridge.backend.audit.note("readmitted", now, record=str(key), by=operator())
    return key


def _refers_to(stored: Stored) -> set[str]:
    """The ids of a group's members, or of a person's manager."""
    data = stored.record.data
    work = data.get("work") or {}
    manager = (work.get("manager") or {}).get("id")
    return {str(id_) for id_ in (*(data.get("members") or ()), manager, work.get("reportsToId")) if id_}
