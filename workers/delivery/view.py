"""What an attempt needs to know and to say of links: a ledger's, or a stand-in's that writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from bridge.model import Entry, Key, Kind
from bridge.store import Claim
from bridge.store.owners import HandedOver
from bridge.store.sight import Sight


class Links(Protocol):
    """What an attempt needs of a ledger, or of a stand-in that writes nothing."""

    async def links(self, keys: Collection[str]) -> dict[str, str]:
        """The remote ids of those records that have one."""

    async def own(self, remote_id: str, key: Key) -> Key:
        """Reserve a remote object for a record; its owner."""

    async def owner(self, kind: Kind, remote_id: str) -> Key | None:
        """Whose a remote object is, if it is anybody's."""

    async def disown(self, kind: Kind, remote_id: str) -> None:
        """Forget whose a remote object was."""

    async def sight(self, key: Key) -> Sight:
        """Where another record stands now."""

    async def unlinked(self, kind: Kind) -> list[Sight]:
        """The records of a kind that have no object here."""

    async def hand_over(
        self, remote_id: str, new: Key, owner: Key | None, now: float, *, config: str, token: str = ""
    ) -> HandedOver | None:
        """Make an object a record's that is another's; None: it has to be tried again."""

    async def announce(
        self, claim: Claim, entry: Entry, done: Collection[str] = (), now: float = 0.0
    ) -> None:
        """Write an entry before a request, with what limits are to count whatever comes of it."""

    def digest(self, attributes: Any) -> str:
        """The fingerprint of what a target is given."""
