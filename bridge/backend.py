"""Redis and everything that lives there, opened once by each process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import AuthenticationError, OutOfMemoryError, RedisError

from bridge.codec import Codec
from bridge.errors import ConfigurationError, StoreUnavailable
from bridge.pace import Pace
from bridge.queue import Queue, deserialize, serialize
from bridge.store import Audit, Continuity, Forgotten, Gate, Holds, Keys, Lease, Ledger, Records
from bridge.store.connection import Connection
from bridge.store.rekey import rekey

_TIMEOUT = 10.0  # seconds for one Redis command: a stopped server must not stop us for ever


FULL = "Redis is full: give it more memory (nothing is lost; maxmemory-policy has to be noeviction)"
AWAY = "Redis does not answer; check redis.url"


def trouble(error: Exception) -> str:
    """What an error of Redis means, in a sentence."""
    full = isinstance(error, OutOfMemoryError) or "OOM" in str(error)  # the latter out of a script
    return FULL if full else AWAY


@dataclass(frozen=True, slots=True)
class Backend:
    """One account's state. `redis` is for arq and for `ping`; everything else goes through the parts."""

    redis: ArqRedis
    keys: Keys
    codec: Codec

    @property
    def _connection(self) -> Connection:
        return cast("Connection", self.redis)  # redis-py declares every answer as "maybe awaitable"

    @property
    def records(self) -> Records:
        """What Kenjo says."""
        return Records(self._connection, self.keys, self.codec)

    @property
    def queue(self) -> Queue:
        """The targets' queues."""
        return Queue(self.redis, self.keys)

    def ledger(self, target: str) -> Ledger:
        """What a target has been given."""
        return Ledger(self._connection, self.keys, self.codec, target)

    def gate(self, target: str) -> Gate:
        """Whether a target may be called."""
        return Gate(self._connection, self.keys, target)

    @property
    def continuity(self) -> Continuity:
        """Whether Redis may have forgotten something."""
        return Continuity(self._connection, self.keys)

    @property
    def holds(self) -> Holds:
        """What waits for a person."""
        return Holds(self._connection, self.keys)

    @property
    def audit(self) -> Audit:
        """Who did what when."""
        return Audit(self._connection, self.keys)

    @property
    def forgotten(self) -> Forgotten:
        """Who was erased for good."""
        return Forgotten(self._connection, self.keys)

    async def targets(self) -> set[str]:
        """The targets of which something is stored, whether they are configured still or not."""
        found = set()
        for what in ("ledger", "links", "owners", "pending", "claims", "queue"):
            async for name in self._connection.scan_iter(match=self.keys.at("*", what), count=1000):
                found.add(self.keys.target_of(name.decode()))
        return found

    async def rekey(self) -> int:
        """Seal everything with the current key; returns how many values were changed."""
        return await rekey(self._connection, self.keys, self.codec, await self.targets())

    def lease(self) -> Lease:
        """A new contender for the right to poll."""
        return Lease(self._connection, self.keys)

    def pace(self, target: str, rate: float) -> Pace:
        """The shared rate of a target; up to a second's worth may go at once."""
        return Pace(self._connection, self.keys, target, rate, burst=max(1, int(rate)))

    async def ping(self) -> None:
        """Raise StoreUnavailable, with the reason, unless Redis answers and accepts our credentials."""
        try:
            await self.redis.ping()
        except AuthenticationError:
            raise StoreUnavailable("Redis refused the user name or password in redis.url") from None
        except (RedisError, OSError) as error:
            raise StoreUnavailable(
                f"Redis does not answer ({type(error).__name__}); check redis.url"
            ) from None


async def attach(redis: ArqRedis, encryption_keys: Sequence[str]) -> Backend:
    """The state behind an open connection. The first to come makes the pepper of the fingerprints."""
    keys, codec = Keys(), Codec(encryption_keys)
    place = keys.of("pepper")
    if await redis.get(place) is None:  # looking must be possible in a Redis that is full
        await redis.set(place, codec.seal(secrets.token_hex(32), place), nx=True)
    pepper = bytes.fromhex(codec.open(await redis.get(place), place))
    return Backend(redis, keys, Codec(encryption_keys, pepper))


@asynccontextmanager
async def open_backend(url: str, encryption_keys: Sequence[str] = ()) -> AsyncIterator[Backend]:
    """Connect to the Redis at `url`. Raises ConfigurationError (address) or StoreUnavailable."""
    try:
        pool = ConnectionPool.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
    except ValueError:
        raise ConfigurationError("redis.url must start with redis://, rediss:// or unix://") from None
    pool.connection_class = _cancellable(pool.connection_class)
    redis = ArqRedis(connection_pool=pool, job_serializer=serialize, job_deserializer=deserialize)
    try:
        await Backend(redis, Keys(), Codec()).ping()
        yield await attach(redis, encryption_keys)
    finally:
        await redis.aclose(close_connection_pool=True)


def _cancellable(connection: type[AbstractConnection]) -> type[AbstractConnection]:
    """The connection, without `asyncio.wait_for` around its writes.

    On Python 3.11 that returns normally when a task is cancelled just as the write is done
    (python/cpython#86296): the task never hears of its cancellation, and the process never ends.
    """

    class Cancellable(connection):  # type: ignore[misc, valid-type]
        socket_timeout: float | None

        async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            limit, self.socket_timeout = self.socket_timeout, None
            try:
                async with asyncio.timeout(limit):
                    await super().send_packed_command(command, check_health)
            finally:
                self.socket_timeout = limit

    return Cancellable
