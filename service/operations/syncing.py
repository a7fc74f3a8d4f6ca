"""Bringing one record up to date now: Kenjo is read, and every target looked at, whatever the ledger says."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping

from bridge.errors import ConfigurationError, NotThere
from bridge.model import Key, Kind, Stored
from bridge.store.audit import operator
from bridge.store.queue import Due
from service.operations.alone import alone
from service.operations.assembly import Bridge, connected
from service.operations.plans import TargetPlan
from service.operations.polling import ask_for_poll
from service.operations.sketching import Sketch
from workers.connect import Connected


async def look(bridge: Bridge, key: Key) -> Mapping[str, TargetPlan]:
    """What would be done at each target, as Kenjo was read last. The targets are asked; nothing is written.

    Raises NotThere for a record of which nothing is stored.
    """
    stored = await _stored(bridge, key)
    async with connected(bridge, _serving(bridge, key.kind)) as targets:
        return {name: await _planned(bridge, one, stored) for name, one in targets.items()}


async def sync_now(bridge: Bridge, key: Key) -> None:
    """Let every target be looked at, in the operator's name, and Kenjo be read first if somebody watches it.

    Raises NotThere for a record of which nothing is stored.
    """
    await _stored(bridge, key)
    with contextlib.suppress(ConfigurationError):  # nobody watches Kenjo, or it was asked a moment ago
        await ask_for_poll(bridge)
    now = time.time()
    for name in _serving(bridge, key.kind):
        await bridge.backend.ledger(name).doubt([key])
        await bridge.backend.queue.add(name, [Due(key)], now)
        await bridge.backend.audit.note("read back", now, target=name, record=str(key), by=operator())


def _serving(bridge: Bridge, kind: Kind) -> list[str]:
    return [name for name, route in bridge.routes.items() if route.serves(kind)]


async def _stored(bridge: Bridge, key: Key) -> Stored:
    stored = await bridge.backend.records.get(key)
    if stored is None:
        raise NotThere(f"nothing is stored of {key}")
    return stored


async def _planned(bridge: Bridge, one: Connected, stored: Stored) -> TargetPlan:
    name, key = one.route.name, stored.record.key
    ledger = bridge.backend.ledger(name)
    step, trouble = await alone(one, Sketch(ledger, {key: stored}), stored, await ledger.entry(key), {key})
    paused = (await bridge.backend.gate(name).paused()).get("reason", "")
    return TargetPlan(steps=(step,) if step else (), paused=paused, trouble=trouble)
