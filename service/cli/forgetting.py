"""`forget`: erases what the bridge stores about one person, for good."""

from __future__ import annotations

import time
from typing import Any

from bridge.errors import ConfigurationError
from bridge.model import Key, Kind
from bridge.store.audit import operator
from service.cli.assembly import Bridge
from service.cli.planning import person_key


async def find(bridge: Bridge, who: str) -> Key:
    """The person's key. Raises ConfigurationError for nobody, and for a team."""
    key = Key(Kind.PERSON, who.removeprefix("person:"))
    if await bridge.backend.records.get(key) is None and key not in await bridge.backend.forgotten.all():
        known = await bridge.backend.records.known()
        key = person_key(known, who)
    if key.kind is not Kind.PERSON:
        raise ConfigurationError(f"{key} is a team: only people are forgotten")
    return key


async def forget(bridge: Bridge, key: Key) -> dict[str, Any]:
    """Let the person never be read in again, then erase everything. Returns what, and how many of it.

    The order matters: after a crash the tombstone is there, and running it again erases the rest. Accounts at
    the targets stay as they are.
    """
    now = time.time()
    await bridge.backend.forgotten.add(key, now)
    targets = sorted(bridge.routes.keys() | await bridge.backend.targets())
    accounts = [name for name in targets if await bridge.backend.ledger(name).links([str(key)])]
    erased = await bridge.backend.forgotten.erase(key, targets)
    erased["jobs"] = sum([await bridge.backend.queue.withdraw(name, key) for name in targets])
    await bridge.backend.audit.note("forgotten", now, by=operator())
    return {"record": str(key), "erased": erased, "accounts_left": accounts}
