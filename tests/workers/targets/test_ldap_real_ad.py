"""The contract at a real Active Directory, or Samba's, where somebody names one.

KENJO_BRIDGE_TEST_AD is JSON: port (LDAPS at localhost), base, authority (a PEM file), admin and bridge (a
name and a password each). All below OU=Kenjo of it is deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.workers.targets.certificates import made
from tests.workers.targets.ldap_ad_rig import AdRig, Place
from workers.testing.contract import TargetContract
from workers.testing.team_contract import TeamContract

NAMED = os.environ.get("KENJO_BRIDGE_TEST_AD", "")

if not NAMED:
    pytest.skip("KENJO_BRIDGE_TEST_AD names no Active Directory to try", allow_module_level=True)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[AdRig]:
    named = json.loads(NAMED)
    domain = Place(
        named["port"], named["base"], Path(named["authority"]), tuple(named["admin"]), tuple(named["bridge"])
    )
    rig = AdRig(domain, made(tmp_path))
    await rig.prepare()
    yield rig
    await rig.end()


class TestRealActiveDirectory(TargetContract, TeamContract):
    pass
