"""Who is meant by what somebody types: among what is stored, else at Kenjo."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bridge.errors import BridgeError, WhoIsMeant
from bridge.model import Key, Stored
from service.operations.assembly import Bridge, KenjoSource, fields_in_use, kenjo
from service.operations.naming import identifying, literal, name_of, pick
from service.watch.judging import asking

_NOTHING: Mapping[Key, Stored] = MappingProxyType({})


async def find(bridge: Bridge, who: str, seen: Mapping[Key, Stored] = _NOTHING) -> Key:
    """The person or group of a Kenjo id, name, e-mail address, external id or employee number.

    Only fields in use are stored: where nobody stored is called so, Kenjo is asked, and found may be
    somebody of whom nothing is stored. `seen`: records that were read just now. Raises WhoIsMeant.
    """
    for key in literal(who):
        if key in seen or await bridge.backend.records.get(key):
            return key
    known = {**await bridge.backend.records.known(), **seen}
    try:
        return pick(known, who)
    except WhoIsMeant as error:
        if not error.none or ":" in who:  # who gives a record's key means no name
            raise
        return await _at_kenjo(bridge, who, error)


async def names(bridge: Bridge, records: Iterable[str]) -> dict[str, str]:
    """What records are called, by their keys; those without a name are left out. For a person's eyes only."""
    known = {str(key): stored for key, stored in (await bridge.backend.records.known()).items()}
    return {record: name for record in records if (name := name_of(known.get(record)))}


async def with_names(bridge: Bridge, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same rows, each with the `name` of its `record` where it has one. For a person's eyes only."""
    called = await names(bridge, {str(row["record"]) for row in rows if "record" in row})
    return [
        {**row, **({"name": called[row["record"]]} if row.get("record") in called else {})} for row in rows
    ]


async def _at_kenjo(bridge: Bridge, who: str, nobody: WhoIsMeant) -> Key:
    """Who it is at Kenjo, by what is not stored. Raises `nobody` where nobody is called so there either."""
    try:
        async with asking(bridge.backend), kenjo(bridge.values) as client:
            fields = identifying(fields_in_use(bridge.routes))
            source = dataclasses.replace(KenjoSource.of(client, bridge), fields=fields, custom=None)
            snapshot = await source.fetch_snapshot()
    except BridgeError as error:
        why = f"Kenjo, which knows what is not stored, was not asked: {error}"
        raise WhoIsMeant(f"{nobody}; {why}", f"{nobody.named}; {why}", none=True) from None
    try:
        return pick({key: Stored(one, 0) for key, one in snapshot.records.items()}, who)
    except WhoIsMeant as error:
        raise (nobody if error.none else error) from None
