"""Seals every value anew with the current key, so that an old one can be thrown away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.codec import Codec
from bridge.store.connection import Connection
from bridge.store.keys import Keys, place, script

_SWAP = script("swap")

STRINGS, HASHES = ("snapshot", "pepper"), ("records", "holds", "forgotten", "leaving", "whose")
"""Keys of the account whose values are sealed."""
TARGET_STRINGS = ("survey", "drift", "publication", "written")
TARGET_HASHES = ("ledger", "links", "approved", "counted", "notebook", "calls")
TARGET_FAMILIES = ("looked-up", "former")
"""Keys of a target whose values are sealed; of the families there is one for each survey, or day."""


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """How many values were sealed anew, and how many of these had been readable."""

    sealed: int = 0
    plain: int = 0


async def rekey(redis: Connection, keys: Keys, codec: Codec, targets: Iterable[str]) -> Rekeyed:
    """Seal everything with the current key; what is not sealed yet is believed, as nowhere else.

    Safe beside running processes: a value that changes meanwhile is left to whoever changed it. Raises
    Unreadable for a value that was changed or whose key is not configured.
    """
    strings: list[str] = []
    hashes = [keys.of(name) for name in HASHES]
    for target in targets:
        strings += [keys.at(target, name) for name in TARGET_STRINGS]
        hashes += [keys.at(target, name) for name in TARGET_HASHES]
        for name in TARGET_FAMILIES:
            there = redis.scan_iter(match=keys.at(target, f"{name}:*"), count=1000)
            hashes += [found.decode() async for found in there]
    sealed = plain = 0
    for name in hashes:
        for field, blob in (await redis.hgetall(name)).items():
            done = await _swap(redis, codec, name, field.decode(), blob)
            sealed, plain = sealed + done, plain + (done and codec.is_plain(blob))
    # The pepper last: whoever is stopped before finds it as it was, and is told to run this again.
    for name in [*strings, *(keys.of(name) for name in STRINGS)]:
        if value := await redis.get(name):
            done = await _swap(redis, codec, name, "", value)
            sealed, plain = sealed + done, plain + (done and codec.is_plain(value))
    return Rekeyed(sealed, plain)


async def _swap(redis: Connection, codec: Codec, name: str, field: str, blob: bytes) -> int:
    if codec.is_current(blob):
        return 0
    where = place(name, field)
    sealed = codec.seal(codec.open(blob, where, plain=True), where)
    return int(await redis.eval(_SWAP, 1, name, blob, sealed, *([field] if field else [])))
