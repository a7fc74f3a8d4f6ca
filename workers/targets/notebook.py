"""What a target remembers that shows nothing itself: what each object was given last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bridge.model import Key


class Notebook(Protocol):
    """Remembers what each object was given last, for a target that shows nothing. Named by records' keys."""

    async def get(self, key: Key) -> Mapping[str, Any] | None:
        """What is noted of one object."""
        ...

    async def put(self, key: Key, note: Mapping[str, Any] | None) -> None:
        """Note what was given, as JSON values; None strikes it out."""
        ...

    async def all(self) -> dict[Key, Mapping[str, Any]]:
        """All notes."""
        ...

    async def size(self) -> int:
        """How many notes there are."""
        ...

    async def mark(self) -> str:
        """A word that is another one after each note: whoever knows it need not read them all again."""
        ...


class Scratch:
    """A notebook that ends with the process."""

    def __init__(self) -> None:
        self._notes: dict[Key, Mapping[str, Any]] = {}
        self._puts = 0

    async def get(self, key: Key) -> Mapping[str, Any] | None:
        """What is noted of one object."""
        return self._notes.get(key)

    async def put(self, key: Key, note: Mapping[str, Any] | None) -> None:
        """Note what was given; None strikes it out."""
        self._puts += 1
        if note is None:
            self._notes.pop(key, None)
        else:
            self._notes[key] = note

    async def all(self) -> dict[Key, Mapping[str, Any]]:
        """All notes."""
        return dict(self._notes)

    async def size(self) -> int:
        """How many notes there are."""
        return len(self._notes)

    async def mark(self) -> str:
        """Another word after each note."""
        return str(self._puts)
