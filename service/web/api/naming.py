"""How records are called in answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.model import Key
from service.operations.board import Sight
from service.operations.naming import name_of


def named(record: str, sight: Sight, *, names: bool) -> dict[str, str | None]:
    """`{record, name}`: the name where names may be seen, and the text is the key of a record."""
    key = Key.of(record)
    return {"record": record, "name": name_of(sight.known.get(key)) if names and key else None}


def with_name(row: Mapping[str, Any], sight: Sight, *, names: bool) -> dict[str, Any]:
    """A row about a `record`, with its name likewise."""
    return {**row, **named(row["record"], sight, names=names)}
