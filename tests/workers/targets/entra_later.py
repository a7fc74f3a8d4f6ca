"""A tenant with a provisioning job for the contract suite: what is taken is waited for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from bridge.exchange import Accepted, Applied, Change, Receipt, Refused, Wanted
from bridge.model import Outcome
from bridge.wire.http import open_session
from bridge.wire.permit import Permit
from tests.workers.targets.entra_rig import EntraRig
from tests.workers.targets.entra_server import EntraServer
from tests.workers.targets.entra_uploads_rig import ROLES, VIA, WITHIN, Ticking
from workers.targets.base import Target, Tools
from workers.targets.entra.target import EntraSettings, EntraTarget, connect
from workers.testing.proxy import Proxy, proxy_to
from workers.testing.rig import Allowed

_A_WHILE = 120.0


class LaterRig(EntraRig):
    """A made-up tenant that lets people through its job, on a clock that whoever waits moves on."""

    def __init__(self, server: EntraServer) -> None:
        super().__init__(server, **VIA)
        server.roles = {*ROLES, "User.DeleteRestore.All"}
        self.clock = Ticking(time.time())
        server.job.clock = self.clock

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[tuple[Allowed, Proxy]]:
        """Through a proxy."""
        async with proxy_to(self.origin, self.reads) as proxy, open_session() as session:
            settings = EntraSettings.model_validate({"timeout": 5, **self.settings(proxy.url)})
            async with connect(settings, Tools(session), self.clock, WITHIN) as target:
                yield Allowed(cast("Target", Waited(target, self))), proxy


class Waited:
    """A target whose changes are done when `send` has ended, be it that the job does them after a while."""

    def __init__(self, target: EntraTarget, rig: LaterRig) -> None:
        self._target = target
        self._rig = rig

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    async def find(self, wanted: Wanted, *, thorough: bool = False) -> Any:
        """What there is after a while."""
        self._rig.server.job.work()
        return await self._target.find(wanted, thorough=thorough)

    async def send(self, changes: Sequence[Change], permit: Permit) -> Sequence[Receipt]:
        """Send changes; wait for those that were taken, and do what can be done only then."""
        receipts = await self._target.send(changes, permit)
        self._rig.server.job.work()
        self._rig.clock.now += _A_WHILE
        pairs = zip(changes, receipts, strict=True)
        return [await self._come(change, one, permit) for change, one in pairs]

    async def _come(self, change: Change, receipt: Receipt, permit: Permit) -> Receipt:
        if not isinstance(receipt, Accepted) or not receipt.ticket:
            return receipt
        (told,) = await self._target.confirm([receipt.ticket])
        self._rig.clock.now += _A_WHILE
        if not isinstance(told, Applied):
            assert isinstance(told, Refused)
            return told
        remote_id = change.remote_id or await self._made(change)
        there = await self._target.read(change.key, remote_id)
        if change.outcome is Outcome.DEACTIVATED:
            rest = self._target.change(Wanted(change.key, {}, removal="deactivate"), there)
            assert rest
            return (await self._target.send([rest], permit))[0]
        return Applied(remote_id, change.outcome, there.open if there else None)

    async def _made(self, change: Change) -> str:
        told = {one.attribute: one.new for one in change.fields}
        (found,) = await self._target.find(Wanted(change.key, told))
        return found.id
