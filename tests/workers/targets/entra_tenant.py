"""`kenjo-bridge` between a made-up Kenjo and a tenant of Entra ID: processes of their own, real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.server import Sandbox
from tests.workers.targets.entra_directory import EXTENSIONS, Thing
from tests.workers.targets.entra_rig import EntraRig
from tests.workers.targets.entra_server import EntraServer, entra_server
from tests.world import World, expected
from workers.testing.proxy import proxy_to


class Tenant:
    """The command's world, with a tenant in it."""

    def __init__(self, world: World, server: EntraServer) -> None:
        self.world = world
        self.server = server
        self.directory = server.directory
        self.proxy = world.proxy

    def by_kenjo_id(self) -> dict[str, Thing]:
        """The users, each of whom has another id of Kenjo."""
        users = self.directory.users.values()
        found = {str(one[EXTENSIONS].get("extensionAttribute15")): one for one in users}
        assert len(found) == len(users)
        return found

    def groups_of(self, user: Thing) -> set[str]:
        """The ids of the groups that somebody is in."""
        return {id_ for id_, members in self.directory.members.items() if user["id"] in members}

    async def sync(self, *more: str, code: int = 0) -> Any:
        """Synchronise; the row of the target."""
        done = await self.world.run("sync", "--json", *more)
        assert done.code == code, (done.out, done.err)
        return done.json["targets"]["entra"]

    def of_a_team(self) -> str:
        """Somebody who works here, and is in a team."""
        people = expected(self.world.sandbox)
        return next(id_ for id_, one in people.items() if one["work"].get("teamIds"))

    def come_back(self, id_: str) -> None:
        """Let somebody who has left work here again."""
        person = self.world.sandbox.account.employees[id_]
        person["account"]["isActive"] = True
        person["work"]["contractEnd"] = None


@asynccontextmanager
async def tenant_in(folder: Path, **own: Any) -> AsyncIterator[Tenant]:
    """Twelve people; `own` are settings of the target."""
    async with Sandbox(people=12) as sandbox, entra_server() as server, aiohttp.ClientSession() as direct:
        addresses = (one["account"].get("email") or "" for one in sandbox.account.employees.values())
        server.directory.domains = frozenset(one.partition("@")[2] for one in addresses)
        server.page = 5
        rig = EntraRig(server, **{"rate": 1000, **own})
        async with proxy_to(server.public) as proxy:
            config = {
                "kenjo": {"base_url": sandbox.url, "api_key": sandbox.api_key, "poll_interval": 1},
                "targets": {"entra": rig.settings(proxy.url)},
                "web": {"port": 0},
                "log": {"format": "json"},
            }
            yield Tenant(World(sandbox, proxy, direct, folder, config, set()), server)
