"""A Redis with two replicas and three Sentinels, for runs in which the primary fails."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.conftest import redis_binary
from tests.running import until

SERVICE = "bridge"
REDISES = ("redis", "replica-1", "replica-2")
SENTINELS = ("sentinel-1", "sentinel-2", "sentinel-3")
DOWN_AFTER = 3000
"""Milliseconds of silence after which the Sentinels choose another primary."""


@dataclass(frozen=True)
class Watched:
    """Who listens where, by name."""

    folder: Path
    ports: dict[str, int]

    @classmethod
    def prepare(cls, folder: Path, lines_of_sentinels: Sequence[str] = ()) -> Watched:
        """Write a configuration for each, which Redis itself changes later."""
        found = cls(folder, dict(zip((*REDISES, *SENTINELS), _free_ports(6), strict=True)))
        for name in REDISES:
            replicates = [] if name == "redis" else [f"replicaof 127.0.0.1 {found.ports['redis']}"]
            found._write(name, *_REDIS, *replicates)
        for name in SENTINELS:
            found._write(name, *_sentinel(found.ports["redis"]), *lines_of_sentinels)
        return found

    @property
    def commands(self) -> dict[str, list[str]]:
        """How each is started."""
        redises = {name: [redis_binary(), str(self._file(name))] for name in REDISES}
        return redises | {name: [redis_binary(), str(self._file(name)), "--sentinel"] for name in SENTINELS}

    @property
    def settings(self) -> dict[str, Any]:
        """What the bridge is told."""
        return {
            "sentinels": [f"127.0.0.1:{self.ports[name]}" for name in SENTINELS],
            "service": SERVICE,
        }

    async def primaries(self) -> list[str]:
        """Those that believe that they are the primary."""
        return [name for name in REDISES if await self.role(name) == "master"]

    async def role(self, name: str) -> str:
        """What one says that it is; "" when it says nothing."""
        async with Redis(port=self.ports[name], socket_timeout=0.5) as redis:
            try:
                return str((await redis.info("replication"))["role"])
            except (RedisError, OSError):
                return ""

    async def wait_until_whole(self, seconds: float) -> None:
        """Wait until all know of each other, and of one primary. Raises AssertionError."""
        await until(self.is_whole, seconds)

    async def is_whole(self) -> bool:
        """Whether every Sentinel knows the others and both replicas, which have all that the primary has."""
        if len(found := await self.primaries()) != 1:
            return False
        async with Redis(port=self.ports[found[0]], socket_timeout=0.5) as redis:
            try:
                if (await redis.info("replication"))["connected_slaves"] < len(REDISES) - 1:
                    return False
            except (RedisError, OSError):
                return False
        return all([await self._sees_all(name, found[0]) for name in SENTINELS])

    async def _sees_all(self, sentinel: str, primary: str) -> bool:
        async with Redis(port=self.ports[sentinel], socket_timeout=0.5) as redis:
            try:
                seen = (await redis.info("sentinel"))["master0"]
            except (RedisError, OSError):
                return False
            address = f"127.0.0.1:{self.ports[primary]}"
            others = (len(REDISES) - 1, len(SENTINELS))
            return bool((seen["slaves"], seen["sentinels"]) == others and seen["address"] == address)

    def _file(self, name: str) -> Path:
        return self.folder / name / "redis.conf"

    def _write(self, name: str, *lines: str) -> None:
        file = self._file(name)
        file.parent.mkdir()
        place = [f"port {self.ports[name]}", "bind 127.0.0.1", f"dir {file.parent}"]
        file.write_text("\n".join([*place, *lines]) + "\n")


_REDIS = (
    "appendonly yes",
    'save ""',
    "min-replicas-to-write 1",
    "min-replicas-max-lag 2",
    "repl-diskless-sync-delay 0",
)


def _sentinel(port: int) -> tuple[str, ...]:
    return (
        f"sentinel monitor {SERVICE} 127.0.0.1 {port} 2",
        f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER}",
        f"sentinel failover-timeout {SERVICE} 10000",
    )


def _free_ports(number: int) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
