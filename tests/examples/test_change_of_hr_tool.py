"""docs/examples/09-change-of-hr-tool: three targets, three modes, and accounts that are there from before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.examples import usual
from tests.examples.company import Shape, Site
from tests.examples.people import Person
from tests.examples.places import Accounts, Behind, scim
from tests.examples.stage import on_stage
from tests.examples.told import Told
from tests.workers.targets.personio_server import CLIENT_ID, CLIENT_SECRET, KENJO_ID, Personio
from tests.workers.targets.rest_rig import serving
from workers.testing.proxy import Proxy, proxy_to

TALWEG = Shape(
    domain="talweg.example",
    companies=["Talweg GmbH"],
    sites=[Site("Berlin", "DE"), Site("Madrid", "ES")],
    departments={
        "Finance": ("CFO", "Accountant"),
        "IT": ("Head of IT", "Administrator"),
        "Sales": ("Head of Sales", "Sales Manager"),
    },
    teams={"Sales": ("Inside Sales", "Field Sales")},
)


class HrTool(Behind):
    """The former HR tool as a place."""

    def __init__(self, proxy: Proxy, personio: Personio) -> None:
        super().__init__(proxy)
        self.personio = personio
        self.settings = {
            "BASE_URL": f"{proxy.url}/v1",
            "SECRETS__CLIENT_ID": CLIENT_ID,
            "SECRETS__CLIENT_SECRET": CLIENT_SECRET,
        }

    def accounts(self) -> Accounts:
        employees = self.personio.employees
        ids = {number: one["custom"][KENJO_ID] for number, one in employees.items()}
        return {ids[number]: self._flat(one, ids) for number, one in employees.items()}

    @staticmethod
    def _flat(employee: dict[str, Any], ids: dict[int, str]) -> dict[str, Any]:
        flat = {name: one for name, one in employee.items() if one and name not in ("id", "custom")}
        boss = flat.pop("supervisor_id", None)
        return flat | ({"supervisor": ids[boss]} if boss else {})


@asynccontextmanager
async def hr_tool() -> AsyncIterator[HrTool]:
    personio = Personio()
    async with serving(personio.application()) as origin, proxy_to(origin) as proxy:
        yield HrTool(proxy, personio)


def at_personio(one: Person) -> dict[str, Any]:
    return {
        "email": one.email,
        "first_name": one.first,
        "last_name": one.last,
        "position": one.title,
        "department": one.department,
        "office": one.office,
        "hire_date": one.start.isoformat(),
        "weekly_working_hours": one.hours,
        "status": "active",
        "supervisor": one.boss.id if one.boss else None,
    }


def in_groups(people: list[Person]) -> dict[str, list[Person]]:
    return {name: [one for one in people if name in one.teams] for name in ("Inside Sales", "Field Sales")}


async def test_a_change_of_hr_tool(tmp_path: Path, redis_url: str) -> None:
    """Leavers stay open at two of three; what is empty in Kenjo stays; who was there is taken over."""
    async with (
        on_stage("09-change-of-hr-tool", tmp_path, redis_url, TALWEG, 150) as stage,
        hr_tool() as personio,
        scim() as directory,
        scim() as learning,
    ):
        kept = ("phoneNumbers.work", "phoneNumbers.mobile", "title", "manager", "nickName")
        stage.play(
            personio=(personio, Told(at_personio, boss="supervisor", removes=False)),
            directory=(
                directory,
                Told(usual.at_scim, groups=in_groups, boss="manager", keep=kept, once=("userName",)),
            ),
            learning=(
                learning,
                Told(
                    lambda one: usual.without(usual.at_scim(one), "title", "manager"),
                    changes=False,
                    removes=False,
                ),
            ),
        )
        known = stage.someone()
        old = {"userName": (known.email or "").upper(), "nickName": "Ace"}  # letter case is no difference
        directory.put(old)
        stage.told["directory"].accounts[known.id] = old
        done = await stage.begin()
        assert done["directory"]["adopted"] == 1
        who = await stage.a_year()
        assert learning.accounts()[who["married"].id]["name.familyName"] != who["married"].last
        silent = stage.someone(2)
        stage.change(silent, "work", workPhone=None, workMobile=None)
        stage.change(who["left"], "account", isActive=False)
        await stage.arrive()
        assert personio.accounts()[who["left"].id]["status"] == "active"
        assert learning.accounts()[who["left"].id]["active"]
        assert not directory.accounts()[who["left"].id]["active"]
