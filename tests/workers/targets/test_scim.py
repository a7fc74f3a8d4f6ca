"""The SCIM adapter against the contract: on a public server, on the same without PATCH, and on an odd one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.scim_server import scim_server
from tests.workers.targets.odd_scim import TOKEN, Odd, odd_scim
from tests.workers.targets.scim_rig import ScimRig, scim_rig
from workers.testing.contract import HttpTargetContract, VerbContract
from workers.testing.http_contract import HttpContract
from workers.testing.permit_contract import PermitContract
from workers.testing.team_contract import TeamContract


class TestScim2Server(HttpTargetContract, TeamContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[ScimRig]:
        async with scim_server() as (base_url, token), scim_rig(base_url, token) as rig:
            yield rig


class TestScim2ServerWithoutPatch(HttpTargetContract, TeamContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[ScimRig]:
        async with scim_server(without={"patch"}) as (base_url, token), scim_rig(base_url, token) as rig:
            yield rig


# Per server: what it does differently, and the settings that an administrator gives for it.
ODD: dict[str, tuple[Odd, dict[str, Any]]] = {
    "204": (Odd(patch="204", config="absent", plain_401=True), {}),
    "501": (Odd(patch="501", config="html", uniqueness=400), {}),
    "405": (Odd(patch="405", config="broken", second_delete=500, external_id="no_filter"), {}),
    "announced": (Odd(patch="405", config="no_patch", ignores_filter=True, page_size=2), {}),
    "leapsome": (Odd(patch="flat", manager="text"), {"patch": "flat", "manager_form": "string"}),
    "texts": (Odd(active_as_text=True, manager="dropped", ignores_paging=True), {"patch": "always"}),
    "never": (Odd(), {"patch": "never", "members_per_request": 7}),
}


@pytest.fixture
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[ScimRig]:
    odd, own = ODD[request.param]
    async with odd_scim(odd) as (_, base_url), scim_rig(base_url, TOKEN, **own) as rig:
        yield rig


@pytest.mark.parametrize("rig", ODD, indirect=True)
class TestOddServers(VerbContract):
    """Each verb, whatever the server does differently."""


@pytest.mark.parametrize("rig", sorted(set(ODD) - {"leapsome"}), indirect=True)
class TestTeamsOnOddServers(TeamContract):
    """Teams; Leapsome takes no single member out (see test_scim_groups)."""


@pytest.mark.parametrize("rig", ["204", "leapsome"], indirect=True)
class TestFaultsOnOddServers(PermitContract, HttpContract):
    """Faults, on two that differ in everything that is sent."""
