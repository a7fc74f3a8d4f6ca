"""What is too big a change to be believed. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.model import Key, Kind, Snapshot, Stored

SHRINK_PERCENT = 20
"""A snapshot with more than this share of people fewer than before is not believed ..."""
SHRINK_PEOPLE = 5
"""... if it lacks at least this many."""


def implausible(known: Mapping[Key, Stored], snapshot: Snapshot) -> str | None:
    """Why this snapshot should not be acted on, with the numbers; None when it is plausible."""
    before = sum(1 for key, stored in known.items() if key.kind is Kind.PERSON and not stored.gone)
    now = snapshot.count(Kind.PERSON) + sum(1 for key in snapshot.kept if key in known)
    if before and not now:
        return f"Kenjo lists no people at all; there were {before} before"
    missing = before - now
    if missing >= SHRINK_PEOPLE and missing * 100 > before * SHRINK_PERCENT:
        return f"Kenjo lists {now} people; there were {before} before ({missing} fewer)"
    return None
