"""A made-up tool with odd habits, connected by the very profile that docs/targets/rest.md explains."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.workers.targets.oddhr_rig import OddHRRig, oddhr_rig
from workers.testing.contract import HttpTargetContract
from workers.testing.team_contract import TeamContract


@pytest.fixture
async def rig() -> AsyncIterator[OddHRRig]:
    async with oddhr_rig() as rig:
        yield rig


class TestOddHR(HttpTargetContract, TeamContract):
    """All that a target has to do for people and teams."""
