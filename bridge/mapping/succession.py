"""Which group of ours goes on under the name of one that is gone. Pure.

Somebody deletes a team in Kenjo and makes it anew: another id, the same name, mostly the same people. At a
target the new one takes the old one's group over; were that emptied first, everybody would lose the access.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bridge.errors import RecordRejected
from bridge.mapping.route import Action, Route
from bridge.model import Entry, Key, Kind, State, Stored
from bridge.spelling import folded


def successor(
    route: Route, old: Stored, others: Iterable[tuple[Stored, Entry | None]], stance: str
) -> Key | None:
    """The first of some groups without an object at the target that is to get one under the name of `old`.

    None also while `old` is not gone, and when the other was refused: nobody takes the group over then. One
    that was refused because `old` had its group still counts, as that stands otherwise now (`stance`).
    """
    if not old.gone or old.record.key.kind is not Kind.TEAM or not (name := name_of(route, old)):
        return None
    found = (
        stored.record.key
        for stored, entry in others
        if not _is_stuck(route, stored, entry, old.record.key, stance)
        and name_of(route, stored) == name
        and _is_wanted(route, stored)
    )
    return min(found, default=None)


def name_of(route: Route, stored: Stored) -> str:
    """A group's name at the target, as it is compared; "" for none that can be told."""
    try:
        return fold(route.map(stored.record).get(route.group_name))
    except RecordRejected:
        return ""


def fold(value: Any) -> str:
    """A value of an attribute as targets compare it; "" for nothing."""
    return "" if value is None else folded(str(value))


def _is_wanted(route: Route, stored: Stored) -> bool:
    try:
        return route.intend(stored, linked=False).action is Action.UPSERT
    except RecordRejected:
        return False


def _is_stuck(route: Route, stored: Stored, entry: Entry | None, old: Key, stance: str) -> bool:
    """Whether the ledger has an answer already that only a change or a person can move."""
    if entry is not None and entry.awaits == str(old) and entry.awaited != stance:
        return False
    if entry is None or entry.revision != stored.revision or entry.config != route.fingerprint:
        return False
    return entry.state in (State.FAILED, State.SKIPPED)
