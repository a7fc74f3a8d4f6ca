"""A real Redis that speaks TLS alone, and asks its clients for a certificate."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bridge.store.test_redis_kinds import free_port, takes_connections
from tests.conftest import redis_binaries
from tests.running import until
from tests.workers.targets.certificates import Certificates

MISSING = (
    "no Redis with TLS on this machine: install redis-server (of Debian, redis-tools is enough), or name one"
    " in TEST_REDIS_SERVER"
)


def binary(folder: Path) -> str:
    """A server with TLS, by a link in a folder; "" where there is none.

    Debian's redis-check-rdb, of the package redis-tools, is the whole server when it is called redis-server.
    """
    link = folder / "redis-server"
    for path in (*redis_binaries().values(), shutil.which("redis-check-rdb")):
        if path:
            link.unlink(missing_ok=True)
            link.symlink_to(path)
            command = [str(link), "--port", "0", "--tls-port", "1"]
            ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)  # noqa: S603
            if "No tls-cert-file configured" in ended.stdout:  # else it knows nothing of TLS
                return str(link)
    return ""


@asynccontextmanager
async def tls_redis(
    server: str, folder: Path, shown: Certificates, believed: Path, *options: str
) -> AsyncIterator[int]:
    """It shows a certificate, and believes those that `believed` has signed. Gives its port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        server, "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--save", "",
        "--dir", str(folder), *options,
        "--tls-cert-file", str(shown.certificate), "--tls-key-file", str(shown.key),
        "--tls-ca-cert-file", str(believed), "--tls-auth-clients", "yes", stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await until(lambda: takes_connections(port), 10)
        yield port
    finally:
        process.kill()  # nothing is to be kept
        await process.wait()
