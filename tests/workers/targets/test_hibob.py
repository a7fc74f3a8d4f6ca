"""The built-in profile for HiBob against a server written from HiBob's pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bridge.errors import RecordRejected
from bridge.model import Kind, Outcome
from tests.workers.targets.hibob_server import KENJO_ID, TOKEN, USER, HiBob
from tests.workers.targets.rest_rig import RestRig, serving
from workers.testing.contract import HttpTargetContract
from workers.testing.rig import person


class HiBobRig(RestRig):
    deletes = False
    reopens = False
    clearable = ""
    changes: Mapping[str, Any] = {
        "email": "ana.neu@example.com",
        "firstName": "Änne",
        "surname": "Şahin-Müller",
    }

    def __init__(self, origin: str, hibob: HiBob) -> None:
        super().__init__(origin)
        self.hibob = hibob

    def settings(self, origin: str) -> dict[str, Any]:
        return {
            "kind": "rest",
            "profile": "hibob",
            "base_url": f"{origin}/v1",
            "with": {"kenjo_id": KENJO_ID},
            "secrets": {"service_user": USER, "token": TOKEN},
        }

    def wrong_credentials(self) -> dict[str, Any]:
        return {"secrets": {"service_user": USER, "token": "wrong"}}

    def reads(self, method: str, path: str) -> bool:
        return method == "POST" and path.startswith("/v1/people/")

    def person(self, number: int) -> dict[str, Any]:
        return {
            "kenjo_id": f"kenjo-p{number}",
            "email": f"ana.mueller{number}@example.com",
            "firstName": "Ana",
            "surname": f"Müller{number}",
            "work.site": "Berlin",
            "work.startDate": "2024-01-15",
            "work.title": 'Buyer "Süd" 🙂',
            "work.department": "Sales",
            "active": True,
        }

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        assert kind is Kind.PERSON
        found = self.hibob.employees.get(remote_id)
        if found is None:
            return None
        active = found["internal.lifecycleStatus"] == "employed"
        values = {name.removeprefix("root."): value for name, value in found.items()}
        return {**values, "active": active, "kenjo_id": found.get(KENJO_ID)}

    async def count(self, kind: Kind) -> int:
        assert kind is Kind.PERSON
        return len(self.hibob.employees)

    async def is_active(self, remote_id: str) -> bool:
        return bool(self.hibob.employees[remote_id]["internal.lifecycleStatus"] == "employed")

    async def add_foreign(self, remote_id: str) -> None:
        self.hibob.employees[remote_id]["custom.field_9"] = "38"

    async def has_foreign(self, remote_id: str) -> bool:
        return bool(self.hibob.employees[remote_id]["custom.field_9"] == "38")


@pytest.fixture
async def rig() -> AsyncIterator[HiBobRig]:
    hibob = HiBob()
    async with serving(hibob.application()) as origin:
        yield HiBobRig(origin, hibob)


class TestHiBob(HttpTargetContract):
    """All that a target has to do for people."""


async def test_who_comes_back_is_taken_back_by_hand(rig: HiBobRig) -> None:
    """Somebody who was terminated is to have access again == one sentence; the page knows no operation."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        await target.remove(person(rig, 1).key, remote_id)
        with pytest.raises(RecordRejected, match="HiBob lets nobody be put back into use by its API"):
            await target.upsert(person(rig, 1), remote_id)


async def test_a_word_that_is_not_known(rig: HiBobRig) -> None:
    """A lifecycle status of the account's own == neither in use nor out of it, and nothing is sent."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        rig.hibob.employees[remote_id]["internal.lifecycleStatus"] = "sabbatical"
        assert (await target.upsert(person(rig, 1), remote_id)).outcome is Outcome.UNCHANGED
        assert await target.remove(person(rig, 1).key, remote_id) is Outcome.DEACTIVATED


async def test_what_only_a_create_takes_is_kept(rig: HiBobRig) -> None:
    """Another site or title in Kenjo == what HiBob has stays, and nothing is sent."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        wanted = person(rig, 1, **{"work.site": "Madrid", "work.title": "Boss"})
        assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED
