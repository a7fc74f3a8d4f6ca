"""What a fault of Redis means, in a sentence that says what to do."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from typing import Any

FULL = "Redis is full: give it more memory (nothing is lost; maxmemory-policy has to be noeviction)"
AWAY = "Redis does not answer; check redis.url"
TLS_WANTED = "Redis speaks TLS at this address: write rediss:// in redis.url"
NO_TLS = "Redis does not speak TLS at this address: write redis:// in redis.url"
CLUSTER = "redis.url names a Redis Cluster, which cannot be used: name a Redis that is not one"
SENTINEL = "redis.url names a Sentinel, which keeps no data: name all Sentinels in redis.sentinels instead"
LOADING = "Redis is still reading its data from disk; it is waited for"
LOG_IN = "Redis wants a password: write it in redis.url (redis://:PASSWORD@...)"
OTHER_NAME = "the certificate of Redis is for another name: write in redis.url the host that it is for"
CERT_REFUSED = "Redis refuses redis.cert_file: it has to be a certificate for clients, as its log may tell"
REPLICA = "redis.url names a replica, which must not be written to: name the primary"

_CUT = 500  # characters of an error that are looked at
_COMMAND = re.compile(r"'([A-Za-z|]{1,40})'")

# What stands in the error, and what that means. The first that fits counts; out of a script the code stands
# somewhere inside. https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
_SENTENCES: Mapping[str, str] = {
    "SentinelRefused": "the Sentinels refuse the bridge: set redis.sentinel_user and redis.sentinel_password",
    "MasterNotFoundError": (
        "more than half of redis.sentinels have to name the same primary for redis.service, and they do not:"
        " look at them (SENTINEL MASTERS)"
    ),
    "OOM": FULL,
    "OutOfMemoryError": FULL,
    "MISCONF": "Redis cannot save to its disk and takes nothing until it can: look at its log and free space",
    "READONLY": REPLICA,
    "ReadOnlyError": REPLICA,
    "MASTERDOWN": "Redis is a replica that has lost its primary: name the primary in redis.url",
    "NOREPLICAS": "Redis has too few replicas to take anything: bring them back (min-replicas-to-write)",
    "LOADING": LOADING,
    "BusyLoadingError": LOADING,
    "BUSY": "Redis runs a script that does not end: look at its log (SCRIPT KILL ends it)",
    "AUTH <password> called without any password": "Redis wants no password: take it out of redis.url",
    "NOAUTH": LOG_IN,
    "Authentication required": LOG_IN,
    "AuthenticationError": "Redis refused the user name or password in redis.url",
    "DB index is out of range": "Redis has no database of the number in redis.url (after the last /)",
    "max number of clients": "Redis takes no more connections: raise its maxclients, or end other clients",
    "MovedError": CLUSTER,
    "ClusterCrossSlotError": CLUSTER,
    "ClusterDownError": CLUSTER,
    "only allowed in cluster": CLUSTER,
    "Hostname mismatch": OTHER_NAME,
    "IP address mismatch": OTHER_NAME,
    "certificate has expired": "the certificate of Redis has expired: have it renewed there",
    "CERTIFICATE_VERIFY_FAILED": (
        "the certificate of Redis is not trusted here: name the authority that has signed it in redis.ca_file"
    ),
    "WRONG_VERSION_NUMBER": NO_TLS,
    "record layer failure": NO_TLS,
    "ALERT_CERTIFICATE_REQUIRED": (
        "Redis wants a certificate of its clients: set redis.cert_file and redis.key_file"
    ),
    "ALERT_HANDSHAKE_FAILURE": (
        "Redis refuses TLS with us: if it wants a certificate of its clients, set redis.cert_file and"
        " redis.key_file"
    ),
    "ALERT_UNKNOWN_CA": (
        "Redis does not know who has signed redis.cert_file: take one of the authority that it names in"
        " tls-ca-cert-file, or add this one there"
    ),
    "ALERT_CERTIFICATE_EXPIRED": "redis.cert_file has expired: have it renewed",
    "ALERT_BAD_CERTIFICATE": CERT_REFUSED,
    "ALERT_UNSUPPORTED_CERTIFICATE": CERT_REFUSED,
    "ALERT_CERTIFICATE_REVOKED": CERT_REFUSED,
}


def trouble(error: BaseException) -> str:
    """What an error of Redis means."""
    text = f"{type(error).__name__} {error} {error.__cause__ or error.__context__ or ''}"[:_CUT]
    if any(mark in text for mark in ("NOPERM", "NoPermissionError", "ACL failure")):
        return _forbidden(text)
    return next((sentence for mark, sentence in _SENTENCES.items() if mark in text), AWAY)


def _forbidden(text: str) -> str:
    command = _COMMAND.search(text)
    if command:
        return (
            f"Redis does not allow its user the command {command[1].lower()}: allow it (ACL SETUSER NAME"
            f" +{command[1].lower()}; docs/redis.md lists all)"
        )
    return (
        "Redis does not allow its user the bridge's keys or one of its commands: give it the line of"
        " permissions (docs/redis.md has them)"
    )


async def speaks_tls(host: str, port: int) -> bool:
    """Whether a server that says nothing to us wants to hear TLS."""
    context = ssl.create_default_context()
    context.check_hostname = False  # nothing is sent or believed
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
            writer.close()
    except (OSError, TimeoutError, ValueError):  # no name at all is a ValueError
        return False
    return True


async def speaks_plainly(host: str, port: int) -> bool:
    """Whether a server that says nothing to a TLS handshake answers without TLS."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"PING\r\n")
            answer = await reader.read(1)
            writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return answer in (b"+", b"-")  # a status or an error, in Redis' own protocol


def role_trouble(info: Mapping[str, Any]) -> str:
    """What is wrong with a server that says so of itself (INFO, sections server and replication), or ''."""
    mode = info.get("redis_mode") or info.get("server_mode")  # as Valkey 9 calls it
    return {"cluster": CLUSTER, "sentinel": SENTINEL}.get(str(mode), "") or (
        REPLICA if info.get("role") == "slave" else ""
    )


def warnings(info: Mapping[str, Any], save: str | None) -> list[str]:
    """What may cost data later (INFO, sections memory and persistence).

    `save`: the setting of that name; None where Redis does not tell it.
    """
    found = []
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        found.append(
            f"Redis throws data away when it is full: set maxmemory-policy to noeviction, not {policy}"
        )
    if not info.get("aof_enabled") and save == "":
        found.append("Redis forgets everything when it is restarted: set appendonly yes")
    elif not info.get("aof_enabled"):
        found.append("Redis forgets the last minutes when it is restarted: set appendonly yes")
    return found
