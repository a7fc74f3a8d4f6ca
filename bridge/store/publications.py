"""What a target has published last, and whose turn it is to publish."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable, Mapping

from bridge.codec import Codec, reading
from bridge.errors import Damaged, LockLost
from bridge.exchange import Publication
from bridge.store.connection import Connection
from bridge.store.keys import Keys, legible, place, script

_RENEW = script("renew")
_RELEASE = script("release")
_PUBLISH = script("publish")

TTL = 30.0
"""Seconds after which the turn of a dead worker is over; a live one renews it."""


class Publications:
    """The publications of one target, shared by all workers."""

    def __init__(self, redis: Connection, keys: Keys, codec: Codec, target: str) -> None:
        self._redis = redis
        self._codec = codec
        self._last = keys.at(target, "publication")
        self._written = keys.at(target, "written")
        self._doubt = keys.at(target, "publication-doubt")
        self._lock = keys.at(target, "publishing")

    async def last(self) -> Publication:
        """The last publication; one that cannot be read any more is worth as much as none."""
        doubt = legible(await self._redis.get(self._doubt) or b"")
        try:
            blob = await self._redis.get(self._last)
            last = open_publication(self._codec, place(self._last), blob) if blob else Publication()
        except Damaged:
            last = Publication()
        return dataclasses.replace(last, doubt=doubt)

    async def written(self) -> Mapping[str, str]:
        """By object, a fingerprint of what was published of it last."""
        try:
            blob = await self._redis.get(self._written)
            return open_written(self._codec, place(self._written), blob) if blob else {}
        except Damaged:
            return {}

    async def note(
        self,
        publication: Publication,
        token: str,
        written: Mapping[str, str] | None = None,
        settles: str = "",
    ) -> None:
        """Remember a publication, and that it `settles` a doubt. Raises LockLost: it is another's turn."""
        values = dataclasses.asdict(publication)
        del values["doubt"]
        told = [] if written is None else [self._codec.seal(dict(written), place(self._written))]
        keys = self._lock, self._last, self._written, self._doubt
        sealed = self._codec.seal(values, place(self._last))
        if not await self._redis.eval(_PUBLISH, len(keys), *keys, token, sealed, settles, *told):
            raise LockLost("another worker publishes")

    async def doubt(self) -> None:
        """What is there may be another than the last one that is remembered: it is published anew."""
        if await self._redis.get(self._last):
            await self._redis.set(self._doubt, secrets.token_hex(8))

    async def strike_out(self, names: Iterable[str]) -> None:
        """Forget that some objects were published. What is published after that tells nothing of them."""
        if await self._redis.get(self._written):
            left = {name: print_ for name, print_ in (await self.written()).items() if name not in {*names}}
            await self._redis.set(self._written, self._codec.seal(left, place(self._written)))

    # Whose turn it is

    async def begin(self, token: str) -> bool:
        """Take the turn. False when another worker has it."""
        return bool(await self._redis.set(self._lock, token, nx=True, px=int(TTL * 1000)))

    async def go_on(self, token: str) -> None:
        """See that it is still this worker's turn, and lengthen it. Raises LockLost."""
        (ours,) = await self._redis.eval(_RENEW, 1, self._lock, int(TTL * 1000), token)
        if not ours:
            raise LockLost("another worker publishes")

    async def end(self, token: str) -> None:
        """Give the turn back, if it is still this worker's."""
        await self._redis.eval(_RELEASE, 1, self._lock, token)


def open_publication(codec: Codec, where: str, blob: bytes) -> Publication:
    """A publication as `note` wrote it at a place. Raises Unreadable."""
    value = codec.open(blob, where)
    with reading(where):
        return Publication(**value)


def open_written(codec: Codec, where: str, blob: bytes) -> dict[str, str]:
    """Fingerprints as `note` wrote them at a place. Raises Unreadable."""
    value = codec.open(blob, where)
    with reading(where):
        return {str(name): str(print_) for name, print_ in value.items()}
