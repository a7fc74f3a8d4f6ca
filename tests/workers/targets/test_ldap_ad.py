"""The contract at an Active Directory, written from Microsoft's rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.workers.targets.ldap_ad_rig import AdRig, made_up
from workers.testing.contract import TargetContract
from workers.testing.team_contract import TeamContract


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[AdRig]:
    async with made_up(tmp_path) as rig:
        yield rig


class TestActiveDirectory(TargetContract, TeamContract):
    pass
