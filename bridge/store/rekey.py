"""Seals every value anew with the current key, so that an old one can be thrown away."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.codec import Codec
from bridge.store.connection import Connection
from bridge.store.keys import Keys, script

_SWAP = script("swap")


async def rekey(redis: Connection, keys: Keys, codec: Codec, targets: Iterable[str]) -> int:
    """Return how many values were sealed anew.

    Safe beside running processes: a value that changes meanwhile is left to whoever changed it.
    """
    place = keys.of("pepper")
    if (blob := await redis.get(place)) and not codec.is_current(blob):
        await redis.set(place, codec.seal(codec.open(blob, place), place))
    places = [(keys.of("records"), "")]
    for target in targets:
        places += [(keys.at(target, "ledger"), "entry:"), (keys.at(target, "links"), "link:")]
    return sum([await _rekey_hash(redis, codec, name, prefix) for name, prefix in places])


async def _rekey_hash(redis: Connection, codec: Codec, name: str, prefix: str) -> int:
    done = 0
    for field, blob in (await redis.hgetall(name)).items():
        if codec.is_current(blob):
            continue
        place = prefix + field.decode()
        sealed = codec.seal(codec.open(blob, place), place)
        done += await redis.eval(_SWAP, 1, name, field, blob, sealed)
    return done
