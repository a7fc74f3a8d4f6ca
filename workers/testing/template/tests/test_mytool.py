"""The kind `mytool` does what every kind of target has to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import TargetHalted
from bridge.model import Kind
from workers.testing.contract import TargetContract
from workers.testing.rig import Allowed, Line, Rig, connected, person
from workers.testing.team_contract import TeamContract
from workers.testing.template.kenjo_mytool import ADAPTER
from workers.testing.template.kenjo_mytool.server import Folder, Refused, Thing
from workers.testing.template.kenjo_mytool.target import MytoolTarget

# A tool with an HTTP API: write a small server from the vendor's description (aiohttp.web), let the rig be an
# `HttpRig`, and subclass `HttpTargetContract`: its proxy keeps count and fails, and more is tested.


class Watched(Folder):
    """The tool, which keeps count of what is written and can fail."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.writes: list[str] = []
        self._loses = self._refuses = False

    def lose(self) -> None:
        """Let the next write be done, and its answer get lost."""
        self._loses = True

    def refuse(self) -> None:
        """Refuse the next write."""
        self._refuses = True

    def write(self, kind: Kind, id_: str, thing: Thing | None) -> None:
        """As told."""
        refuses, loses, self._refuses, self._loses = self._refuses, self._loses, False, False
        if refuses:
            raise Refused
        self.writes.append(id_)
        super().write(kind, id_, thing)
        if loses:
            raise TimeoutError


class MytoolRig(Rig):
    """How to look into the tool past the adapter."""

    adapter = ADAPTER
    has_teams = True
    clearable = "jobTitle"
    changes: Mapping[str, Any] = {"email": "ana.neu@example.com", "jobTitle": "Boss", "manager": "p9"}

    def __init__(self, path: Path) -> None:
        self.folder = Folder(path)
        self._watched = Watched(path)

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[tuple[Allowed, Line]]:
        """The target, on a folder that can fail."""
        async with MytoolTarget(self._watched) as target:
            yield Allowed(target), self._watched

    def person(self, number: int) -> dict[str, Any]:
        """Somebody, different for each number."""
        return {
            "kenjoId": f"kenjo-p{number}",
            "email": f"ana{number}@example.com",
            "firstName": "Ana",
            "lastName": f"Müller {number}",
            "jobTitle": "Buyer",
            "active": True,
        }

    def team(self, number: int) -> dict[str, Any]:
        """A team, different for each number."""
        return {"kenjoId": f"kenjo-t{number}", "name": f"Team {number}"}

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        """What the tool has."""
        thing = self.folder.get(kind, remote_id)
        return None if thing is None else {**thing, "members": set(thing.get("members") or ())}

    async def count(self, kind: Kind) -> int:
        """How many it has."""
        return len(self.folder.all(kind))

    async def is_active(self, remote_id: str) -> bool:
        """Whether a person may use it."""
        return bool(self._thing(Kind.PERSON, remote_id)["active"])

    async def add_foreign(self, remote_id: str) -> None:
        """What the tool's administrator gives a person."""
        self._edit(Kind.PERSON, remote_id, nickName="Anchen")

    async def has_foreign(self, remote_id: str) -> bool:
        """Whether it is still there."""
        return self._thing(Kind.PERSON, remote_id).get("nickName") == "Anchen"

    async def add_member(self, remote_id: str, member: str) -> None:
        """A member whom the tool's administrator puts in."""
        members = self._thing(Kind.TEAM, remote_id).get("members") or []
        self._edit(Kind.TEAM, remote_id, members=[*members, member])

    def _thing(self, kind: Kind, remote_id: str) -> Thing:
        thing: Thing | None = self.folder.get(kind, remote_id)
        assert thing is not None
        return thing

    def _edit(self, kind: Kind, remote_id: str, **changes: Any) -> None:
        self.folder.write(kind, remote_id, {**self._thing(kind, remote_id), **changes})


class TestMytool(TargetContract, TeamContract):
    """Everything that a kind of target has to do for people and teams."""

    @pytest.fixture
    def rig(self, tmp_path: Path) -> MytoolRig:
        """A tool with nobody in it."""
        return MytoolRig(tmp_path)


async def test_connected_by_its_settings(tmp_path: Path) -> None:
    """The settings of a configuration lead to the folder."""
    async with connected(ADAPTER, {"kind": "mytool", "folder": str(tmp_path)}) as target:
        applied = await target.upsert(person(MytoolRig(tmp_path), 1), None)
    assert Folder(tmp_path).get(Kind.PERSON, applied.remote_id)


async def test_a_folder_that_may_not_be_used(tmp_path: Path) -> None:
    """A refusal of the whole tool halts the target, and says what to do."""

    class Closed(Folder):
        def all(self, kind: Kind) -> dict[str, Thing]:
            raise PermissionError(kind)

    with pytest.raises(TargetHalted, match="let the bridge's user write to it"):
        await MytoolTarget(Closed(tmp_path)).check()
