"""The whole world around the command: a sandbox Kenjo, a real SCIM server behind a proxy, a configuration."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.server import Sandbox
from tests.launcher import Launched
from tests.scim_server import TOKEN, scim_server
from workers.testing.proxy import Proxy, proxy_to

ROOT = Path(__file__).parents[1]

Started = Launched | asyncio.subprocess.Process


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        """The same where it is a line for each value."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class World:
    """`folder` holds bridge.yaml and the private Redis; `config` is what bridge.yaml says.

    `tokens`: those that the directory takes.
    """

    sandbox: Sandbox
    proxy: Proxy
    direct: aiohttp.ClientSession
    folder: Path
    config: dict[str, Any]
    tokens: set[str]
    environment: dict[str, str] = field(default_factory=dict)

    async def start(self, *arguments: str, **environment: str) -> Started:
        """Start the command as a process of its own, which need not import anything (tests.launcher)."""
        return await Launched.start(arguments, self.folder, self._prepared(environment))

    async def start_afresh(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        """Start the command as a user's shell does, where it matters how a process begins."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "service.cli.main",
            *arguments,
            cwd=self.folder,
            env=self._prepared(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    def _prepared(self, environment: Mapping[str, str]) -> dict[str, str]:
        (self.folder / "bridge.yaml").write_text(json.dumps(self.config))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KENJO_BRIDGE")}
        return {**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **self.environment, **environment}

    async def run(self, *arguments: str, **environment: str) -> Ended:
        """Run the command to its end."""
        process = await self.start(*arguments, **environment)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return Ended(process.returncode or 0, out.decode(), err.decode())

    async def users(self) -> list[dict[str, Any]]:
        """All accounts at the directory."""
        return await self._list("Users")

    async def groups(self) -> list[dict[str, Any]]:
        """All groups at the directory."""
        return await self._list("Groups")

    async def _list(self, resource: str) -> list[dict[str, Any]]:
        async with self.direct.get(f"/v2/{resource}", params={"count": "10000"}) as answer:
            found: list[dict[str, Any]] = (await answer.json(content_type=None)).get("Resources") or []
            return found


@asynccontextmanager
async def world(folder: Path, people: int = 12) -> AsyncIterator[World]:
    """Set everything up, with one target `directory`."""
    token, ours = TOKEN, "the token of those who look on"
    tokens = {token, ours}
    async with Sandbox(people=people) as sandbox, scim_server(tokens=tokens) as (base_url, _):
        origin = base_url.removesuffix("/v2")
        async with (
            proxy_to(origin) as proxy,
            aiohttp.ClientSession(origin, headers={"Authorization": f"Bearer {ours}"}) as direct,
        ):
            target = {"kind": "scim", "base_url": f"{proxy.url}/v2", "token": token, "rate": 1000}
            config = {
                "kenjo": {"base_url": sandbox.url, "api_key": sandbox.api_key, "poll_interval": 1},
                "targets": {"directory": target},
                "web": {"port": 0},
                "log": {"format": "json"},
            }
            yield World(sandbox, proxy, direct, folder, config, tokens)


def expected(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Who should have an account, by Kenjo id: active, started, not ended, with an e-mail address."""
    today = sandbox.account.today.isoformat()
    found = {}
    for id_, person in sandbox.account.employees.items():
        account, work = person["account"], person["work"]
        started = (work.get("startDate") or "")[:10] <= today
        ended = bool(work.get("contractEnd")) and work["contractEnd"][:10] < today
        if account["isActive"] and account.get("email") and started and not ended:
            found[id_] = person
    return found
