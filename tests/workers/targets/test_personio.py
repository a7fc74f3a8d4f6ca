"""The built-in profile for Personio against a server written from Personio's description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bridge.model import Kind
from tests.workers.targets.contract import HttpTargetContract
from tests.workers.targets.personio_server import CLIENT_ID, CLIENT_SECRET, KENJO_ID, Personio
from tests.workers.targets.proxy import reads_by_method
from tests.workers.targets.rest_rig import RestRig, serving


class PersonioRig(RestRig):
    deletes = False
    clearable = "position"
    changes: Mapping[str, Any] = {
        "first_name": "Änne",
        "last_name": "Şahin-Müller",
        "position": "Head of Purchasing",
        "department": "Finance",
        "office": None,
        "hire_date": "2025-02-01",
    }

    def __init__(self, origin: str, personio: Personio) -> None:
        super().__init__(origin)
        self.personio = personio

    def settings(self, origin: str) -> dict[str, Any]:
        return {
            "kind": "rest",
            "profile": "personio",
            "base_url": f"{origin}/v1",
            "with": {"kenjo_id": KENJO_ID},
            "secrets": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        }

    def wrong_credentials(self) -> dict[str, Any]:
        return {"secrets": {"client_id": CLIENT_ID, "client_secret": "wrong"}}

    def reads(self, method: str, path: str) -> bool:
        return reads_by_method(method, path) or path == "/v1/auth"

    def person(self, number: int) -> dict[str, Any]:
        return {
            "kenjo_id": f"kenjo-p{number}",
            "email": f"ana.mueller{number}@example.com",
            "first_name": "Ana",
            "last_name": f"Müller{number}",
            "position": 'Buyer "Süd"',
            "department": "Sales",
            "office": "Berlin",
            "hire_date": "2024-01-15",
            "supervisor_id": None,
            "active": True,
        }

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        assert kind is Kind.PERSON
        found = self.personio.employees.get(int(remote_id)) if remote_id.isdecimal() else None
        if found is None:
            return None
        active = found["status"] != "inactive"
        return {**found, "active": active, "kenjo_id": found["custom"].get(KENJO_ID)}

    async def count(self, kind: Kind) -> int:
        assert kind is Kind.PERSON
        return len(self.personio.employees)

    async def is_active(self, remote_id: str) -> bool:
        return bool(self.personio.employees[int(remote_id)]["status"] == "active")

    async def add_foreign(self, remote_id: str) -> None:
        self.personio.employees[int(remote_id)]["custom"]["dynamic_99"] = "size 38"

    async def has_foreign(self, remote_id: str) -> bool:
        return bool(self.personio.employees[int(remote_id)]["custom"].get("dynamic_99") == "size 38")


@pytest.fixture
async def rig() -> AsyncIterator[PersonioRig]:
    personio = Personio()
    async with serving(personio.application()) as origin:
        yield PersonioRig(origin, personio)


class TestPersonio(HttpTargetContract):
    """All that a target has to do for people."""
