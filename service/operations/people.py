"""`people`: who stands where at which target, and why."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from bridge.model import Kind
from service.operations.assembly import Bridge, see_target
from service.operations.naming import name_of
from service.operations.standing import Standing, stands
from service.operations.times import local_or_none


async def people(
    bridge: Bridge, targets: Collection[str], standings: Collection[Standing], *, names: bool
) -> list[dict[str, Any]]:
    """`{target, record, name, standing, why, next, at, helps}` of people, in the order of places and reasons.

    Only those at `targets` and in these places, all where none is named; `name` is None unless asked for.
    Raises ConfigurationError for a target that is not there.
    """
    for target in targets:
        see_target(bridge, target)
    known, now, found = await bridge.backend.records.known(), time.time(), []
    for target in bridge.routes:
        if targets and target not in targets:
            continue
        entries = await bridge.backend.ledger(target).entries()
        for key, stand in (await stands(bridge, target, known, entries, now)).items():
            if key.kind is Kind.PERSON and (not standings or stand.standing in standings):
                row = {
                    "target": target,
                    "record": str(key),
                    "name": name_of(known.get(key)) if names else None,
                    "standing": stand.standing.field,
                    "why": stand.why,
                    "next": stand.then,
                    "at": local_or_none(stand.at, bridge.values.zone),
                    "helps": stand.helps or None,
                }
                found.append(row)
    places = [standing.field for standing in Standing]
    order = {name: number for number, name in enumerate(bridge.routes)}
    found.sort(key=lambda row: (row["why"], row["next"], row["record"]))
    return sorted(found, key=lambda row: (order[row["target"]], places.index(row["standing"])))
