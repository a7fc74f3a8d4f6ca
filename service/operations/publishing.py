"""Sees to it that a run that ends has published what it has delivered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

from redis.exceptions import RedisError

from bridge.errors import StoreUnavailable, unforeseen
from service.operations.draining import Waits, drained
from workers.delivery.deliver import Deliverer
from workers.delivery.publishing import CHECK_INTERVAL, Left, Publishing
from workers.targets.base import Publisher


async def published(
    carriers: Iterable[Deliverer],
    waits: Waits,
    patience: float,
    show: Callable[[Mapping[str, int]], None],
    stop: asyncio.Event,
) -> dict[str, Left]:
    """Publish what is due, by target what is left and why. What may come right soon is tried again.

    What is lost of a target's rows is delivered first, by the workers that run.
    """
    found: dict[str, Left] = {}
    for carrier in carriers:
        if not isinstance(carrier.target, Publisher):
            continue
        publishing, end = (
            Publishing(carrier, carrier.target, waits.bridge.backend),
            time.monotonic() + patience,
        )
        left = await _tried(publishing)
        while left and left.soon and not stop.is_set() and time.monotonic() < end:
            await asyncio.sleep(CHECK_INTERVAL)
            await drained(waits, patience, show, stop)
            if await carrier.gate.paused():
                break
            left = await _tried(publishing)
        if left:
            found[carrier.route.name] = left
    return found


async def _tried(publishing: Publishing) -> Left | None:
    """Publish if it is time. Raises what Redis raises."""
    try:
        return await publishing.publish_if_due()
    except (RedisError, OSError, StoreUnavailable):
        raise
    except Exception as error:  # noqa: BLE001 - the other targets' runs end well, whatever it is
        return Left(str(unforeseen(error)), failed=True, soon=True)
