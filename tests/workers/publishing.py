"""Deliveries into a file on real parts: Redis, a folder, and the loop that publishes, asked by hand."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bridge.config.configuration import target_settings
from bridge.config.settings import AnyTarget
from bridge.mapping.route import Route
from bridge.model import Record
from bridge.store.backend import Backend
from tests.delivery import TARGET, Delivery, delivery
from workers.connect import open_target
from workers.delivery.publishing import Left, Publishing
from workers.targets import load
from workers.targets.file.target import FileTarget

NAME = "people.csv"
COLUMNS = ["id", "first_name", "email", "job_title", "active"]
"""Of fields that the people of these tests have."""


@dataclass
class Filing:
    """`run` delivers into the file `path`."""

    run: Delivery
    path: Path
    target: FileTarget

    @property
    def publishing(self) -> Publishing:
        """A worker that publishes."""
        return Publishing(self.run.deliverer, self.target, self.run.backend)

    async def publish(self) -> Left | None:
        """One look of a worker."""
        self.run.clock.now += 1
        return await self.publishing.publish_if_due()

    async def given(self, *records: Record) -> None:
        """Deliver, then publish."""
        await self.run.deliver(*records)
        assert await self.publish() is None

    def rows(self) -> dict[str, dict[str, str]]:
        """The file's rows by id; it is an error that there is none."""
        with self.path.open(encoding="utf-8", newline="") as file:
            return {row["id"]: row for row in csv.DictReader(file)}

    async def set(self, **settings: Any) -> None:
        """Go on under other settings, as after a restart."""
        (filing,) = [one async for one in _opened(self.run, self.path, settings)]
        self.run, self.target = filing.run, filing.target


@asynccontextmanager
async def filing(backend: Backend, folder: Path, name: str = NAME, **settings: Any) -> AsyncIterator[Filing]:
    """A deliverer into a folder of its own."""
    async with delivery(backend) as run:
        async for ready in _opened(run, folder / name, settings):
            yield ready


async def _opened(run: Delivery, path: Path, settings: dict[str, Any]) -> AsyncIterator[Filing]:
    adapter = load("file")
    given = AnyTarget.model_validate({"kind": "file", "path": str(path), "columns": COLUMNS, **settings})
    read = target_settings(TARGET, given, adapter.settings, None)
    route = Route(TARGET, read, adapter.fitted(read).mapping)
    async with aiohttp.ClientSession() as session:
        connected = open_target(route, run.backend, session)
        target = connected.target
        assert isinstance(target, FileTarget)
        carrier = dataclasses.replace(run.deliverer, route=route, target=target, turn=connected.turn)
        run.deliverer = carrier
        yield Filing(run, path, target)
