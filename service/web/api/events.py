"""What happened, as the API tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.operations.board import Sight
from service.web.api.naming import named
from service.web.api.values import Answer, MaybeText, When

_TOLD = ("at", "what", "record", "target", "by")


class Event(Answer):
    """Something that happened: a change seen in Kenjo, a delivery, a decision."""

    id: MaybeText = None
    """Its id in the audit log, where it was asked for there."""
    at: When
    what: str
    """Such as `changed`, `created`, `held` or `approved`."""
    record: MaybeText = None
    name: MaybeText = None
    """What the record is called, for who may see names."""
    target: MaybeText = None
    by: MaybeText = None
    """Who has done it, where somebody has."""
    details: dict[str, Any]
    """What else is noted: names of fields, numbers, ids."""


def event(found: Mapping[str, Any], sight: Sight, *, names: bool, id_: str = "") -> Event:
    """An event of the audit log."""
    return Event.model_validate(
        {
            **{field: found.get(field) for field in _TOLD},
            **named(str(found.get("record", "")), sight, names=names),
            "id": id_,
            "details": {name: value for name, value in found.items() if name not in _TOLD},
        }
    )
