"""What is told of one person or team, and how it looks on its way: CloudEvents 1.0 in JSON. Pure.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, formats/json-format.md and
extensions/sequence.md there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from bridge.model import Key, Kind

ACTIVE = "active"
MEMBERS = "members"
CHANGED, LEFT = "changed", "left"
RESERVED = (CHANGED, LEFT)
"""Names in an event's `data` that are no attributes."""

Data = Mapping[str, Any]
What = Literal["created", "updated", "deactivated", "reactivated", "deleted"]

_PEOPLE = f"{Kind.PERSON}:"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one object: its attributes as they are to be now, and the names of those that changed.

    `left`: who was a member of the group and is none any more. Members are remote ids.
    """

    what: What
    data: Data
    changed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it is sent. `private` is what an error may not repeat."""

    id: str
    body: bytes
    private: Data


@dataclass(frozen=True, slots=True)
class Envelope:
    """Turns events into messages. `source` + `id` is one event, however often it is sent."""

    source: str

    def message(self, key: Key, number: int, event: Event) -> Message:
        """The `number` of an event, of microseconds since 1970, is its time and its place in the row."""
        id_ = self._id(key, number, event)
        moment = datetime.fromtimestamp(number / 1_000_000, UTC).isoformat(timespec="microseconds")
        cloud_event = {
            "specversion": "1.0",
            "id": id_,
            "source": self.source,
            "type": f"kenjo.{key.kind}.{event.what}",
            "subject": key.id,
            "time": moment.replace("+00:00", "Z"),
            "sequence": f"{number:016}",
            "datacontenttype": "application/json",
            "data": _shown(key.kind, event),
        }
        return Message(id_, orjson.dumps(cloud_event), event.data)

    def _id(self, key: Key, number: int, event: Event) -> str:
        told = [self.source, str(key), number, event.what, event.data]
        return hashlib.blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def members_of(data: Data) -> list[str]:
    """The remote ids of a group's members."""
    return data.get(MEMBERS) or []


def is_open(data: Data) -> bool:
    """Whether a person has access; without the attribute they have."""
    return data.get(ACTIVE) is not False


def _shown(kind: Kind, event: Event) -> dict[str, Any]:
    """The data with Kenjo's ids for members."""
    if kind is Kind.PERSON:
        return {**event.data, CHANGED: event.changed}
    data = {**event.data, CHANGED: event.changed, LEFT: _ids(event.left)}
    if MEMBERS in data:
        data[MEMBERS] = _ids(members_of(data))
    return data


def _ids(members: list[str] | tuple[str, ...]) -> list[str]:
    return [member.removeprefix(_PEOPLE) for member in members]
