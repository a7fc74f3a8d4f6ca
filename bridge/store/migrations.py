"""In which format an account's state stands, and how an older one becomes the present one.

`keys.SCHEMA` is for a state that can be read no more and is found anew. A format is for one that can be
carried over: a migration per step, run at the start of the first process of a new version.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from redis.exceptions import RedisError

from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.logs import get_logger
from bridge.store.connection import Connection
from bridge.store.keys import Keys, number
from bridge.store.records import Lease

Migration = Callable[[Connection, Keys], Awaitable[None]]
"""Makes one format the next. It may be cut short anywhere, and is then run again from its beginning."""

MIGRATIONS: Mapping[int, Migration] = {}
"""By the format from which they lead."""

FORMAT = 1
"""What this version writes: one more than the last of MIGRATIONS leads from."""

ALIVE = 30.0
"""Seconds for which a process counts as alive after it was last heard of."""

_BEAT = 10.0
_PATIENCE = 60.0  # seconds to wait for another process of this version that migrates
_LOOK = 0.2
_GOODBYE = 1.0  # seconds at most; one that says none counts for ALIVE

log = get_logger("redis")


def newer(found: int, known: int = FORMAT) -> str:
    """What is wrong with a state of a later version, or ''."""
    if found <= known:
        return ""
    return (
        f"Redis holds the state of a newer kenjo-bridge (format {found}; this version knows {known}): start"
        " that version again, or restore a back-up from before the upgrade"
    )


class Format:
    """The format of one account's state. `known` and `migrations` are this version's."""

    def __init__(
        self,
        redis: Connection,
        keys: Keys,
        known: int = FORMAT,
        migrations: Mapping[int, Migration] = MIGRATIONS,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._known = known
        self._migrations = migrations

    async def found(self) -> int:
        """The format of what is there; of nothing at all, the present one."""
        if stored := await self._redis.get(self._keys.of("format")):
            return number(stored)
        # What was written before formats were counted has a pepper, as whatever came after, and no number.
        return 1 if await self._redis.get(self._keys.of("pepper")) else self._known

    async def bring_up(self) -> None:
        """Migrate what is older. To be called before anything is read.

        Raises ConfigurationError for a newer state, and while older processes live; StoreUnavailable.
        """
        waited = 0.0
        while (now := await self.found()) < self._known:
            if await self._try(now):
                continue
            if waited > _PATIENCE:
                raise StoreUnavailable("another process migrates Redis, or polls: start again later")
            await asyncio.sleep(_LOOK)
            waited += _LOOK
        if wrong := newer(now, self._known):
            raise ConfigurationError(wrong)
        if not await self._redis.get(self._keys.of("pepper")):  # so that looking writes nothing later
            await self._redis.set(self._keys.of("format"), str(self._known), nx=True)

    async def _try(self, now: int) -> bool:
        """Take one step, unless somebody else holds the lease. Whether it was taken."""
        if others := await self.older():
            raise ConfigurationError(
                f"an older kenjo-bridge still uses this Redis (processes: {others}): stop it, then start this"
                f" version (a killed process counts for {ALIVE:.0f} s)"
            )
        lease = Lease(self._redis, self._keys)  # nobody polls meanwhile, of whatever version
        if not await lease.acquire():
            return False
        try:
            if await self.found() == now:
                await self._step(now, lease)
        finally:
            await lease.release()
        return True

    async def _step(self, now: int, lease: Lease) -> None:
        log.info("migrates what is in redis", format=now, to=now + 1)
        running = asyncio.ensure_future(self._migrations[now](self._redis, self._keys))
        try:
            while not (await asyncio.wait([running], timeout=lease.ttl / 3))[0]:
                if not await lease.acquire():
                    raise StoreUnavailable("the right to migrate Redis was lost: start again")
            await running
        finally:
            running.cancel()
        await self._redis.set(self._keys.of("format"), str(now + 1))

    async def older(self) -> int:
        """How many processes of older formats are alive."""
        seconds, _ = await self._redis.time()
        alive = await self._redis.zrangebyscore(self._keys.of("processes"), seconds, "+inf")
        return sum(number(one.partition(b":")[0]) < self._known for one in alive)

    @asynccontextmanager
    async def used(self) -> AsyncIterator[None]:
        """Let others know that this process is alive, and of which format it is. Never fails."""
        name = f"{self._known}:{secrets.token_hex(8)}"
        beating = asyncio.create_task(self._beat(name), name="alive")
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._redis.zrem(self._keys.of("processes"), name)

    async def _beat(self, name: str) -> None:
        while True:
            with suppress(RedisError, OSError):  # a Redis that is away or full is told of elsewhere
                seconds, _ = await self._redis.time()
                await self._redis.zadd(self._keys.of("processes"), {name: seconds + ALIVE})
            await asyncio.sleep(_BEAT)
