"""The built-in profile for BambooHR against a server written from BambooHR's description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bridge.errors import Conflict, RecordRejected, TryLater
from bridge.model import Kind
from tests.workers.targets.bamboohr_server import API_KEY, COMPANY, KENJO_ID, BambooHR
from tests.workers.targets.rest_rig import RestRig, serving
from workers.testing import proxy as faults
from workers.testing.contract import HttpTargetContract
from workers.testing.proxy import Proxy, proxy_to, reads_by_method
from workers.testing.rig import connected, person


class BambooHRRig(RestRig):
    deletes = False
    clearable = "jobTitle"
    changes: Mapping[str, Any] = {
        "workEmail": "ana.neu@example.com",
        "firstName": "Änne",
        "lastName": "Şahin-Müller",
        "jobTitle": "Head of Purchasing",
        "department": "Finance",
        "location": None,
        "hireDate": "2025-02-01",
        "mobilePhone": "+49 170 1111111",
    }

    def __init__(self, origin: str, bamboohr: BambooHR) -> None:
        super().__init__(origin)
        self.bamboohr = bamboohr

    def settings(self, origin: str) -> dict[str, Any]:
        return {
            "kind": "rest",
            "profile": "bamboohr",
            "base_url": f"{origin}/api/v1",
            "with": {"company": COMPANY, "kenjo_id": KENJO_ID},
            "secrets": {"api_key": API_KEY},
        }

    def wrong_credentials(self) -> dict[str, Any]:
        return {"secrets": {"api_key": "wrong"}}

    def reads(self, method: str, path: str) -> bool:
        return reads_by_method(method, path) or path.endswith("/reports/custom")

    def person(self, number: int) -> dict[str, Any]:
        return {
            "kenjo_id": f"kenjo-p{number}",
            "workEmail": f"ana.mueller{number}@example.com",
            "firstName": "Ana",
            "lastName": f"Müller{number}",
            "jobTitle": 'Buyer "Süd" 🙂',
            "department": "Sales",
            "location": "Berlin",
            "hireDate": "2024-01-15",
            "workPhone": f"+49 30 1000{number}",
            "mobilePhone": None,
            "active": True,
        }

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        assert kind is Kind.PERSON
        found = self.bamboohr.employees.get(remote_id)
        if found is None:
            return None
        shown = {name: value or None for name, value in found.items()}
        return {**shown, "active": found["status"] == "Active", "kenjo_id": found.get(KENJO_ID)}

    async def count(self, kind: Kind) -> int:
        assert kind is Kind.PERSON
        return len(self.bamboohr.employees)

    async def is_active(self, remote_id: str) -> bool:
        return bool(self.bamboohr.employees[remote_id]["status"] == "Active")

    async def add_foreign(self, remote_id: str) -> None:
        self.bamboohr.employees[remote_id]["customBike"] = "blue"

    async def has_foreign(self, remote_id: str) -> bool:
        return bool(self.bamboohr.employees[remote_id].get("customBike") == "blue")


@pytest.fixture
async def rig() -> AsyncIterator[BambooHRRig]:
    bamboohr = BambooHR()
    async with serving(bamboohr.application()) as origin:
        yield BambooHRRig(origin, bamboohr)


class TestBambooHR(HttpTargetContract):
    """All that a target has to do for people."""


async def test_what_a_409_means(rig: BambooHRRig) -> None:
    """An address that another one has == a conflict; another value that is not taken == rejected."""
    async with rig.reached() as (target, _):
        await target.upsert(person(rig, 1), None)
        remote_id = (await target.upsert(person(rig, 2), None)).remote_id
        with pytest.raises(Conflict):
            await target.upsert(person(rig, 2, workEmail=rig.person(1)["workEmail"]), remote_id)
        rig.bamboohr.bad_jobs.add("Boss")
        with pytest.raises(RecordRejected, match="a value that BambooHR does not take") as caught:
            await target.upsert(person(rig, 2, jobTitle="Boss"), remote_id)
        assert not isinstance(caught.value, Conflict)


async def test_the_id_in_an_address_of_the_web_application(rig: BambooHRRig) -> None:
    """Location leads to the page of the new employee == its id all the same."""
    rig.bamboohr.web_location = True
    async with rig.reached() as (target, _):
        assert (await target.upsert(person(rig, 1), None)).remote_id == "101"


async def test_leavers_and_returners_have_a_row(rig: BambooHRRig) -> None:
    """Out and back == a row each in the table of employment statuses, with the day."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        await target.remove(person(rig, 1).key, remote_id)
        await target.upsert(person(rig, 1), remote_id)
        statuses = [row["employmentStatus"] for row in rig.bamboohr.rows[remote_id]]
        assert statuses == ["Terminated", "Full-Time"]


async def test_a_status_that_the_account_does_not_have(rig: BambooHRRig) -> None:
    """The word for leavers is another one there == rejected, naming the setting, and still in use."""
    given = rig.settings(rig.origin)
    given["with"] = {**given["with"], "leaver_status": "Ex-Employee"}
    async with connected(rig.adapter, given) as target:
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        with pytest.raises(RecordRejected, match="see leaver_status and returner_status"):
            await target.remove(person(rig, 1).key, remote_id)
        assert await rig.is_active(remote_id)


async def test_only_mapped_fields_are_read(rig: BambooHRRig) -> None:
    """The list and a person are read == with the mapped fields, so that no salary comes along."""
    given = {**rig.settings(rig.origin), "map": {"customBike": "person.work.jobTitle", "workPhone": None}}
    async with proxy_to(rig.origin, rig.reads) as proxy:
        given["base_url"] = f"{proxy.url}/api/v1"
        async with connected(rig.adapter, given) as target:
            await target.check()
        (fields,) = {tuple(one.json()["fields"]) for one in proxy.seen if one.method == "POST"}
    assert "customBike" in fields
    assert {"workPhone", "division", "payRate"}.isdisjoint(fields)


async def test_throttled_as_before_september_2026(rig: BambooHRRig) -> None:
    """503 with Retry-After == everybody waits as long as it says."""
    async with rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        line.fail(faults.answer(503, "", Retry_After="11"))
        with pytest.raises(TryLater) as caught:
            await target.check()
        assert caught.value.after == 11
