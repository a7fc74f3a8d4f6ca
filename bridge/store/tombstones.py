"""What is kept of people who were forgotten, so that they stay so: ids, times, and what is left to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bridge.codec import Codec, reading
from bridge.model import Key
from bridge.store.connection import Connection
from bridge.store.keys import Keys, named, place, script

_SWAP = script("swap")


class AtKenjo(StrEnum):
    """What has become of somebody at Kenjo since they were forgotten, as polls have seen it."""

    UNSEEN = "not seen yet"
    ACTIVE = "active"
    LEFT = "left"  # inactive, or not there
    BACK = "active again"  # after they had left


@dataclass(frozen=True, slots=True)
class Tombstone:
    """When somebody was forgotten (epoch seconds), and what is to be known of them still.

    `open`: the targets where their account was open then, and was left so.
    """

    at: float
    open: tuple[str, ...] = ()
    kenjo: AtKenjo = AtKenjo.UNSEEN

    def seen(self, *, active: bool) -> Tombstone:
        """The same after a look at Kenjo. Pure."""
        if not active:
            return dataclasses.replace(self, kenjo=AtKenjo.LEFT)
        back = self.kenjo in (AtKenjo.LEFT, AtKenjo.BACK)
        return dataclasses.replace(self, kenjo=AtKenjo.BACK if back else AtKenjo.ACTIVE)


class Tombstones:
    """The tombstones of one account, by record: no personal values. Sealed: who has one gets no delivery."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec) -> None:
        self._redis = redis
        self._keys = keys
        self._codec = codec

    async def all(self) -> set[Key]:
        """Who is forgotten."""
        return set(await self.tombstones())

    async def tombstones(self) -> dict[Key, Tombstone]:
        """Who is forgotten, and what is known of that. Raises Unreadable."""
        where = self._keys.of("forgotten")
        found = await self._redis.hgetall(where)
        return {
            (key := named(name)): open_tombstone(self._codec, place(where, str(key)), blob)
            for name, blob in found.items()
        }

    async def named(self) -> set[Key]:
        """Who is forgotten, as far as names tell: somebody else may have put them there."""
        return {named(name) for name in await self._redis.hkeys(self._keys.of("forgotten"))}

    async def add(
        self, key: Key, at: float, open_at: Iterable[str] = (), kenjo: AtKenjo = AtKenjo.UNSEEN
    ) -> None:
        """From now on nothing about this person is read in. What is known is as in `Tombstone`."""
        sealed = self._sealed(key, Tombstone(at, tuple(sorted(open_at)), kenjo))
        await self._redis.hset(self._keys.of("forgotten"), mapping={str(key): sealed})

    async def note(self, key: Key, tombstone: Tombstone) -> None:
        """Change a tombstone, unless it is taken away meanwhile."""
        where, name = self._keys.of("forgotten"), str(key)
        if blob := await self._redis.hget(where, name):
            await self._redis.eval(_SWAP, 1, where, blob, self._sealed(key, tombstone), name)

    async def remove(self, key: Key) -> None:
        """From now on this person is read in as anybody else."""
        await self._redis.hdel(self._keys.of("forgotten"), str(key))

    async def inherit(self) -> None:
        """Take over who was forgotten before the schema changed. To be called at a fresh start only."""
        for name, at in (await self._redis.hgetall(self._keys.former("forgotten"))).items():
            await self.add(Key.parse(name.decode()), float(at))

    def _sealed(self, key: Key, tombstone: Tombstone) -> str | bytes:
        value = {"at": tombstone.at, "open": list(tombstone.open), "kenjo": tombstone.kenjo}
        return self._codec.seal(value, place(self._keys.of("forgotten"), str(key)))


def open_tombstone(codec: Codec, where: str, blob: bytes) -> Tombstone:
    """A tombstone as it was written at a place, or a time alone, as it was once. Raises Unreadable."""
    value: Any = codec.open(blob, where)
    with reading(where):
        if isinstance(value, float | int):
            return Tombstone(float(value))
        return Tombstone(float(value["at"]), tuple(map(str, value["open"])), AtKenjo(value["kenjo"]))
