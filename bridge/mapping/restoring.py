"""What a target is to have when somebody has undone a run: some former values, against what Kenjo says. Pure.

They count as long as neither the record nor the configuration is another one: then Kenjo's word counts again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.exchange import Reference
from bridge.mapping.route import Action, Intent, Route
from bridge.model import Entry, Key, Stored

_RECORD = "record"
"""The one name in what stands for a reference to a record."""


def stamp_of(route: Route, stored: Stored) -> str:
    """What restored values count for. Who is being forgotten counts as gone, and gets nothing back."""
    return f"{stored.revision} {route.configuration}{' gone' if stored.gone else ''}"


def is_restored(route: Route, stored: Stored, entry: Entry | None) -> bool:
    """Whether the target is to have something else than Kenjo says, by somebody's word."""
    return bool(entry and entry.restored and entry.restored.stamp == stamp_of(route, stored))


def intended(route: Route, stored: Stored, entry: Entry | None, *, linked: bool) -> Intent:
    """What `Route.intend` says, but that nothing is taken from who was given something back.

    Raises RecordRejected.
    """
    if linked and is_restored(route, stored, entry):
        return Intent(Action.UPSERT)
    return route.intend(stored, linked=linked)


def mapped(route: Route, stored: Stored, entry: Entry | None) -> dict[str, Any]:
    """What `Route.map` gives, with what was restored in its place. Raises RecordRejected.

    Of who should have nothing, as much as can be told. Lists of references keep what Kenjo says besides.
    """
    if entry is None or entry.restored is None or not is_restored(route, stored, entry):
        return route.map(stored.record)
    found = route.told_of(stored.record) if route.unserved(stored) else route.map(stored.record)
    for attribute, value in entry.restored.values.items():
        former = _read(value)
        is_list = isinstance(former, list) and any(isinstance(one, Reference) for one in former)
        there = found.get(attribute) or [] if is_list else []
        found[attribute] = [*there, *(one for one in former if one not in there)] if is_list else former
    return found


def reference(key: Key) -> dict[str, str]:
    """What stands in `Restored.values` for a reference to a record."""
    return {_RECORD: str(key)}


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    if isinstance(value, Mapping) and value.keys() == {_RECORD}:
        return Reference(Key.parse(value[_RECORD]))
    return value
