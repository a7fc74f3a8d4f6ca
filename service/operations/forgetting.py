"""`forget`: erases what the bridge stores about one person, for good."""

from __future__ import annotations

import time
from typing import Any

from bridge.errors import ConfigurationError
from bridge.model import Key, Kind
from bridge.store.audit import operator
from service.operations import closing
from service.operations.assembly import Bridge
from service.operations.finding import find as find_record
from service.operations.naming import literal


async def find(bridge: Bridge, who: str) -> Key:
    """The person's key. Raises ConfigurationError for nobody, for several, and for a team."""
    begun = await _begun(bridge)
    key = next((one for one in literal(who) if one in begun), None) or await find_record(bridge, who)
    if key.kind is not Kind.PERSON:
        raise ConfigurationError(f"{key} is a team: only people are forgotten")
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
    there = await closing.held(bridge, key)
    await closing.take_back(bridge, key, there, close=close)
    now = time.time()
    await bridge.backend.forgotten.add(key, now)
    targets = sorted(bridge.routes.keys() | await bridge.backend.targets())
    erased = await bridge.backend.forgotten.erase(key, targets)
    erased["jobs"] = sum([await bridge.backend.queue.withdraw(name, key) for name in targets])
    await bridge.backend.forgotten.left(key)
    await bridge.backend.audit.note("forgotten", now, by=operator())
    accounts = [name for name, one in there.items() if one.account]
    still_open = [name for name, one in there.items() if one.open and not close]
    return {"record": str(key), "erased": erased, "accounts_left": accounts, "open": still_open}


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
