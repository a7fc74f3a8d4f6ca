"""Whose the state is: the Kenjo account's address and companies, and each target's address.

A state that is used for another account would deliver one company's people into the other's directory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bridge.codec import Codec, reading
from bridge.store.connection import Connection
from bridge.store.keys import Keys, place

KENJO, COMPANIES = "kenjo", "companies"


def of_target(name: str) -> str:
    """Under what a target's address is noted."""
    return f"target:{name}"


class Whose:
    """What one account's state is of. Sealed: nobody else can give it to another account."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec) -> None:
        self._redis = redis
        self._name = keys.of("whose")
        self._codec = codec

    async def all(self) -> dict[str, str]:
        """Addresses by what they are of: `kenjo`, `target:NAME`; `companies`: their ids, parted by blanks."""
        found = await self._redis.hgetall(self._name)
        with reading(self._name):
            blobs = {what.decode(): blob for what, blob in found.items()}
        return {what: self._codec.open(blob, place(self._name, what)) for what, blob in blobs.items()}

    async def note(self, facts: Mapping[str, str]) -> None:
        """Remember, instead of what was remembered of the same."""
        sealed = {what: self._codec.seal(text, place(self._name, what)) for what, text in facts.items()}
        if sealed:
            await self._redis.hset(self._name, mapping=sealed)

    async def forget(self, what: Collection[str]) -> None:
        """Let the next process note it anew."""
        await self._redis.hdel(self._name, *what)
