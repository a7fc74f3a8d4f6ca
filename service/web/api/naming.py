"""How records are called in answers."""

from __future__ import annotations

from bridge.model import Key, Kind
from service.operations.board import Sight
from service.operations.naming import name_of


def named(record: str, sight: Sight, *, names: bool) -> dict[str, str | None]:
    """`{record, name}`: the name where names may be seen, and the text is the key of a record."""
    is_key = record.startswith(tuple(f"{kind}:" for kind in Kind))
    return {
        "record": record,
        "name": name_of(sight.known.get(Key.parse(record))) if names and is_key else None,
    }
