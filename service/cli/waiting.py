"""How a process waits for the key that opens what is in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError, Unreadable
from bridge.logs import get_logger
from bridge.metrics import Metrics
from bridge.store.backend import open_backend
from service.web.server import serving

log = get_logger("bridge")

RETRY_INTERVAL = 1.0  # seconds between looks for a key


async def readable(configured: Callable[[], BridgeSettings]) -> BridgeSettings:
    """The settings, when their keys open what is in Redis; until then say once what lacks, and wait.

    So a key can be changed in any order: nobody restarts for ever, and nobody goes on without it.
    """
    values = configured()
    if not (reason := await _unreadable(values)):
        return values
    log.warning("waits for a key", reason=reason)

    async def alive() -> list[str]:
        return []

    async def ready() -> list[str]:
        return [reason]

    async with serving(values.web, Metrics(), alive=alive, ready=ready):
        while reason:
            await asyncio.sleep(RETRY_INTERVAL)
            with suppress(ConfigurationError):  # it is being changed
                values = configured()
            reason = await _unreadable(values)
    log.info("has the key, and starts")
    return values


async def _unreadable(values: BridgeSettings) -> str:
    """Why the keys do not open what is in a shared Redis, or ''."""
    if values.redis.is_private:
        return ""
    try:
        async with open_backend(values.redis, values.encryption.texts(), account=values.redis.prefix):
            return ""
    except Unreadable as error:
        return str(error)
