"""Deliveries to an odd server that does quiet damage."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bridge.model import Entry, Key, Kind
from bridge.store.backend import Backend
from tests.delivery import Delivery, delivery
from tests.workers.targets.odd_scim import TOKEN, odd_scim
from tests.workers.targets.quiet_scim import Quiet, QuietScim


@dataclass(frozen=True)
class Run:
    """A delivery and the server that it goes to."""

    to: Delivery
    server: QuietScim

    def becomes(self, **changes: Any) -> None:
        """From now on the server behaves otherwise."""
        self.server.odd = dataclasses.replace(self.server.odd, **changes)

    def members(self) -> list[str]:
        """The members of the only group."""
        (group,) = self.server.objects["Groups"].values()
        return sorted({one["value"] for one in group.get("members", [])})

    async def again(self, id_: str, kind: Kind = Kind.PERSON, *, after: float = 0.0) -> Entry:
        """Deliver a record once more, as a retry does."""
        self.to.clock.now += after
        await self.to.deliverer.deliver(Key(kind, id_))
        return await self.to.entry(id_, kind)

    async def verified(self, id_: str, kind: Kind = Kind.PERSON) -> Entry:
        """Read a record back, as `sync --verify` does."""
        await self.to.deliverer.ledger.doubt([Key(kind, id_)])
        return await self.again(id_, kind)


@asynccontextmanager
async def quietly(backend: Backend, quiet: Quiet = Quiet(), **target: Any) -> AsyncIterator[Run]:  # noqa: B008 - immutable
    """Run the server and what delivers to it."""
    async with odd_scim(quiet, QuietScim) as (server, base_url):
        assert isinstance(server, QuietScim)

        @asynccontextmanager
        async def there() -> AsyncIterator[tuple[str, str]]:
            yield base_url, TOKEN

        async with delivery(backend, server=there, **target) as to:
            yield Run(to, server)
