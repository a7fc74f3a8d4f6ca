"""What pages show of everybody: read once for all who look, and anew only where something has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bridge.model import Entry, Key, Stored
from bridge.store.ledger import Opened
from service.operations.assembly import Bridge
from service.operations.standing import Stand, stands
from service.operations.status import target_status

FRESH = 2.0
"""Seconds for which a look is good enough for the next one who asks."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How everything stood `at` a moment (epoch seconds).

    `snapshot`: what Kenjo said last, as `bridge.store.records` notes it; `entries`: each target's ledger;
    `stands`: by target and record; `targets`: by name, what `status` says of it.
    """

    at: float = 0.0
    snapshot: Mapping[str, Any] | None = None
    known: Mapping[Key, Stored] = field(default_factory=dict)
    entries: Mapping[str, Mapping[Key, Entry]] = field(default_factory=dict)
    stands: Mapping[str, Mapping[Key, Stand]] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Board:
    """Holds the last sight. Many who look at the same time cost one look."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._last = Sight()
        self._renewed = 0.0  # a look that began before is over, also one that is under way
        self._ledgers: dict[str, Opened] = {}
        self._looking = asyncio.Lock()

    async def look(self, fresh: float = FRESH) -> Sight:
        """How everything stands, at most `fresh` seconds old. Raises what Redis raises."""
        async with self._looking:
            if time.time() - self._last.at > fresh or self._last.at <= self._renewed:
                self._last = await self._seen(self._last)
            return self._last

    def renew(self) -> None:
        """Let the next look be anew: something has just been done."""
        self._renewed = time.time()

    async def _seen(self, former: Sight) -> Sight:
        bridge, now = self._bridge, time.time()
        records = bridge.backend.records
        known = await records.known_since(former.known)
        entries, found, targets = {}, {}, {}
        for name in bridge.routes:
            opened = await bridge.backend.ledger(name).entries_since(self._ledgers.get(name, Opened()))
            self._ledgers[name], entries[name] = opened, opened.entries
            found[name] = await stands(bridge, name, known, opened.entries, now)
            targets[name] = await target_status(bridge, name, found[name], opened.entries)
        return Sight(now, await records.last_snapshot(), MappingProxyType(known), entries, found, targets)
