"""How records are called in answers."""

from __future__ import annotations

from bridge.model import Key
from service.operations.board import Sight
from service.operations.naming import name_of


def named(record: str, sight: Sight, *, names: bool) -> dict[str, str | None]:
    """`{record, name}`: the name where names may be seen, and the text is the key of a record."""
    key = Key.of(record)
    return {"record": record, "name": name_of(sight.known.get(key)) if names and key else None}
