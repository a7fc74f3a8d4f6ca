"""Other bridges with a private Redis, and what the tests look at from outside."""

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bridge.store.private_redis import running_url

PROC = Path("/proc")

# Another bridge: says where its Redis is, and then waits until it is ended.
_OTHER = """
import asyncio, signal, sys
from pathlib import Path
from bridge.store.private_redis import PrivateRedis

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: print("interrupted", flush=True))
    async with PrivateRedis(Path(sys.argv[1])) as redis:
        print(redis.url, flush=True)
        await stop.wait()

asyncio.run(main())
"""


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Any]:
    async with Redis.from_url(url, decode_responses=True) as redis:
        yield redis


@contextmanager
def other_bridge(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _OTHER, str(folder)]
    with subprocess.Popen(  # noqa: S603 - our own text
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def environment_of(pid: int) -> bytes:
    return (PROC / str(pid) / "environ").read_bytes()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def prepare(folder: Path, mode: int, **files: bytes) -> None:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    folder.chmod(mode)


def cut_off_end(folder: Path) -> None:
    # From version 7 on there is a folder of files.
    (file, *_) = [*folder.rglob("*.incr.aof"), *folder.glob("appendonly.aof")]
    os.truncate(file, file.stat().st_size - 5)


async def server_pid(url: str) -> int:
    async with client(url) as redis:
        return int((await redis.info("server"))["process_id"])


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return (PROC / "self").exists() and (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[
            0
        ] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


async def gone(pid: int) -> None:
    async def holds() -> bool:
        return is_gone(pid)

    await until(holds)


async def back(folder: Path) -> None:
    async def holds() -> bool:
        return await running_url(folder) is not None

    await until(holds)
