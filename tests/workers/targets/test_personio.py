"""The built-in profile for Personio against a server written from Personio's description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bridge.errors import RecordRejected, TryLater
from bridge.exchange import Wanted
from bridge.model import Kind, Outcome
from tests.workers.targets.personio_server import CLIENT_ID, CLIENT_SECRET, KENJO_ID, Personio
from tests.workers.targets.rest_rig import RestRig, serving
from workers.targets.rest.target import ADAPTER
from workers.testing import proxy as faults
from workers.testing.contract import HttpTargetContract
from workers.testing.proxy import Proxy, reads_by_method
from workers.testing.rig import connected, person


class PersonioRig(RestRig):
    deletes = False
    clearable = "position"
    changes: Mapping[str, Any] = {
        "first_name": "Änne",
        "last_name": "Şahin-Müller",
        "position": "Head of Purchasing",
        "department": "Finance",
        "office": "Madrid",
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
        found = {name: None if value == "" else value for name, value in found.items()}
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


async def test_an_unknown_department_is_no_success(rig: PersonioRig) -> None:
    """Personio ignores a name and answers 200 with a remark == the person is there, and the record rejected.

    A create is tried again first, so that the person who was created is found and linked.
    """
    async with rig.reached() as (target, _):
        wanted = person(rig, 1, department="Nowhere")
        with pytest.raises(TryLater, match="has no department, office or subcompany of this name"):
            await target.upsert(wanted, None)
        (found,) = await target.find(wanted)
        with pytest.raises(RecordRejected, match="make it there first") as caught:
            await target.upsert(wanted, found.id)
        assert "Nowhere" not in str(caught.value)
        assert (await target.upsert(person(rig, 1), found.id)).outcome is Outcome.UPDATED


async def test_the_email_address_cannot_be_changed(rig: PersonioRig) -> None:
    """Another e-mail address == one sentence, nothing is sent; whoever leaves is closed all the same."""
    async with rig.reached() as (target, line):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        writes = len(line.writes)
        with pytest.raises(RecordRejected, match="Personio does not let email be changed"):
            await target.upsert(person(rig, 1, email="new@example.com"), remote_id)
        assert len(line.writes) == writes
        assert await target.remove(person(rig, 1).key, remote_id) is Outcome.DEACTIVATED


@pytest.mark.parametrize("status", ["onboarding", "leave"])
async def test_who_is_employed_stays_as_they_are(rig: PersonioRig, status: str) -> None:
    """Somebody on leave, or before their first day == in use, and no status is sent."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        rig.personio.employees[int(remote_id)]["status"] = status
        assert (await target.upsert(person(rig, 1), remote_id)).outcome is Outcome.UNCHANGED
        assert await target.shows(person(rig, 1).key, remote_id) is True


async def test_kenjos_id_is_looked_up_first(rig: PersonioRig) -> None:
    """Found by the custom attribute although the e-mail address is another one == ours."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        (found,) = await target.find(person(rig, 1, email="new@example.com"))
        assert (found.id, found.ours, found.by) == (remote_id, True, "kenjo_id")
        (other,) = await target.find(person(rig, 1, kenjo_id="kenjo-p9"))
        assert (other.other_id, other.external_id, other.by) == (True, "kenjo-p1", "email")


async def test_without_a_place_for_kenjos_id(rig: PersonioRig) -> None:
    """No custom attribute is named == not mapped, and people are found by their e-mail address."""
    given = {**rig.settings(rig.origin), "with": {}}
    settings: Any = ADAPTER.settings.model_validate(given)
    fitted = ADAPTER.fitted(settings)
    assert "kenjo_id" not in fitted.mapping["person"]
    async with connected(fitted, given) as target:
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        assert rig.personio.employees[int(remote_id)]["custom"] == {}
        (found,) = await target.find(person(rig, 1))
        assert (found.id, found.ours, found.other_id) == (remote_id, False, False)


async def test_an_attribute_without_permission_is_named(rig: PersonioRig) -> None:
    """Credentials that may not read the position == `check` says so."""
    async with rig.reached() as (target, _):
        await target.upsert(person(rig, 1), None)
        rig.personio.hidden.add("position")
        (problem,) = (await target.check()).problems
        assert problem.startswith("shows nothing of position")


async def test_a_company_of_250(rig: PersonioRig) -> None:
    """More employees than a page has == three requests, all listed, whole."""
    async with rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        for number in range(250):
            one = {"id": number, "email": f"e{number}@x.org", "status": "active", "custom": {}}
            rig.personio.employees[number] = one
        await target.check()
        before = len(line.seen)
        pages = [page async for page in target.target.inventory(Kind.PERSON)]
        assert [len(page.remotes) for page in pages] == [100, 100, 50]
        assert (pages[-1].whole, len(line.seen) - before) == (True, 3)


@pytest.mark.parametrize("total", [2, 4, None])
async def test_a_list_that_is_not_whole(rig: PersonioRig, total: int | None) -> None:
    """Another number of employees than the tool tells was seen == absence is not proven by the list."""
    async with rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        for number in range(3):
            await target.upsert(person(rig, number), None)
        employees = [rig.personio.shown(one) for one in rig.personio.employees.values()]
        body = {"success": True, "metadata": {"total_elements": total}, "data": employees}
        line.fail_always(faults.answer(200, json.dumps(body)))
        pages = [page async for page in target.target.inventory(Kind.PERSON)]
        assert not any(page.whole for page in pages)
        with pytest.raises(RecordRejected, match="cannot be searched for this object"):
            await target.find(Wanted(person(rig, 9).key, {"kenjo_id": "kenjo-p9"}))


async def test_what_cannot_be_emptied_stays(rig: PersonioRig) -> None:
    """Nobody knows how an office is taken away == what is there stays, and nothing is sent."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        assert (await target.upsert(person(rig, 1, office=None), remote_id)).outcome is Outcome.UNCHANGED
        assert rig.personio.employees[int(remote_id)]["office"] == "Berlin"
