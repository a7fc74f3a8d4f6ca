"""What a target was given last that shows nothing itself: a webhook's receiver, the reader of a file."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from bridge.codec import Codec, reading
from bridge.model import Key
from bridge.store.connection import Connection
from bridge.store.keys import Keys, legible, named, place

Note = Mapping[str, Any]

_MANY = 1000
"""Notes that are opened without letting anything else run meanwhile."""


class Notebook:
    """The notes of one target, one for each object that it was given, named by a record's key."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec, target: str) -> None:
        self._redis = redis
        self._codec = codec
        self._where = keys.at(target, "notebook")
        self._mark = keys.at(target, "notebook-mark")

    async def get(self, key: Key) -> Note | None:
        """What stands there of one object. Raises Unreadable."""
        blob = await self._redis.hget(self._where, str(key))
        return self._open(str(key), blob) if blob else None

    async def put(self, key: Key, note: Note | None) -> None:
        """Note what was given; None strikes it out."""
        name = str(key)
        sealed = None if note is None else self._codec.seal(dict(note), place(self._where, name))
        async with self._redis.pipeline(transaction=True) as pipe:
            if sealed is None:
                pipe.hdel(self._where, name)
            else:
                pipe.hset(self._where, mapping={name: sealed})
            pipe.set(self._mark, secrets.token_hex(8))
            await pipe.execute()

    async def mark(self) -> str:
        """A word that is another one after each note: whoever knows it need not read them all again."""
        return legible(await self._redis.get(self._mark) or b"")

    async def all(self) -> dict[Key, Note]:
        """All notes. Raises Unreadable."""
        found = await self._redis.hgetall(self._where)
        # To open tens of thousands takes a second, for which locks would not be renewed.
        return await asyncio.to_thread(self._opened, found) if len(found) > _MANY else self._opened(found)

    async def size(self) -> int:
        """How many notes there are."""
        return await self._redis.hlen(self._where)

    def _opened(self, found: Mapping[bytes, bytes]) -> dict[Key, Note]:
        return {named(name): self._open(name.decode(), blob) for name, blob in found.items()}

    def _open(self, name: str, blob: bytes) -> Note:
        where = place(self._where, name)
        value = self._codec.open(blob, where)
        with reading(where):
            return dict(value)
