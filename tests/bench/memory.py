"""`python -m tests.bench.memory`: what a person takes in Redis, sealed, after everybody was delivered.

From the difference of two sizes, so that what an empty state takes does not count; beside the same records as
plain JSON. With one target and with two; the audit trail of a first sync is in it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson
from redis.asyncio import Redis
from rich.console import Console

from bridge.codec import make_key
from bridge.store.backend import open_backend
from tests.bench.parts import ROOT, configuration, directory, kenjo
from tests.running import own_redis

SIZES = (500, 2000)


async def taken(people: int, targets: int) -> tuple[int, int]:
    """Bytes that Redis takes for so many people, and that their records take as JSON."""
    with (
        kenjo(people) as source,
        directory() as one,
        directory() as two,
        tempfile.TemporaryDirectory() as folder,
    ):
        async with own_redis() as url:
            values = json.loads(configuration(source, one))
            if targets > 1:
                values["targets"]["other"] = {**values["targets"]["directory"], "base_url": f"{two}/v2"}
            key = make_key()
            values |= {"redis": {"url": url}, "encryption": {"key": key}}
            file = Path(folder) / "bridge.yaml"
            file.write_text(json.dumps(values))
            command = [sys.executable, "-m", "service.cli.main", "sync", "--json", "--config", str(file)]
            await asyncio.to_thread(subprocess.run, command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
            async with open_backend(url, [key]) as backend, Redis.from_url(url) as redis:
                known = await backend.records.known()
                plain = sum(len(orjson.dumps(dict(stored.record.data))) for stored in known.values())
                return int((await redis.info("memory"))["used_memory"]), plain


async def measure() -> None:
    """Print a line for each number of targets."""
    for targets in (1, 2):
        (few, plain_few), (many, plain_many) = [await taken(people, targets) for people in SIZES]
        number = SIZES[1] - SIZES[0]
        bytes_, plain = (many - few) / number, (plain_many - plain_few) / number
        Console().print(
            f"targets: {targets}, bytes a person: {bytes_:,.0f},"
            f" {bytes_ / plain:.1f} times the record as JSON ({plain:,.0f})"
        )


if __name__ == "__main__":
    asyncio.run(measure())
