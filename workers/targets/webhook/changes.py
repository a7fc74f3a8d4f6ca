"""From what is wanted, and what the receiver has or may have, to the event that is to be sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bridge.errors import RecordRejected
from bridge.exchange import FieldChange, Wanted
from bridge.model import Kind
from workers.targets.webhook.event import ACTIVE, MEMBERS, Data, Event, What, is_open, members_of
from workers.targets.webhook.note import Note


def event_of(wanted: Wanted, note: Note, mapped: Callable[[str], bool]) -> Event | None:
    """What has to be told; None where the receiver has all of it.

    Attributes that are not wanted, but noted, stay as long as they are `mapped`. As long as it is not known
    whether events have arrived, what differs from any of their states is told. Raises RecordRejected.
    """
    data = {name: value for name, value in note.latest.items() if mapped(name)} | _attributes(wanted)
    if wanted.key.kind is Kind.TEAM and MEMBERS in data:
        others = set(members_of(note.latest)) - wanted.released
        data[MEMBERS] = sorted({*others, *members_of(wanted.attributes)})
    changed = tuple(name for name, value in data.items() if _differs(note, name, value))
    if note.given is not None and not note.sent and not changed:
        return None
    before = {member for state in note.states for member in members_of(state)}
    left = tuple(sorted(before.difference(members_of(data))))
    return Event(_what(wanted, note, data), data, changed, left)


def deletion(note: Note) -> Event:
    """The last event of an object, with what was known of it."""
    data = dict(note.latest)
    if left := tuple(members_of(data)):
        data[MEMBERS] = []
    return Event("deleted", data, left=left)


def fields(event: Event, note: Note) -> Iterator[FieldChange]:
    """What an event changes."""
    for name in event.changed:
        value = event.data[name]
        if name == MEMBERS:
            there = members_of(note.latest)
            yield from (FieldChange(name, None, one) for one in value if one not in there)
            yield from (FieldChange(name, one, None) for one in event.left)
        else:
            olds = (state.get(name) for state in note.states)
            yield FieldChange(name, next(old for old in olds if old != value), value)


def _attributes(wanted: Wanted) -> dict[str, Any]:
    if wanted.removal:
        return {ACTIVE: False} if wanted.key.kind is Kind.PERSON else {}
    attributes = {name: None if value == "" else value for name, value in wanted.attributes.items()}
    if wanted.key.kind is Kind.PERSON and not isinstance(attributes.get(ACTIVE, True), bool):
        raise RecordRejected(f"{ACTIVE} must be true or false")
    return attributes


def _differs(note: Note, name: str, value: Any) -> bool:
    return any(state.get(name) != value for state in note.states)


def _what(wanted: Wanted, note: Note, data: Data) -> What:
    if not all(note.states) and not wanted.removal:
        return "created"
    if wanted.key.kind is Kind.PERSON and note.open is not is_open(data):
        return "reactivated" if is_open(data) else "deactivated"
    return "updated"
