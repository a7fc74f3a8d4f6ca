"""A sandbox Kenjo, the real client and the real poller on a real Redis; nobody delivers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from pydantic import SecretStr

from bridge.config.settings import KenjoSettings
from bridge.errors import SnapshotHeld
from bridge.mapping.route import Route
from bridge.metrics import Metrics
from bridge.model import Entry, Key, Kind, Lifecycle, Outcome, State, Stored
from bridge.store.backend import Backend
from sandbox import Sandbox
from service.kenjo.client import KenjoClient
from service.operations.assembly import KenjoSource
from service.watch.poller import Poll, Poller
from tests.delivery import Clock
from workers.targets import load

LISTS = ("/employees/accounts", "/employees/personals", "/employees/works")
ONE = "/employees/" + "[0-9a-f]" * 24
INTERVAL = 60.0


@dataclass
class Watching:
    """`clock` moves by hand; `backend` is what the poller writes."""

    sandbox: Sandbox
    backend: Backend
    clock: Clock
    poller: Poller
    route: Route

    async def poll(self) -> Poll:
        """Poll once, an interval after the last time."""
        self.clock.now += INTERVAL
        assert await self.poller.lease.acquire()
        return await self.poller.poll_once()

    async def poll_again(self) -> Poll | None:
        """Poll as a service does, an interval after the last time. None: it was a short poll."""
        self.clock.now += INTERVAL
        assert await self.poller.lease.acquire()
        return await self.poller.poll()

    async def settle(self) -> None:
        """All that is known is at the target, by its ledger."""
        ledger = self.backend.ledger("directory")
        for key, stored in (await self.known()).items():
            entry = Entry(stored.revision, self.route.fingerprint, State.APPLIED, Outcome.CREATED, open=True)
            await ledger.write(key, entry)
            await ledger.own(f"remote-{key.id}", key)
            await ledger.link(key, f"remote-{key.id}")
        await ledger.drop_pending(await self.known())

    async def held(self) -> str:
        """Why a poll changes nothing; it must be held, and what is known must stay as it was."""
        before = await self.known()
        with pytest.raises(SnapshotHeld) as caught:
            await self.poll()
        assert await self.known() == before
        return str(caught.value)

    async def known(self) -> dict[Key, Stored]:
        """All records."""
        return await self.backend.records.known()

    async def gone(self) -> set[str]:
        """The ids of people and groups who count as gone."""
        return {key.id for key, stored in (await self.known()).items() if stored.gone}

    async def states(self) -> dict[str, Lifecycle]:
        """Everybody's lifecycle."""
        known = await self.known()
        return {key.id: one.record.lifecycle for key, one in known.items() if key.kind is Kind.PERSON}

    def cut(self, fraction: float, *paths: str) -> None:
        """Lists end before their end."""
        for path in paths:
            self.sandbox.faults.add("half", path=path, fraction=fraction)


@asynccontextmanager
async def watching(backend: Backend, people: int = 40, **target: Any) -> AsyncIterator[Watching]:
    """An account of so many people that has been polled once; `target` are settings of the SCIM target."""
    adapter = load("scim")
    settings = {"kind": "scim", "base_url": "http://127.0.0.1:1", "token": "t", **target}
    route = Route("directory", adapter.settings.model_validate(settings), adapter.mapping)
    clock = Clock()
    async with (
        Sandbox(people=people, seed=3, today=date(2023, 11, 14)) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        kenjo = KenjoSettings(base_url=sandbox.url, api_key=SecretStr(sandbox.api_key), timeout=20.0)
        client = KenjoClient(session, kenjo, clock=lambda: datetime.fromtimestamp(clock.now, UTC))
        source = KenjoSource(client, route.fields, ZoneInfo("UTC"), {}, 0)
        poller = Poller(
            source, backend, {"directory": route}, Metrics(), interval=INTERVAL, clock=lambda: clock.now
        )
        ready = Watching(sandbox, backend, clock, poller, route)
        await ready.poll()
        try:
            yield ready
        finally:
            await poller.stand_down()
