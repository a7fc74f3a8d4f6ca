"""A tenant whose people are uploaded to a provisioning job: the target, a clock that tests move, notes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bridge.exchange import Accepted, Change, Receipt, Refused, Wanted
from bridge.wire.budget import Purse
from bridge.wire.http import open_session
from tests.workers.targets.entra_directory import EXTENSIONS, Directory, Thing
from tests.workers.targets.entra_provisioning import JOB, SERVICE_PRINCIPAL, Job
from tests.workers.targets.entra_rig import EntraRig
from tests.workers.targets.entra_server import EntraServer, entra_server
from workers.targets.base import Tools
from workers.targets.entra.target import EntraSettings, EntraTarget, connect
from workers.targets.notebook import Scratch
from workers.testing.permits import Always
from workers.testing.proxy import Proxy, proxy_to
from workers.testing.rig import Allowed

ROLES = {
    "User.Read.All",
    "SynchronizationData-User.Upload",
    "ProvisioningLog.Read.All",
    "User.RevokeSessions.All",
    "Group.ReadWrite.All",
}
WITHIN = 0.05
VIA = {"via": "provisioning", "service_principal": SERVICE_PRINCIPAL, "job": JOB}


@dataclass
class Ticking:
    """A clock for both the job and the target."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Uploading:
    """A server with its job, the proxy before it and the target behind that."""

    server: EntraServer
    rig: EntraRig
    proxy: Proxy
    target: EntraTarget
    clock: Ticking
    session: Any
    notebook: Scratch
    purse: Purse
    permit: Any = field(default_factory=Always)

    @property
    def directory(self) -> Directory:
        return self.server.directory

    @property
    def job(self) -> Job:
        return self.server.job

    @property
    def allowed(self) -> Allowed:
        return Allowed(self.target)

    def another(self, **own: Any) -> EntraTarget:
        """The same target in another process."""
        settings = EntraSettings.model_validate({"timeout": 5, **self.rig.settings(self.proxy.url), **own})
        tools = Tools(self.session, notebook=self.notebook, budget=self.purse)
        return connect(settings, tools, self.clock, WITHIN)

    async def change(self, wanted: Wanted, remote_id: str | None = None) -> Change:
        """What is to be sent for somebody."""
        there = await self.target.read(wanted.key, remote_id) if remote_id else None
        change = self.target.change(wanted, there)
        assert change is not None
        return change

    async def send(self, wanted: Wanted, remote_id: str | None = None) -> Receipt:
        """Send what differs of somebody."""
        (receipt,) = await self.target.send([await self.change(wanted, remote_id)], self.permit)
        return receipt

    async def together(self, people: Sequence[Wanted]) -> list[Receipt]:
        """Create people as deliveries do: each by itself, at the same time."""
        return list(await asyncio.gather(*(self.send(wanted) for wanted in people)))

    async def made(self, wanted: Wanted) -> Thing:
        """Upload a new person, let the job work, and give the account."""
        await self.send(wanted)
        self.job.work()
        id_ = wanted.attributes["kenjoId"]
        (user,) = [
            one for one in self.directory.users.values() if one[EXTENSIONS]["extensionAttribute15"] == id_
        ]
        return user


def ticket_of(receipt: Receipt) -> str:
    assert isinstance(receipt, Accepted), receipt
    assert receipt.ticket
    return receipt.ticket


def error_of(receipt: Receipt) -> Exception:
    assert isinstance(receipt, Refused), receipt
    return receipt.error


@asynccontextmanager
async def uploading(**own: Any) -> AsyncIterator[Uploading]:
    async with entra_server() as server:
        clock = Ticking()
        server.roles, server.job.clock = set(ROLES), clock
        rig = EntraRig(server, **{**VIA, **own})
        async with proxy_to(rig.origin) as proxy, open_session() as session:
            notebook, purse = Scratch(), Purse(clock)
            settings = EntraSettings.model_validate({"timeout": 5, **rig.settings(proxy.url)})
            tools = Tools(session, notebook=notebook, budget=purse)
            async with connect(settings, tools, clock, WITHIN) as target:
                yield Uploading(server, rig, proxy, target, clock, session, notebook, purse)
