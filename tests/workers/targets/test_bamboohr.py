"""The built-in profile for BambooHR against a server written from BambooHR's description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bridge.model import Kind
from tests.workers.targets.bamboohr_server import API_KEY, COMPANY, KENJO_ID, BambooHR
from tests.workers.targets.contract import HttpTargetContract
from tests.workers.targets.proxy import reads_by_method
from tests.workers.targets.rest_rig import RestRig, serving


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
