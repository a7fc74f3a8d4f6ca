"""The Google Workspace adapter against the contract, on an account written from Google's descriptions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.workers.targets.google_rig import GoogleRig
from tests.workers.targets.google_server import Workspace, google_server
from workers.testing.contract import HttpTargetContract
from workers.testing.team_contract import TeamContract


class TestWorkspace(HttpTargetContract, TeamContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[GoogleRig]:
        async with google_server() as workspace:
            yield GoogleRig(workspace)


class WithoutGroupIds(GoogleRig):
    """What is mapped where `group_ids` is false."""

    def team(self, number: int) -> dict[str, Any]:
        attributes = super().team(number)
        del attributes["externalId"]
        return attributes


class TestWorkspaceThatKeepsNoGroupIds(TeamContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[GoogleRig]:
        async with google_server(Workspace(keeps_group_ids=False)) as workspace:
            yield WithoutGroupIds(workspace, group_ids=False)
