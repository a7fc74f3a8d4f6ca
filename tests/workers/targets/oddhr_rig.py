"""The rig of the worked example in docs/targets: the tool is connected by its profile alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bridge.model import Kind
from tests.workers.targets.oddhr_server import APP, COMPANY, KEY, OddHR
from tests.workers.targets.rest_rig import RestRig, serving
from workers.testing.proxy import reads_by_method

PROFILE = Path(__file__).parents[3] / "docs/targets/examples/oddhr.yaml"


class OddHRRig(RestRig):
    has_teams = True
    clearable = "job"
    changes: Mapping[str, Any] = {
        "mail": "ana.neu@example.com",
        "given": "Änne",
        "family": "Şahin-Müller",
        "job": "Head of Purchasing",
        "unit": "Einkauf Süd",
        "start": "2025-02-01",
    }

    def __init__(self, origin: str, oddhr: OddHR, profile: str = str(PROFILE)) -> None:
        super().__init__(origin)
        self.oddhr = oddhr
        self._profile = profile

    def settings(self, origin: str) -> dict[str, Any]:
        return {
            "kind": "rest",
            "profile": self._profile,
            "base_url": f"{origin}/api",
            "with": {"company": COMPANY},
            "secrets": {"app": APP, "key": KEY},
        }

    def wrong_credentials(self) -> dict[str, Any]:
        return {"secrets": {"app": APP, "key": "wrong"}}

    def reads(self, method: str, path: str) -> bool:
        return reads_by_method(method, path) or path.endswith(("/session", "/query"))

    def person(self, number: int) -> dict[str, Any]:
        return {
            "extern": f"kenjo-p{number}",
            "mail": f"ana.mueller{number}@example.com",
            "given": "Ana",
            "family": f"Müller{number}",
            "job": 'Buyer "Süd" 🙂',
            "unit": "Sales",
            "start": "2024-01-15",
            "boss": None,
            "active": True,
        }

    def team(self, number: int) -> dict[str, Any]:
        return {"extern": f"kenjo-t{number}", "label": f'Team "{number}" \\ Süd'}

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        if kind is Kind.TEAM:
            circle = self.oddhr.circles.get(remote_id)
            return circle and {**circle, "members": set(circle["members"])}
        found = self.oddhr.people.get(remote_id)
        if found is None:
            return None
        day, month, year = (found["start"] or "..").split(".")
        return {
            **found,
            **found["names"],
            "job": found["job"] or None,
            "unit": self.oddhr.units.get(found["unit"]),
            "start": f"{year}-{month}-{day}" if year else None,
            "active": found["state"] != "gone",
        }

    async def count(self, kind: Kind) -> int:
        return len(self.oddhr.people if kind is Kind.PERSON else self.oddhr.circles)

    async def is_active(self, remote_id: str) -> bool:
        return bool(self.oddhr.people[remote_id]["state"] == "working")

    async def add_foreign(self, remote_id: str) -> None:
        self.oddhr.people[remote_id]["shoe"] = "38"

    async def has_foreign(self, remote_id: str) -> bool:
        return bool(self.oddhr.people[remote_id]["shoe"] == "38")

    async def add_member(self, remote_id: str, member: str) -> None:
        self.oddhr.circles[remote_id]["members"].append(member)


@asynccontextmanager
async def oddhr_rig(profile: str = str(PROFILE)) -> AsyncIterator[OddHRRig]:
    oddhr = OddHR()
    async with serving(oddhr.application()) as origin:
        yield OddHRRig(origin, oddhr, profile)
