"""The webhook adapter against the contract: an event in a request, and several."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.workers.targets.webhook_rig import WebhookRig, webhook_rig
from workers.testing.contract import HttpTargetContract
from workers.testing.team_contract import TeamContract


class TestOneEvent(HttpTargetContract, TeamContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[WebhookRig]:
        async with webhook_rig() as rig:
            yield rig


class TestSeveralEvents(HttpTargetContract, TeamContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[WebhookRig]:
        async with webhook_rig(batch=10) as rig:
            yield rig
