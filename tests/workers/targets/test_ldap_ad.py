"""The contract at an Active Directory, written from Microsoft's rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, ValuesView
from pathlib import Path

import pytest

from tests.workers.targets.ldap_ad_domain import Entry
from tests.workers.targets.ldap_ad_rig import AdRig, made_up
from workers.testing.contract import TargetContract
from workers.testing.team_contract import TeamContract


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[AdRig]:
    async with made_up(tmp_path) as rig:
        yield rig


class TestActiveDirectory(TargetContract, TeamContract):
    pass


class Walked(dict[bytes, Entry]):
    """Entries that count how often all of them are gone through."""

    walks = 0

    def values(self) -> ValuesView[Entry]:  # type: ignore[override]  # dict's has no public name
        self.walks += 1
        return super().values()


async def test_a_search_goes_through_the_made_up_domain_once(rig: AdRig) -> None:
    """30 people are looked for by name == all entries are gone through once or twice, not 30 times.

    Else a made-up company of some hundred people would get no answer in time.
    """
    await rig.can_be_members(30)
    people = await rig.entries("(objectClass=user)")
    named = "".join(f"(distinguishedName={one['dn']})" for one in people)
    rig.domain.entries = walked = Walked(rig.domain.entries)
    found = await rig.entries(f"(&(objectClass=user)(mail=*)(|{named}))")
    assert (len(people), found) == (30, [])
    assert walked.walks <= 2
