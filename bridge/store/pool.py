"""Connections to Redis, mended where redis-py's asyncio ones are wrong or slow."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection, SSLConnection
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.connection import HiredisRespSerializer
from redis.exceptions import RedisError

from bridge.config.redis_settings import RedisSettings
from bridge.errors import ConfigurationError
from bridge.store import secured
from bridge.store.sentinels import Sentinels

TIMEOUT = 10.0
"""Seconds for one command: a server that has stopped must not stop us for ever."""


PORT = 6379
"""Where Redis listens if its address says nothing else."""

_NO_ADDRESS = (
    "redis.url must be an address such as redis://localhost:6379/0, rediss://... or unix:///run/redis.sock,"
    " with no options but those that redis-py knows"
)


def open_pool(values: RedisSettings) -> ConnectionPool:
    """Connections to the Redis that is configured, none made yet. Raises ConfigurationError."""
    files = secured.options(values)
    try:
        pool = ConnectionPool.from_url(
            values.address, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, **files
        )
        secured.believe_by_name(pool)
        pool.make_connection()  # type: ignore[no-untyped-call]  # unconnected: it says which options there are
        str(pool.connection_kwargs.get("host", "")).encode("idna")  # as it will be looked up
    except (ValueError, TypeError, AttributeError, RedisError):
        raise ConfigurationError(_NO_ADDRESS) from None
    if pool.connection_kwargs.get("decode_responses"):
        raise ConfigurationError("redis.url must not have decode_responses: what Redis holds is no text")
    if values.sentinels:
        pool = _of_sentinels(values, pool)
    pool.connection_class = _mended(pool.connection_class)
    return pool


def _of_sentinels(values: RedisSettings, pool: ConnectionPool) -> ConnectionPool:
    """Connections to whichever Redis the Sentinels name, made as those of `pool` would be."""
    options = {name: value for name, value in pool.connection_kwargs.items() if name not in ("host", "port")}
    encrypted = issubclass(pool.connection_class, SSLConnection)
    login = {name: value for name, value in options.items() if name.startswith("ssl_")}
    if values.sentinel_user:
        login["username"] = values.sentinel_user
    if values.sentinel_password:
        login["password"] = values.sentinel_password.get_secret_value()
    places = (one.rpartition(":") for one in values.sentinels)
    sentinels = Sentinels([(host.strip("[]"), int(port)) for host, _, port in places], ssl=encrypted, **login)
    made: Any = SentinelConnectionPool
    return cast("ConnectionPool", made(values.service, sentinels, ssl=encrypted, **options))


def _mended(connection: type[AbstractConnection]) -> type[AbstractConnection]:
    """The connection, without `asyncio.wait_for` around its writes, and with its commands packed by hiredis.

    On Python 3.11 `wait_for` returns normally when a task is cancelled just as the write is done
    (python/cpython#86296): the task never hears of its cancellation, and the process never ends. redis-py's
    asyncio connections pack argument by argument in Python, a tenth of the CPU of a large load; its other
    ones use hiredis.
    """
    packer = HiredisRespSerializer()

    class Mended(connection):  # type: ignore[misc, valid-type]
        socket_timeout: float | None

        def pack_command(self, *args: Any) -> list[bytes]:
            packed: list[bytes] = packer.pack(*args)
            return packed

        async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            limit, self.socket_timeout = self.socket_timeout, None
            try:
                async with asyncio.timeout(limit):
                    await super().send_packed_command(command, check_health)
            finally:
                self.socket_timeout = limit

    return Mended
