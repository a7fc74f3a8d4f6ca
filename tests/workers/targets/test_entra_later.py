"""The adapter for Entra ID through a provisioning job, against the contract.

A create is an upload like any other, which the job compares with what there is: a second one is no conflict.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bridge.errors import RecordRejected
from bridge.model import Kind
from tests.workers.targets.entra_later import LaterRig
from tests.workers.targets.entra_server import entra_server
from workers.testing.contract import HttpTargetContract
from workers.testing.permit_contract import error_of, sent
from workers.testing.rig import Allowed, Rig, holds, person


class TestEntraLater(HttpTargetContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[LaterRig]:
        async with entra_server() as server:
            yield LaterRig(server)

    async def test_duplicate(self, rig: Rig, target: Allowed) -> None:
        """A second create of the same person brings the first account up to date, and leaves one."""
        first = await target.upsert(person(rig, 1), None)
        wanted = person(rig, 1, jobTitle="Boss")
        assert (await target.upsert(wanted, None)).remote_id == first.remote_id
        await holds(rig, Kind.PERSON, first.remote_id, dict(wanted.attributes))
        assert await rig.count(Kind.PERSON) == 1

    async def test_concurrent(self, rig: Rig, target: Allowed) -> None:
        """Creates at the same time share a call and nothing else, also when one of them was made before."""
        await target.upsert(person(rig, 0), None)
        made = await asyncio.gather(*(target.upsert(person(rig, number), None) for number in range(8)))
        for number, applied in enumerate(made):
            await holds(rig, Kind.PERSON, applied.remote_id, rig.person(number))
        assert isinstance(rig, LaterRig)
        assert rig.server.job.calls == [1, 8]
        assert await rig.count(Kind.PERSON) == 8

    async def test_one_of_several_is_refused(self, rig: Rig, target: Allowed) -> None:
        """Of changes sent together the job refuses one == its own receipt says so, and the rest is done."""
        assert isinstance(rig, LaterRig)
        rig.server.job.refused[rig.person(2)["kenjoId"]] = "taken"
        first, second, third = await sent(rig, target, 1, 2, 3)
        assert isinstance(error_of(second), RecordRejected)
        assert error_of(first) is None
        assert error_of(third) is None
        assert await rig.count(Kind.PERSON) == 2
