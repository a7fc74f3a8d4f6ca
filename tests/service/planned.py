"""A world with a Redis that a test can look into, and what is the same in every run of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bridge.store.private_redis import PrivateRedis
from tests.inside import contents, readable
from tests.world import World, world

GOLDEN = Path(__file__).parents[1] / "golden"
_PACING = (b":pace", b":throttle")  # how fast a target may be asked is nothing that is remembered


@dataclass
class Inspected:
    """A world, and its Redis."""

    world: World
    redis: Redis

    async def dump(self) -> dict[bytes, Any]:
        """Every key with its value, but those that pace requests."""
        found = await contents(self.redis)
        return {key: value for key, value in found.items() if not key.endswith(_PACING)}

    async def text(self) -> str:
        """All that Redis holds, as far as it is text: with no encryption key, that is everything."""
        return await readable(self.redis)


@asynccontextmanager
async def inspected(folder: Path, people: int = 20) -> AsyncIterator[Inspected]:
    """Set everything up; nothing is encrypted."""
    async with world(folder, people) as here, PrivateRedis(folder / "redis") as private:
        here.config["redis"] = {"url": private.url}
        redis: Redis = Redis.from_url(private.url)
        try:
            yield Inspected(here, redis)
        finally:
            await redis.aclose()


def normal(text: str) -> str:
    """Output with ids and times replaced, so that it is the same in every run."""
    ids: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        return ids.setdefault(match[0], f"ID-{len(ids) + 1}")

    text = re.sub(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{24}\b", name, text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d CES?T", "TIME", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", "DATE", text)
    text = re.sub(r"revision \d+", "revision N", text)
    text = re.sub(r"\d+ (seconds|minutes|hours) ago", "AGO", text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def check_golden(name: str, text: str) -> None:
    """Compare with the golden file; where there is none yet, write it and fail."""
    path = GOLDEN / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(normal(text))
        raise AssertionError(f"{path} was written: read it, then run again")
    assert normal(text) == path.read_text()
