"""What a target was given last that shows nothing itself: a webhook's receiver, the reader of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.codec import Codec, reading
from bridge.model import Key
from bridge.store.connection import Connection
from bridge.store.keys import Keys, named, place

Note = Mapping[str, Any]


class Notebook:
    """The notes of one target, one for each object that it was given, named by a record's key."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec, target: str) -> None:
        self._redis = redis
        self._codec = codec
        self._where = keys.at(target, "notebook")

    async def get(self, key: Key) -> Note | None:
        """What stands there of one object. Raises Unreadable."""
        blob = await self._redis.hget(self._where, str(key))
        return self._open(str(key), blob) if blob else None

    async def put(self, key: Key, note: Note | None) -> None:
        """Note what was given; None strikes it out."""
        if note is None:
            await self._redis.hdel(self._where, str(key))
            return
        sealed = self._codec.seal(dict(note), place(self._where, str(key)))
        await self._redis.hset(self._where, mapping={str(key): sealed})

    async def all(self) -> dict[Key, Note]:
        """All notes. Raises Unreadable."""
        found = await self._redis.hgetall(self._where)
        return {named(name): self._open(name.decode(), blob) for name, blob in found.items()}

    async def size(self) -> int:
        """How many notes there are."""
        return await self._redis.hlen(self._where)

    def _open(self, name: str, blob: bytes) -> Note:
        where = place(self._where, name)
        value = self._codec.open(blob, where)
        with reading(where):
            return dict(value)
