"""Takes single values out of Redis that cannot be read, so that they harm nobody but their record.

Whoever can change a value can delete it too: one that does not open tells as much as one that is missing, and
what is missing is found anew. What all accounts hang on (the pepper, whose the state is, who is forgotten) is
never thrown away: while that cannot be read, nothing goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import NamedTuple

from bridge.codec import Codec, reading
from bridge.errors import Damaged
from bridge.store.calls import open_calls
from bridge.store.connection import Connection
from bridge.store.drifts import open_drift
from bridge.store.entries import open_entry, open_text
from bridge.store.former import open_former
from bridge.store.gate import open_survey
from bridge.store.holds import open_hold
from bridge.store.keys import Keys, legible, moment, named, number, place, script
from bridge.store.publications import open_publication, open_written
from bridge.store.records import open_record
from bridge.store.unbroken import break_off

AT_MOST = 20
"""Values that are discarded at once; where more cannot be read, it is the whole state that was damaged."""

_SWAP = script("swap")
_Reader = Callable[[Codec, str, bytes], object]


class Discarded(NamedTuple):
    """A value that was taken out: its key without the prefix, and its field there ("" for a string)."""

    key: str
    field: str


class _Value(NamedTuple):
    """A value in Redis, and how to read it. `field` is None for a string, `blob` for a member of a set."""

    name: str
    field: bytes | None
    blob: bytes | None
    read: _Reader

    def place(self) -> str:
        return place(self.name, legible(self.field or b""))


def _facts(codec: Codec, where: str, blob: bytes) -> None:
    with reading(where):
        dict(codec.open(blob, where))


def _anything(_codec: Codec, _where: str, _blob: bytes) -> None:
    """What stands there is read by nobody who minds."""


def _record(codec: Codec, where: str, blob: bytes) -> None:
    open_record(codec, where, blob, None)


def _revision(_codec: Codec, _where: str, blob: bytes) -> None:
    number(blob)


def _moment(_codec: Codec, _where: str, blob: bytes) -> None:
    moment(blob)


_STRINGS: dict[str, _Reader] = {"snapshot": _facts}
_HASHES: dict[str, _Reader] = {
    "holds": open_hold,
    "records": _record,
    "revisions": _revision,
    "absent": _moment,
}
_TARGET_STRINGS: dict[str, _Reader] = {
    "survey": open_survey,
    "drift": open_drift,
    "publication": open_publication,
    "written": open_written,
}
_TARGET_HASHES: dict[str, _Reader] = {
    "ledger": open_entry,
    **dict.fromkeys(("links", "approved", "counted"), open_text),
    "notebook": _facts,
    "calls": open_calls,
    **dict.fromkeys(("claims", "held"), _anything),
}
_TARGET_FAMILIES: dict[str, _Reader] = {"looked-up": open_text, "former": open_former}
_TARGET_SETS = ("pending", "due", "later")
_BY_NAME = "holds"
"""The one hash whose fields are no records."""


async def discard(redis: Connection, keys: Keys, codec: Codec, targets: Iterable[str]) -> list[Discarded]:
    """Discard what cannot be read, if it is little. Safe beside running processes.

    Raises Damaged when it is more than that, and Unreadable for a value whose key is not configured.
    """
    damaged: list[_Value] = []
    async for value in _values(redis, keys, targets):
        try:
            if value.field is not None and value.name != keys.of(_BY_NAME):
                named(value.field)
            if value.blob is not None:
                value.read(codec, value.place(), value.blob)
        except Damaged as error:
            damaged.append(value)
            last = error
    if len(damaged) > AT_MOST:
        raise Damaged(f"{len(damaged)} values in Redis cannot be read; of the last one: {last}")
    if damaged:
        await break_off(redis, keys)
    for value in damaged:
        if value.blob is None:
            await redis.zrem(value.name, value.field or b"")
        else:
            field = [] if value.field is None else [value.field]
            await redis.eval(_SWAP, 1, value.name, value.blob, "", *field)
    return [_told(keys, value) for value in damaged]


def _told(keys: Keys, value: _Value) -> Discarded:
    return Discarded(value.name.removeprefix(keys.prefix), legible(value.field or b""))


async def _values(redis: Connection, keys: Keys, targets: Iterable[str]) -> AsyncIterator[_Value]:
    """Every value that its record, hold or target can do without."""
    strings = {keys.of(name): read for name, read in _STRINGS.items()}
    hashes = {keys.of(name): read for name, read in _HASHES.items()}
    for target in targets:
        strings |= {keys.at(target, name): read for name, read in _TARGET_STRINGS.items()}
        hashes |= {keys.at(target, name): read for name, read in _TARGET_HASHES.items()}
        for family, read in _TARGET_FAMILIES.items():
            async for name in redis.scan_iter(match=keys.at(target, f"{family}:*"), count=1000):
                hashes[name.decode()] = read
        for where in (keys.at(target, name) for name in _TARGET_SETS):
            for member, _ in await redis.zrange(where, 0, -1, withscores=True):
                yield _Value(where, member, None, _anything)
    for where, read in strings.items():
        if blob := await redis.get(where):
            yield _Value(where, None, blob, read)
    for where, read in hashes.items():
        for field, blob in (await redis.hgetall(where)).items():
            yield _Value(where, field, blob, read)
