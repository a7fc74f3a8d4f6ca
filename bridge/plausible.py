"""Whether a snapshot of Kenjo can be believed. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.model import Key, Kind, Snapshot, Stored

SHRINK_PERCENT = 20
"""A snapshot with more than this share of people (or teams) fewer than before is not believed ..."""
SHRINK_COUNT = 5
"""... if it lacks at least this many."""

_NAMES = {Kind.PERSON: "people", Kind.TEAM: "groups"}


def implausible(known: Mapping[Key, Stored], snapshot: Snapshot) -> str | None:
    """Why this snapshot should not be acted on, with the numbers; None when it is plausible."""
    return next(filter(None, (_shrunken(known, snapshot, kind) for kind in Kind)), None)


def missing(snapshot: Snapshot, known: Mapping[Key, Stored], kind: Kind) -> int:
    """How many of the known records of a kind the snapshot lacks. New ones do not make up for them."""
    before = (key for key, stored in known.items() if key.kind is kind and not stored.gone)
    return sum(1 for key in before if key not in snapshot.records and snapshot.tells_of(key))


def _shrunken(known: Mapping[Key, Stored], snapshot: Snapshot, kind: Kind) -> str | None:
    before = sum(1 for key, stored in known.items() if key.kind is kind and not stored.gone)
    lacking, name = missing(snapshot, known, kind), _NAMES[kind]
    if before and lacking == before and (kind is Kind.PERSON or before >= SHRINK_COUNT):
        return f"Kenjo lists none of the {before} {name} that there were before"
    if lacking >= SHRINK_COUNT and lacking * 100 > before * SHRINK_PERCENT:
        return f"Kenjo lists {lacking} of the {before} {name} that there were before no more"
    return None
