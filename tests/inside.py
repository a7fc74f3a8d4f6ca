"""What a Redis holds, whatever its keys are called."""

from __future__ import annotations

from typing import Any


async def contents(redis: Any, match: str = "*") -> dict[bytes, str]:
    """Every key with its value. In which order Redis tells of a hash or a set says nothing."""
    found = {}
    async for key in redis.scan_iter(match):
        kind = await redis.type(key)
        if kind != b"none":  # a lock may have ended meanwhile
            value = await _readers(redis)[kind](key)
            found[key] = repr(
                sorted(value.items() if isinstance(value, dict) else value)
                if kind in (b"hash", b"set")
                else value
            )
    return found


async def readable(redis: Any, match: str = "*") -> str:
    """All that somebody who looks into Redis can read: a line for each key, with its value."""
    readers = _readers(redis)
    kinds = {key: await redis.type(key) async for key in redis.scan_iter(match)}
    there = {key: kind for key, kind in kinds.items() if kind != b"none"}
    return "\n".join([f"{key.decode()} {await readers[kind](key)!r}" for key, kind in there.items()])


def _readers(redis: Any) -> dict[bytes, Any]:
    """What reads a value of each kind."""
    return {
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"stream": redis.xrange,
        b"string": redis.get,
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
    }
