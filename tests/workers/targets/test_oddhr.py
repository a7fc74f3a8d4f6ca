"""A made-up tool with odd habits, connected by the very profile that docs/targets/rest.md explains."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.workers.targets.oddhr_rig import OddHRRig, oddhr_rig
from tests.workers.targets.oddhr_server import OddHR
from workers.testing.contract import HttpTargetContract
from workers.testing.rig import connected, team
from workers.testing.team_contract import TeamContract


@pytest.fixture
async def rig() -> AsyncIterator[OddHRRig]:
    async with oddhr_rig() as rig:
        yield rig


class TestOddHR(HttpTargetContract, TeamContract):
    """All that a target has to do for people and teams."""


async def test_a_list_of_members_that_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page of members is the first one == whoever leaves from beyond is taken out, also twice."""

    async def first_page(self: OddHR, request: web.Request) -> web.Response:
        rows = [{"ref": one} for one in self.circles[request.match_info["ref"]]["members"][:2]]
        return web.json_response({"ok": True, "code": "OK", "result": rows, "more": request.path})

    monkeypatch.setattr(OddHR, "members", first_page)
    async with oddhr_rig() as rig, connected(rig.adapter, rig.settings(rig.origin)) as target:
        people = await rig.can_be_members(4)
        remote_id = (await target.upsert(team(rig, 1, people), None)).remote_id
        for _ in range(2):
            await target.upsert(team(rig, 1, people[:2], released=frozenset(people[2:])), remote_id)
            assert rig.oddhr.circles[remote_id]["members"] == people[:2]
