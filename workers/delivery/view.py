"""What a decision needs to read of a ledger: as it is, or with what the steps of a plan would bring."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from bridge.model import Key, Kind
from bridge.store.sight import Sight


class View(Protocol):
    """The part of a ledger that tells of other records. Nothing here writes."""

    async def links(self, keys: Collection[str]) -> dict[str, str]:
        """The remote ids of those records that have one."""

    async def owner(self, kind: Kind, remote_id: str) -> Key | None:
        """Whose a remote object is, if it is anybody's."""

    async def sight(self, key: Key) -> Sight:
        """Where another record stands now."""

    async def unlinked(self, kind: Kind) -> list[Sight]:
        """The records of a kind that have no object here."""

    async def holder(self, attribute: str, value: str) -> Key | None:
        """Whose a value is that nobody else may have, if it is anybody's."""

    def digest(self, attributes: Any) -> str:
        """The fingerprint of what a target is given."""
