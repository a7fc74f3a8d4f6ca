"""`kenjo-bridge sync` from a made-up Kenjo to tools that only a profile describes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.workers.targets.bamboohr_server import KENJO_ID, BambooHR
from tests.workers.targets.oddhr_rig import OddHRRig, oddhr_rig
from tests.workers.targets.rest_rig import serving
from tests.workers.targets.test_bamboohr import BambooHRRig
from tests.world import Ended, World, expected, world
from workers.testing import proxy as faults
from workers.testing.proxy import Proxy, proxy_to


@dataclass
class Here:
    world: World
    rig: OddHRRig
    proxy: Proxy

    async def sync(self, *more: str) -> Ended:
        return await self.world.run("sync", "--json", *more)

    def row(self, employee: str) -> dict[str, Any]:
        (found,) = [one for one in self.rig.oddhr.people.values() if one["extern"] == employee]
        return found

    @property
    def writes(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.proxy.writes]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(world(tmp_path))
        rig = await stack.enter_async_context(oddhr_rig())
        proxy = await stack.enter_async_context(proxy_to(rig.origin, rig.reads))
        made.config["targets"] = {"hr": {**rig.settings(proxy.url), "rate": 1000}}
        yield Here(made, rig, proxy)


async def test_people_come_change_leave_and_come_back(here: Here) -> None:
    """Joiners, a new name, a leaver, a re-hire == seen at the tool as it says them; then nothing is sent."""
    sandbox, oddhr = here.world.sandbox, here.rig.oddhr
    done = await here.sync()
    assert done.code == 0, done.out + done.err
    people = expected(sandbox)
    assert {one["extern"] for one in oddhr.people.values()} == set(people)
    for id_, person in people.items():
        row = here.row(id_)
        assert row["names"]["family"] == person["personal"]["lastName"]
        assert row["start"] == ".".join(reversed(person["work"]["startDate"][:10].split("-")))
        boss = person["work"].get("reportsToId")
        assert row["boss"] == (here.row(boss)["ref"] if boss in people else None)
    assert oddhr.circles
    assert all(set(one["members"]) <= set(oddhr.people) for one in oddhr.circles.values())

    employee = next(id_ for id_, one in people.items() if one["work"].get("teamIds"))
    before = len(here.writes)
    sandbox.actions.rename(employee=employee, last_name="Ñandú")
    assert (await here.sync()).json["targets"]["hr"]["updated"] == 1
    assert here.row(employee)["names"]["family"] == "Ñandú"
    assert here.writes[before:] == [f"PUT /api/people/{here.row(employee)['ref']}"]

    sandbox.actions.leave(employee=employee)
    assert (await here.sync()).json["targets"]["hr"]["deactivated"] == 1
    ref = here.row(employee)["ref"]
    assert here.row(employee)["state"] == "gone"
    assert not [one for one in oddhr.circles.values() if ref in one["members"]]

    sandbox.account.employees[employee]["account"]["isActive"] = True
    sandbox.account.employees[employee]["work"]["contractEnd"] = None
    assert (await here.sync()).code == 0
    assert (here.row(employee)["ref"], here.row(employee)["state"]) == (ref, "working")

    here.proxy.seen.clear()
    assert (await here.sync()).code == 0
    assert here.proxy.seen == []


async def test_lost_answers_create_nobody_twice(here: Here) -> None:
    """The answers to the first creates get lost, and the sync is repeated == everybody once."""
    here.proxy.fail(*[faults.at("PUT", faults.lost)] * 5)
    await here.sync("--patience", "2")
    here.proxy.fail_always(None)
    done = await here.sync()
    assert done.code == 0, done.out + done.err
    found = [one["extern"] for one in here.rig.oddhr.people.values()]
    assert sorted(found) == sorted(expected(here.world.sandbox))
    units = list(here.rig.oddhr.units.values())
    assert len(units) == len(set(units))


async def test_a_leaver_is_closed_although_a_value_is_refused(here: Here) -> None:
    """The tool refuses a wanted value, and the person leaves == closed all the same."""
    await here.sync()
    employee = next(iter(expected(here.world.sandbox)))
    here.world.sandbox.actions.leave(employee=employee)
    here.proxy.fail_always(refusing_rows)
    await here.sync()
    assert here.row(employee)["state"] == "gone"


async def refusing_rows(proxy: Proxy, request: Any) -> Any:
    if request.method == "PUT":
        return await faults.answer(200, '{"ok": false, "code": "BAD_ROW"}')(proxy, request)
    return await proxy.forward(request)


async def test_a_tool_that_is_read_whole(here: Here) -> None:
    """A first sync to BambooHR, and a leaver == everybody once, the leaver inactive, then nothing is sent."""
    bamboohr = BambooHR()
    async with serving(bamboohr.application()) as origin:
        rig = BambooHRRig(origin, bamboohr)
        async with proxy_to(origin, rig.reads) as proxy:
            target = {**rig.settings(proxy.url), "rate": 1000}
            here.world.config["targets"] = {"hr": target}
            assert (await here.sync()).code == 0
            people = expected(here.world.sandbox)
            by_kenjo = {one[KENJO_ID]: one for one in bamboohr.employees.values()}
            assert sorted(by_kenjo) == sorted(people)
            employee = next(iter(people))
            here.world.sandbox.actions.leave(employee=employee)
            assert (await here.sync()).json["targets"]["hr"]["deactivated"] == 1
            assert by_kenjo[employee]["status"] == "Inactive"
            proxy.seen.clear()
            assert (await here.sync()).code == 0
            assert proxy.seen == []
