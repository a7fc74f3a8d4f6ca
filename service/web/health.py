"""What a long-running process says of itself: to /healthz, /readyz and /metrics."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from redis.exceptions import RedisError

from bridge.errors import StoreUnavailable, Unreadable
from bridge.logs import get_logger
from bridge.store.trouble import trouble
from service.operations.assembly import Bridge
from service.watch.poller import Poller
from service.web.server import STALL_LIMIT
from workers.main import Workers

log = get_logger("bridge")

_WARNINGS = 60.0  # seconds between looks at how Redis is configured


class Health:
    """What /healthz and /readyz ask."""

    def __init__(self, bridge: Bridge, the_poller: Poller | None, the_workers: Workers | None) -> None:
        self._bridge = bridge
        self._poller = the_poller
        self._workers = the_workers
        self.warnings: list[str] = []

    async def run(self) -> None:
        """Say once what about Redis may cost data later, and once that it has been mended."""
        while True:
            with suppress(Exception):  # Redis is away, or answers what nobody foresaw: no reason to end
                found = await self._bridge.backend.warnings()
                for warning in found:
                    if warning not in self.warnings:
                        log.warning("redis may lose data", reason=warning)
                if self.warnings and not found:
                    log.info("redis keeps its data now")
                self.warnings = found
                self._bridge.metrics.standing.redis_warnings = len(found)
            await asyncio.sleep(_WARNINGS)

    async def look(self) -> None:
        """Read what the metrics are to say."""
        standing = self._bridge.metrics.standing
        standing.kenjo_up = self._poller.kenjo_up if self._poller else None
        try:
            await standing.read(self._bridge.backend, self._bridge.routes)
        except (RedisError, OSError, Unreadable):  # said by the loops; /readyz tells
            standing.forget()

    async def stuck(self) -> list[str]:
        """Loops that do not move: a restart would help."""
        found = []
        if self._poller and self._poller.stalled(STALL_LIMIT):
            found.append("the poll loop does not move")
        if self._workers:
            found += [f"the worker of {name} does not move" for name in self._workers.stalled(STALL_LIMIT)]
        return found

    async def missing(self) -> list[str]:
        """What is not there yet: a Redis that can be written to, the key in use, or a first snapshot."""
        try:
            await self._bridge.backend.ready()
            seen = await self._bridge.backend.records.last_snapshot()
        except (StoreUnavailable, Unreadable) as error:
            return [str(error)]
        except (RedisError, OSError) as error:
            return [trouble(error)]
        if self._poller and self._poller.leads and seen is None:
            return ["no snapshot of Kenjo has been accepted yet"]
        return []
