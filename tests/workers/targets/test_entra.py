"""The adapter for Entra ID against the contract, on a server written from Microsoft's pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.workers.targets.entra_rig import EntraRig
from tests.workers.targets.entra_server import entra_server
from workers.testing.contract import HttpTargetContract
from workers.testing.team_contract import TeamContract


class TestEntra(HttpTargetContract, TeamContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[EntraRig]:
        async with entra_server() as server:
            yield EntraRig(server)


class TestEntraOnSmallPages(HttpTargetContract, TeamContract):
    """Two objects on a page, and Kenjo's id in a directory extension, which plain filters find."""

    @pytest.fixture
    async def rig(self) -> AsyncIterator[EntraRig]:
        async with entra_server() as server:
            server.page = 2
            yield EntraRig(server, kenjo_id_attribute=f"extension_{'0' * 32}_kenjoId")
