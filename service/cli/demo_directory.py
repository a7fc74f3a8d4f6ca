"""The directory of the demo: the package scim2-server in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import aiohttp

from bridge.errors import ConfigurationError
from service.cli import stopping


@dataclass(frozen=True, slots=True)
class Directory:
    """A running SCIM server and how to read it."""

    base_url: str
    token: str
    session: aiohttp.ClientSession

    async def person(self, kenjo_id: str) -> dict[str, Any]:
        """The directory's account of a Kenjo id, or {}."""
        return await self._first("Users", f'externalId eq "{kenjo_id}"')

    async def team(self, kenjo_id: str) -> dict[str, Any]:
        """The directory's group of a Kenjo id, or {}."""
        return await self._first("Groups", f'externalId eq "{kenjo_id}"')

    async def _first(self, resource: str, condition: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.base_url}/{resource}"
        async with self.session.get(url, params={"filter": condition}, headers=headers) as answer:
            found: list[dict[str, Any]] = (await answer.json()).get("Resources") or []
        return found[0] if found else {}


@asynccontextmanager
async def directory_server() -> AsyncIterator[Directory]:
    """A real SCIM server (the package scim2-server) in a process of its own."""
    if find_spec("scim2_server") is None:
        raise ConfigurationError("the demo needs the extra packages: pip install 'kenjo-bridge[demo]'")
    port, token = _free_port(), secrets.token_hex(8)
    command = (
        "-m", "scim2_server.testserver.cli",
        "--hostname", "127.0.0.1", "--port", str(port), "--bearer-token", token,
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us; we end it after our last request
    )
    try:
        with stopping.at_last(process.kill):
            async with aiohttp.ClientSession() as session:
                directory = Directory(f"http://127.0.0.1:{port}/v2", token, session)
                await _answers(directory)
                yield directory
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _answers(directory: Directory) -> None:
    for _ in range(200):
        with contextlib.suppress(aiohttp.ClientError):
            await directory.person("nobody")
            return
        await asyncio.sleep(0.05)
    raise ConfigurationError("the demo's SCIM server did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
