"""What the last look at a target has found: objects that somebody has changed there since they were given."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.codec import Codec, reading
from bridge.store.connection import Connection
from bridge.store.keys import Keys, place


@dataclass(frozen=True, slots=True)
class Drift:
    """One look at all objects: when it ended (epoch seconds), and how many were `looked` at.

    `records` are those that differ, each with the attributes; `unseen` could not be compared. `orphans` are
    open accounts that carry the id of a person whom Kenjo does not have, by the target's id.
    """

    at: float
    looked: int = 0
    unseen: int = 0
    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    orphans: Mapping[str, str] = field(default_factory=dict)


class Drifts:
    """The looks at one target, shared by all workers."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec, target: str) -> None:
        self._redis = redis
        self._codec = codec
        self._drift = keys.at(target, "drift")
        self._looking = keys.at(target, "drift-look")

    async def last(self) -> Drift | None:
        """The last look; None before the first worker has begun to count."""
        blob = await self._redis.get(self._drift)
        return open_drift(self._codec, place(self._drift), blob) if blob else None

    async def note(self, drift: Drift) -> None:
        """Remember a look."""
        sealed = self._codec.seal(dataclasses.asdict(drift), place(self._drift))
        await self._redis.set(self._drift, sealed)

    async def may_look(self, every: float, now: float, longest: float) -> bool:
        """Whether it is time for a look, and this worker is to take it; workers ask from time to time.

        `every`: seconds between two looks, the first one so long after this was asked first; `longest`:
        seconds after which a look of which nothing was heard counts as cut short.
        """
        last = await self.last()
        if last is None:
            await self.note(Drift(now))
            return False
        if now - last.at < every:
            return False
        return bool(await self._redis.set(self._looking, "1", nx=True, px=int(longest * 1000)))

    async def go_on(self, longest: float) -> None:
        """Say that the look is under way still."""
        await self._redis.set(self._looking, "1", px=int(longest * 1000))

    async def end(self) -> None:
        """The look is over."""
        await self._redis.delete(self._looking)


def open_drift(codec: Codec, where: str, blob: bytes) -> Drift:
    """A look as `note` wrote it at a place. Raises Unreadable."""
    value = codec.open(blob, where)
    with reading(where):
        records = {str(name): tuple(fields) for name, fields in value["records"].items()}
        orphans = {str(account): str(id_) for account, id_ in value["orphans"].items()}
        return Drift(float(value["at"]), int(value["looked"]), int(value["unseen"]), records, orphans)
