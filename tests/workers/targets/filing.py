"""A file target as tests need it: its notebook can fail, and its file is published and read back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import aiohttp

from bridge.errors import RecordRejected, TryLater
from bridge.exchange import Draft, Publication, Wanted
from bridge.model import Key, Kind
from bridge.wire.permit import Permit
from workers.targets.base import Tools
from workers.targets.file.settings import FileSettings
from workers.targets.file.target import ADAPTER, FileTarget
from workers.targets.notebook import Scratch
from workers.testing.permits import Always
from workers.testing.rig import Allowed


class Book(Scratch):
    """A notebook that keeps count, and can fail. `writes` are what was noted."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self._lose = self._refuse = False

    def lose(self) -> None:
        self._lose = True

    def refuse(self) -> None:
        self._refuse = True

    async def put(self, key: Key, note: Mapping[str, Any] | None) -> None:
        if self._refuse:
            self._refuse = False
            raise RecordRejected("cannot be noted")
        self.writes.append(str(key))
        await super().put(key, note)
        if self._lose:
            self._lose = False
            raise TryLater("no answer", unreachable=True)


class Filed:
    """A file target and what it has published, as the engine goes about it. `statuses`: of its requests."""

    def __init__(self, path: str | Path, zone: tzinfo = UTC, **settings: Any) -> None:
        given = {"kind": "file", "path": str(path), "timeout": 5, **settings}
        self.settings = FileSettings.model_validate(given)
        self.book = Book()
        self.zone = zone
        self.statuses: list[str] = []
        self.target = self.connected()
        self.last = Publication()
        self.written: Mapping[str, str] = {}
        self.now = time.time()

    def connected(self) -> FileTarget:
        session: aiohttp.ClientSession = None  # type: ignore[assignment]  # a file needs none
        tools = Tools(session, notebook=self.book, zone=self.zone, measured=self._measured)
        target = ADAPTER.connect(self.settings, tools)
        assert isinstance(target, FileTarget)
        return target

    def _measured(self, status: str, _seconds: float) -> None:
        self.statuses.append(status)

    def set(self, **settings: Any) -> None:
        """Go on with other settings."""
        given = {**self.settings.model_dump(by_alias=True), **settings}
        self.settings = FileSettings.model_validate(given)
        self.target = self.connected()

    async def give(self, id_: str, **attributes: Any) -> None:
        """Let somebody have a row."""
        wanted = Wanted(Key(Kind.PERSON, id_), {"id": id_, "active": True, **attributes})
        there = await self.target.read(wanted.key, str(wanted.key))
        await Allowed(self.target).upsert(wanted, there.id if there else None)

    async def draft(self) -> Draft:
        return await self.target.draft(self.last, self.written, self.now)

    async def publish(self, permit: Permit | None = None) -> bool:
        """Publish what is drafted. Whether there was anything."""
        draft = await self.draft()
        if draft.content is None:
            return False
        self.last = await self.target.publish(draft, self.last, permit or Always())
        self.written = draft.written
        return True
