"""Companies with a Kenjo and a directory each, in this process, and their configuration in a folder."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from sandbox.server import Sandbox
from tests.directory.misbehaving import Faults
from tests.directory.server import Api, Directory
from tests.world import expected


@dataclass(frozen=True)
class Company:
    """One company: its Kenjo, and the directory that is to become equal to it."""

    name: str
    kenjo: Sandbox
    directory: Directory
    url: str

    def rename(self, last_name: str) -> None:
        """Give somebody another last name in Kenjo."""
        self.kenjo.actions.rename(employee=next(iter(expected(self.kenjo))), last_name=last_name)

    @property
    def is_in_step(self) -> bool:
        """Whether everybody who should have an account has one, with the name that Kenjo tells."""
        there = {one["externalId"]: one for one in self.directory.objects["Users"].values()}
        wanted = expected(self.kenjo)
        return there.keys() == wanted.keys() and all(
            there[id_]["name"]["familyName"] == one["personal"]["lastName"] for id_, one in wanted.items()
        )


@dataclass
class Stage:
    """All companies; `folder` is what the deployment reads, and has a file for each that it knows."""

    folder: Path
    people: int
    poll: float
    stack: AsyncExitStack
    companies: dict[str, Company] = field(default_factory=dict)

    def common(self, redis: str) -> None:
        """Write what all share."""
        shared = {"redis": {"url": redis}, "web": {"port": 0}, "log": {"format": "json"}}
        (self.folder / "bridge.yaml").write_text(json.dumps(shared))

    async def add(self, name: str) -> Company:
        """Let a company begin: its servers, then its file."""
        kenjo = await self.stack.enter_async_context(
            Sandbox(self.people, seed=len(self.companies), api_key=f"key-of-{name}")
        )
        directory = Directory()
        url = await self.stack.enter_async_context(_serving(directory))
        company = self.companies[name] = Company(name, kenjo, directory, url)
        own = {
            "kenjo": {"base_url": kenjo.url, "api_key": kenjo.api_key, "poll_interval": self.poll},
            "targets": {"directory": {"kind": "scim", "base_url": url, "token": "many", "rate": 1000}},
        }
        whole = self.folder / f".{name}"
        whole.write_text(json.dumps(own))
        whole.replace(self.folder / f"{name}.yaml")
        return company

    def remove(self, name: str) -> None:
        """Take a company's file away."""
        (self.folder / f"{name}.yaml").unlink()
        del self.companies[name]


@asynccontextmanager
async def _serving(directory: Directory) -> AsyncIterator[str]:
    api = Api(directory, Faults(0))
    app = web.Application(middlewares=[api.gate])
    app.add_routes(api.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def staged(folder: Path, number: int, people: int, poll: float) -> AsyncIterator[Stage]:
    """So many companies, whose files are written."""
    async with AsyncExitStack() as stack:
        found = Stage(folder, people, poll, stack)
        for one in range(1, number + 1):
            await found.add(f"company-{one}")
        yield found
