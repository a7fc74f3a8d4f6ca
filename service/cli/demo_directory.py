"""The directory of the demo and of the sandbox: the package scim2-server in a process of its own."""

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
async def directory_server(port: int = 0, token: str = "") -> AsyncIterator[Directory]:
    """A real SCIM server (the package scim2-server) in a process of its own, on this machine only.

    Port 0 is a free one, a token "" a new one. Raises ConfigurationError, also where the port is taken.
    """
    if find_spec("scim2_server") is None:
        raise ConfigurationError("a SCIM server needs the extra packages: pip install 'kenjo-bridge[demo]'")
    port, token = _free(port), token or secrets.token_hex(8)
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
                await _answers(directory, process)
                yield directory
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _answers(directory: Directory, process: asyncio.subprocess.Process) -> None:
    for _ in range(1200):
        if process.returncode is not None:
            break
        with contextlib.suppress(aiohttp.ClientError):
            await directory.person("nobody")
            return
        await asyncio.sleep(0.05)
    raise ConfigurationError("the SCIM server did not start")


def _free(port: int) -> int:
    """The port, where nobody listens on it; 0 for any. Raises ConfigurationError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError(
                f"the SCIM server cannot listen on port {port} ({error.strerror}); use --port"
            ) from None
        free: int = probe.getsockname()[1]
        return free
