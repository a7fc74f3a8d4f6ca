"""The contract for a target that does not speak HTTP: objects in memory, and files that are renamed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.model import Kind
from tests.workers.targets.shelf import ADAPTER, Folder, Shelf, ShelfTarget
from workers.testing.contract import TargetContract
from workers.testing.rig import Allowed, Line, Rig
from workers.testing.team_contract import TeamContract


class ShelfRig(Rig):
    """Looks at a shelf past the target."""

    adapter = ADAPTER
    has_teams = True
    clearable = "title"
    changes: Mapping[str, Any] = {"userName": "ana.neu@example.com", "title": "Boss", "manager": "p9"}

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[tuple[Allowed, Line]]:
        async with ShelfTarget(self.shelf) as target:
            yield Allowed(target), self.shelf

    def person(self, number: int) -> dict[str, Any]:
        return {
            "externalId": f"kenjo-p{number}",
            "userName": f"ana{number}@example.com",
            "title": "Buyer",
            "active": True,
        }

    def team(self, number: int) -> dict[str, Any]:
        return {"externalId": f"kenjo-t{number}", "displayName": f"Team {number}"}

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        thing = self.shelf.things(kind).get(remote_id)
        return None if thing is None else {**thing, "members": set(thing.get("members") or ())}

    async def count(self, kind: Kind) -> int:
        return len(self.shelf.things(kind))

    async def is_active(self, remote_id: str) -> bool:
        return bool(self.shelf.things(Kind.PERSON)[remote_id]["active"])

    async def add_foreign(self, remote_id: str) -> None:
        self._edit(Kind.PERSON, remote_id, nickName="Anchen")

    async def has_foreign(self, remote_id: str) -> bool:
        return bool(self.shelf.things(Kind.PERSON)[remote_id]["nickName"] == "Anchen")

    async def add_member(self, remote_id: str, member: str) -> None:
        members = self.shelf.things(Kind.TEAM)[remote_id].get("members") or []
        self._edit(Kind.TEAM, remote_id, members=[*members, member])

    def _edit(self, kind: Kind, remote_id: str, **changes: Any) -> None:
        self.shelf.write(kind, remote_id, {**self.shelf.things(kind)[remote_id], **changes})
        self.shelf.writes.pop()


class TestInMemory(TargetContract, TeamContract):
    @pytest.fixture
    def rig(self) -> ShelfRig:
        return ShelfRig(Shelf())


class TestInAFolder(TargetContract, TeamContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> ShelfRig:
        return ShelfRig(Folder(tmp_path))
