"""What `status` and `check` say of the Redis that holds the state."""

from __future__ import annotations

import re

from redis.asyncio import Redis

from tests.running import own_redis
from tests.world import World


async def test_the_private_redis_is_named(here: World) -> None:
    """No Redis is configured == what the bridge has started, with its version."""
    await here.run("sync")
    assert re.fullmatch(
        r"(Redis|Valkey) \d+\.\d+\.\d+ \(private\)", (await here.run("status", "--json")).json["redis"]
    )
    assert re.search(
        r"^Redis: (Redis|Valkey) \d.* \(private\)$", (await here.run("status")).out, re.MULTILINE
    )


async def test_a_redis_of_ones_own_is_named(here: World) -> None:
    """One is configured == its kind and version, as it says itself."""
    async with own_redis() as url, Redis.from_url(url) as redis:
        here.config["redis"] = {"url": url}
        told = await redis.info("server")
        version = told.get("valkey_version") or told["redis_version"]
        assert (await here.run("status", "--json")).json["redis"].endswith(version)
        assert version in (await here.run("check")).out
