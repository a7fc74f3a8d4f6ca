"""What a Redis holds, whatever its keys are called."""

from __future__ import annotations

from typing import Any


async def contents(redis: Any, match: str = "*") -> dict[bytes, bytes]:
    """Every key with its value, as Redis itself would write it to a file."""
    found = {}
    async for key in redis.scan_iter(match):
        if (value := await redis.dump(key)) is not None:  # a lock may have ended meanwhile
            found[key] = value
    return found


async def readable(redis: Any, match: str = "*") -> str:
    """All that somebody who looks into Redis can read: a line for each key, with its value."""
    readers = {
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"stream": redis.xrange,
        b"string": redis.get,
        b"zset": lambda key: redis.zrange(key, 0, -1),
    }
    kinds = {key: await redis.type(key) async for key in redis.scan_iter(match)}
    there = {key: kind for key, kind in kinds.items() if kind != b"none"}
    return "\n".join([f"{key.decode()} {await readers[kind](key)!r}" for key, kind in there.items()])
