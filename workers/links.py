"""What an attempt needs to know and to say of links: a ledger's, or a stand-in's that writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from bridge.model import Entry, Key
from bridge.store import Claim


class Links(Protocol):
    """What an attempt needs of a ledger, or of a stand-in that writes nothing."""

    async def links(self, keys: Collection[str]) -> dict[str, str]:
        """The remote ids of those records that have one."""

    async def own(self, remote_id: str, key: Key) -> Key:
        """Reserve a remote object for a record; its owner."""

    async def disown(self, remote_id: str) -> None:
        """Forget whose a remote object was."""

    async def announce(self, claim: Claim, entry: Entry) -> None:
        """Write an entry before a request."""

    def digest(self, attributes: Any) -> str:
        """The fingerprint of what a target is given."""
