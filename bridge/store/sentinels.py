"""Which Redis is the primary, by the word of most of its Sentinels, and nobody's else.

A Redis that was cut off from its replicas goes on believing that it is the primary, and takes writes that are
thrown away when it comes back. A single Sentinel may have been cut off together with it. So the primary is
what more than half of all configured Sentinels name; where so many do not agree, there is none, and nothing
is read or written. https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.sentinel import MasterNotFoundError, SentinelConnectionPool
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from bridge.logs import get_logger

log = get_logger("redis")

LOOK_EVERY = 1.0
"""Seconds between looks: for so long, and as long as an answer takes, a former primary may be spoken to."""

PATIENCE = 1.0
"""Seconds for the answer of a Sentinel."""

Address = tuple[str, int]


class SentinelRefused(RedisError):
    """A Sentinel does not take the user name or password."""


class Sentinels:
    """All Sentinels of one primary. `options` say how to speak to them."""

    def __init__(self, addresses: Sequence[Address], **options: Any) -> None:
        how: dict[str, Any] = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, **options}
        self._all = [Redis(host=host, port=port, decode_responses=True, **how) for host, port in addresses]

    async def discover_master(self, service: str) -> Address:
        """Where the primary is. Raises MasterNotFoundError where most of them do not agree on one."""
        answers = await asyncio.gather(*(self._ask(one, service) for one in self._all))
        (address, votes), *_ = Counter(answers).most_common(1)
        if address is not None and 2 * votes > len(self._all):
            return address
        heard = sum(answer is not None for answer in answers)
        raise MasterNotFoundError(
            f"{heard} of {len(self._all)} Sentinels name a primary for {service}, and more than half of all"
            " have to name the same one"
        )

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(one.aclose() for one in self._all))

    async def _ask(self, one: Redis, service: str) -> Address | None:
        sentinel: Any = one  # redis-py's commands for them carry no types
        try:
            found = await sentinel.sentinel_get_master_addr_by_name(service)
        except (AuthenticationError, NoPermissionError):
            raise SentinelRefused from None
        except (RedisError, OSError):
            return None
        return (found[0], int(found[1])) if found else None


@asynccontextmanager
async def followed(pool: SentinelConnectionPool) -> AsyncIterator[None]:
    """As long as the context lasts, break what is said to a Redis that is the primary no more."""
    watching = asyncio.create_task(_follow(pool))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await pool.sentinel_manager.close()


async def _follow(pool: SentinelConnectionPool) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            now: Address | None = await pool.sentinel_manager.discover_master(pool.service_name)
        except (RedisError, OSError):
            now = None
        former = pool.master_address
        if former is not None and now != former:
            log.warning(
                "redis has another primary" if now else "redis has no primary that its sentinels agree on"
            )
            pool.master_address = None  # whoever connects next asks
            await pool.disconnect(inuse_connections=True)
