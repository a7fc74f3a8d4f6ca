"""TLS to Redis: its files, whose certificate is believed, and what a server says that refuses ours."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import SSLConnection

from bridge.config.redis_settings import RedisSettings
from bridge.errors import ConfigurationError

PATIENCE = 2.0
"""Seconds for a server to say that it refuses our certificate."""

_FILES = {"ssl_ca_certs": "ca_file", "ssl_certfile": "cert_file", "ssl_keyfile": "key_file"}


def options(values: RedisSettings) -> dict[str, str]:
    """What redis-py calls the files. Raises ConfigurationError for one that cannot be used."""
    found: dict[str, str] = {}
    for option, name in _FILES.items():
        if path := getattr(values, name):
            try:
                path.read_bytes()
            except OSError as error:
                raise ConfigurationError(f"redis.{name} cannot be read: {error.strerror} ({path})") from None
            found[option] = str(path)
    for name, path in (("ca_file", values.ca_file), ("cert_file", values.cert_file)):
        if path and not _has_certificates(path):
            raise ConfigurationError(f"redis.{name} holds no certificate: it has to be a PEM file ({path})")
    if values.cert_file and values.key_file:
        _check_key(values.cert_file, values.key_file)
    return found


def _has_certificates(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return False
    return True


def _check_key(certificate: Path, key: Path) -> None:
    """Raises ConfigurationError. Without a password of its own, OpenSSL would ask for one at the terminal."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        what = (
            "is not the key of redis.cert_file"
            if error.reason == "KEY_VALUES_MISMATCH"
            else "holds no key that can be used: it has to be a PEM file, without a password"
        )
        raise ConfigurationError(f"redis.key_file {what} ({key})") from None


def believe_by_name(pool: ConnectionPool) -> None:
    """Let a certificate count for the host alone that it names, which redis-py leaves out unless told.

    Else whoever has any certificate of an authority that is believed could be Redis. An address that forbids
    it (`ssl_check_hostname=false`), or believes everybody (`ssl_cert_reqs=none`), has its way.
    """
    given = pool.connection_kwargs
    if issubclass(pool.connection_class, SSLConnection):
        given.setdefault("ssl_check_hostname", given.get("ssl_cert_reqs") != "none")


async def refusal(pool: ConnectionPool) -> ssl.SSLError | None:
    """What the server has against our certificate, or that there is none; None where it says nothing.

    By TLS 1.3 it looks at it after we may write; and whoever has written, as redis-py has, may get a reset in
    place of the alert (RFC 8446 section 4.4.2.4). So nothing is written here.
    """
    connection: Any = pool.make_connection()  # type: ignore[no-untyped-call]
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(
                connection.host, connection.port, ssl=connection.ssl_context.get()
            )
            try:
                await reader.read(1)
            finally:
                writer.close()
    except ssl.SSLError as error:
        return error
    except (OSError, TimeoutError, ValueError):  # no name at all is a ValueError
        pass
    return None
