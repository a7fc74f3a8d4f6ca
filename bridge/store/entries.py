"""How an entry of a ledger is kept in Redis: JSON of what differs from a new one, sealed."""

from __future__ import annotations

import dataclasses
from typing import Any

from bridge.codec import Codec, reading
from bridge.model import Entry, Outcome, Restored, State

_NEW = [(field.name, getattr(Entry(), field.name)) for field in dataclasses.fields(Entry)]
"""What each field of an entry is in a new one."""


def seal_entry(codec: Codec, where: str, entry: Entry) -> str | bytes:
    """An entry as it is kept at a place. Only what differs: a poll reads ten thousand of them."""
    value = {name: given for name, new in _NEW if (given := getattr(entry, name)) != new}
    return codec.seal({**value, "state": entry.state, "outcome": entry.outcome}, where)


def open_text(codec: Codec, where: str, blob: bytes) -> str:
    """Read a sealed word, such as a remote id. Raises Unreadable."""
    value = codec.open(blob, where)
    with reading(where):
        if not isinstance(value, str):
            raise TypeError
    return value


def open_entry(codec: Codec, where: str, blob: bytes) -> Entry:
    """Read what `seal_entry` wrote at a place. Raises Unreadable."""
    value: dict[str, Any] = codec.open(blob, where)
    with reading(where):
        for field in ("refs", "missing", "candidates"):
            value[field] = tuple(value.get(field, ()))
        if restored := value.get("restored"):
            value["restored"] = Restored(**restored)
        return Entry(**{**value, "state": State(value["state"]), "outcome": Outcome(value["outcome"])})
