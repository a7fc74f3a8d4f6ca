"""Who is meant by what somebody types: among what is stored, else at Kenjo."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from bridge.errors import BridgeError, WhoIsMeant
from bridge.model import Key, Stored
from service.operations.assembly import Bridge, KenjoSource, fields_in_use, kenjo
from service.operations.naming import identifying, literal, pick
from service.watch.judging import leave_alone

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


async def _at_kenjo(bridge: Bridge, who: str, nobody: WhoIsMeant) -> Key:
    """Who it is at Kenjo, by what is not stored. Raises `nobody` where nobody is called so there either."""
    try:
        await leave_alone(bridge.backend)
        async with kenjo(bridge.values) as client:
            fields = identifying(fields_in_use(bridge.routes))
            source = dataclasses.replace(KenjoSource.of(client, bridge), fields=fields, custom=None)
            snapshot = await source.fetch_snapshot()
    except BridgeError as error:
        left = f"; Kenjo, which knows what is not stored, was not asked: {error}"
        raise WhoIsMeant(f"{nobody}{left}", f"{nobody.named}{left}", none=True) from None
    try:
        return pick({key: Stored(one, 0) for key, one in snapshot.records.items()}, who)
    except WhoIsMeant as error:
        raise (nobody if error.none else error) from None
