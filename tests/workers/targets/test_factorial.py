"""The built-in profile for Factorial against a server written from Factorial's description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import Conflict, RecordRejected
from bridge.model import Kind, Outcome
from tests.workers.targets.factorial_server import API_KEY, COMPANY, EMPLOYEES, Factorial, today
from tests.workers.targets.rest_rig import RestRig, serving
from tests.world import expected, world
from workers.targets.rest.target import ADAPTER
from workers.testing import proxy as faults
from workers.testing.contract import HttpTargetContract
from workers.testing.proxy import Proxy, proxy_to
from workers.testing.rig import connected, person


class FactorialRig(RestRig):
    deletes = False
    clearable = ""
    changes: Mapping[str, Any] = {
        "first_name": "Änne",
        "last_name": "Şahin-Müller",
        "location_id": "Madrid",
        "phone_number": "+49 30 4711",
        "preferred_name": 'Änni "Süd" 🙂',
    }

    def __init__(self, origin: str, factorial: Factorial) -> None:
        super().__init__(origin)
        self.factorial = factorial

    def settings(self, origin: str) -> dict[str, Any]:
        return {
            "kind": "rest",
            "profile": "factorial",
            "base_url": origin + EMPLOYEES.removesuffix("/employees/employees"),
            "with": {"company_id": COMPANY, "kenjo_id": "company_identifier"},
            "secrets": {"api_key": API_KEY},
        }

    def wrong_credentials(self) -> dict[str, Any]:
        return {"secrets": {"api_key": "wrong"}}

    def person(self, number: int) -> dict[str, Any]:
        return {
            "kenjo_id": f"kenjo-p{number}",
            "email": f"ana.mueller{number}@example.com",
            "first_name": "Ana",
            "last_name": f"Müller{number}",
            "contract_starts_on": "2024-01-15",
            "location_id": "Berlin",
            "manager_id": None,
            "phone_number": f"+49 30 100{number}",
            "preferred_name": f"Anita {number}",
            "active": True,
        }

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        assert kind is Kind.PERSON
        found = self.factorial.employees.get(remote_id)
        if found is None:
            return None
        return {
            **found,
            "kenjo_id": found.get("company_identifier"),
            "contract_starts_on": self.factorial.contracts[remote_id].get("contract_starts_on"),
            "location_id": self.factorial.locations[found["location_id"]],
            "active": self.factorial.is_active(found),
        }

    async def count(self, kind: Kind) -> int:
        assert kind is Kind.PERSON
        return len(self.factorial.employees)

    async def is_active(self, remote_id: str) -> bool:
        return self.factorial.is_active(self.factorial.employees[remote_id])

    async def add_foreign(self, remote_id: str) -> None:
        self.factorial.employees[remote_id]["pronouns"] = "She/Her"

    async def has_foreign(self, remote_id: str) -> bool:
        return bool(self.factorial.employees[remote_id].get("pronouns") == "She/Her")

    def given(self, **more: str) -> dict[str, Any]:
        """Settings with others in `with`."""
        settings = self.settings(self.origin)
        return {**settings, "with": {**settings["with"], **more}}


@pytest.fixture
async def rig() -> AsyncIterator[FactorialRig]:
    factorial = Factorial()
    async with serving(factorial.application()) as origin:
        yield FactorialRig(origin, factorial)


class TestFactorial(HttpTargetContract):
    """All that a target has to do for people."""


async def test_a_joiner_has_a_contract(rig: FactorialRig) -> None:
    """A first day == the contract starts and is effective on it; none == created all the same."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        first = {"contract_starts_on": "2024-01-15", "contract_effective_on": "2024-01-15"}
        assert rig.factorial.contracts[remote_id] == first
        remote_id = (await target.upsert(person(rig, 2, contract_starts_on=None), None)).remote_id
        assert rig.factorial.contracts[remote_id] == {}


async def test_a_first_day_is_kept(rig: FactorialRig) -> None:
    """Another first day in Kenjo == nothing is sent, whatever Factorial shows of it."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        for shown in (None, "2020-05-01"):
            rig.factorial.employees[remote_id]["seniority_calculation_date"] = shown
            wanted = person(rig, 1, contract_starts_on="2025-02-01")
            assert (await target.upsert(wanted, remote_id)).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("read", [True, False])
async def test_a_place_that_factorial_lacks(rig: FactorialRig, read: bool) -> None:
    """An office that is no location there == one sentence without its name, before anybody is created.

    Locations that were not read yet are read for it.
    """
    async with rig.reached() as (target, line):
        if read:
            await target.find(person(rig, 1))
        with pytest.raises(RecordRejected, match="has no entry in its locations") as caught:
            await target.upsert(person(rig, 1, location_id="Nowhere"), None)
        assert "Nowhere" not in str(caught.value)
        assert not line.writes


async def test_a_manager(rig: FactorialRig) -> None:
    """Somebody's manager == his or her id, a text, and nothing is sent again; none in Kenjo == it stays."""
    async with rig.reached() as (target, _):
        boss = (await target.upsert(person(rig, 1), None)).remote_id
        remote_id = (await target.upsert(person(rig, 2, manager_id=boss), None)).remote_id
        assert rig.factorial.employees[remote_id]["manager_id"] == boss
        for manager in (boss, None):
            applied = await target.upsert(person(rig, 2, manager_id=manager), remote_id)
            assert applied.outcome is Outcome.UNCHANGED


async def test_the_email_address_cannot_be_changed(rig: FactorialRig) -> None:
    """Another e-mail address == one sentence, nothing is sent; whoever leaves is closed all the same."""
    async with rig.reached() as (target, line):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        writes = len(line.writes)
        with pytest.raises(RecordRejected, match="Factorial does not let email be changed"):
            await target.upsert(person(rig, 1, email="new@example.com"), remote_id)
        assert len(line.writes) == writes
        assert await target.remove(person(rig, 1).key, remote_id) is Outcome.DEACTIVATED


@pytest.mark.parametrize(("word", "days"), [("today", 0), ("yesterday", 1)])
async def test_leavers_have_a_last_day(rig: FactorialRig, word: str, days: int) -> None:
    """Who leaves == terminated, with the day that `last_day` says; who is back == without one."""
    async with connected(rig.adapter, rig.given(last_day=word)) as target:
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        await target.remove(person(rig, 1).key, remote_id)
        day = date.fromisoformat(today()) - timedelta(days=days)
        assert rig.factorial.employees[remote_id]["terminated_on"] == day.isoformat()
        assert await target.shows(person(rig, 1).key, remote_id) is False
        await target.upsert(person(rig, 1), remote_id)
        assert rig.factorial.employees[remote_id]["terminated_on"] is None
        assert len(rig.factorial.employees) == 1


async def test_who_is_active_until_the_day_is_over(rig: FactorialRig) -> None:
    """Terminated today and active still == shown as open, and not terminated again; tomorrow == out."""
    rig.factorial.until_midnight = True
    async with rig.reached() as (target, line):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        for _ in range(3):
            await target.remove(person(rig, 1).key, remote_id)
            assert await target.shows(person(rig, 1).key, remote_id) is True
        assert len([one for one in line.writes if one.path.endswith("/terminate")]) == 1
        rig.factorial.until_midnight = False  # as it is on the next day
        assert await target.remove(person(rig, 1).key, remote_id) is Outcome.UNCHANGED


@pytest.mark.parametrize("planned", ["2020-05-01", "2099-01-01"])
async def test_another_last_day_is_there(rig: FactorialRig, planned: str) -> None:
    """A last day of before a re-hire, or one to come, and the person leaves == today."""
    rig.factorial.until_midnight = True
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        rig.factorial.employees[remote_id]["terminated_on"] = planned
        shows = {**rig.factorial.shown(rig.factorial.employees[remote_id]), "active": True}
        async with proxy_to(rig.origin) as proxy:
            proxy.fail_always(showing(shows))
            async with connected(rig.adapter, rig.settings(proxy.url)) as behind:
                await behind.remove(person(rig, 1).key, remote_id)
        assert rig.factorial.employees[remote_id]["terminated_on"] == today()


def showing(employee: dict[str, Any]) -> faults.Fault:
    """A server that shows this employee, whatever is so."""

    async def fault(proxy: Proxy, request: Any) -> Any:
        if request.method == "GET" and request.path.endswith(f"/{employee['id']}"):
            return await faults.answer(200, json.dumps(employee))(proxy, request)
        return await proxy.forward(request)

    return fault


async def test_kenjos_id_is_looked_up_first(rig: FactorialRig) -> None:
    """Found by company_identifier although the e-mail address is another one == ours."""
    async with rig.reached() as (target, _):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        (found,) = await target.find(person(rig, 1, email="new@example.com"))
        assert (found.id, found.ours, found.by) == (remote_id, True, "kenjo_id")
        (other,) = await target.find(person(rig, 1, kenjo_id="kenjo-p9"))
        assert (other.other_id, other.external_id, other.by) == (True, "kenjo-p1", "email")


async def test_without_a_place_for_kenjos_id(rig: FactorialRig) -> None:
    """No field is named == not mapped, and people are found by their e-mail address, leavers too."""
    given = {**rig.settings(rig.origin), "with": {"company_id": COMPANY}}
    settings: Any = ADAPTER.settings.model_validate(given)
    fitted = ADAPTER.fitted(settings)
    assert "kenjo_id" not in fitted.mapping["person"]
    async with connected(fitted, given) as target:
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        assert "company_identifier" not in rig.factorial.employees[remote_id]
        await target.remove(person(rig, 1).key, remote_id)
        (found,) = await target.find(person(rig, 1))
        assert (found.id, found.open, found.ours, found.other_id) == (remote_id, False, False, False)


async def test_the_address_of_the_sign_in(rig: FactorialRig) -> None:
    """`email_at: login_email` == looked up by the address of the session, and created with `email` still."""
    async with connected(rig.adapter, rig.given(email_at="login_email")) as target:
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        employee = rig.factorial.employees[remote_id]
        employee |= {"email": "private@example.org", "login_email": "ana.mueller1@example.com"}
        (found,) = await target.find(person(rig, 1, kenjo_id="kenjo-p9"))
        assert (found.id, found.by) == (remote_id, "email")


TAKEN = [
    (422, {"errors": {"email": ["has already been taken"]}}),
    (400, {"errors": ["Email is already in use"]}),
    (422, {"message": "E-mail already exists"}),
    (409, {}),
]


@pytest.mark.parametrize("taken", TAKEN, ids=str)
async def test_an_address_that_is_taken(rig: FactorialRig, taken: tuple[int, Any]) -> None:
    """A refusal that says that the address is in use, in each form that clients expect == a conflict."""
    rig.factorial.taken = taken
    async with rig.reached() as (target, _):
        await target.upsert(person(rig, 1), None)
        with pytest.raises(Conflict):
            await target.upsert(person(rig, 1), None)


@pytest.mark.parametrize("body", [{"errors": {"email": ["is invalid"]}}, {"message": "Bad"}, {}, None])
async def test_another_refusal(rig: FactorialRig, body: Any) -> None:
    """A refusal of any other kind == the record is rejected, and no conflict."""
    rig.factorial.taken = (422, body)
    async with rig.reached() as (target, _):
        await target.upsert(person(rig, 1), None)
        with pytest.raises(RecordRejected) as caught:
            await target.upsert(person(rig, 1), None)
        assert not isinstance(caught.value, Conflict)


async def test_a_field_that_is_not_shown_is_named(rig: FactorialRig) -> None:
    """A key that may not see the manager == `check` says so."""
    async with rig.reached() as (target, _):
        await target.upsert(person(rig, 1), None)
        rig.factorial.hidden.add("manager_id")
        (problem,) = (await target.check()).problems
        assert problem.startswith("shows nothing of manager_id")


def fill(factorial: Factorial, count: int) -> None:
    """A company of so many; every third one has left."""
    for number in range(1, count + 1):
        one = {"id": str(number), "email": f"e{number}@x.org", "first_name": "E", "last_name": str(number)}
        left = {"terminated_on": "2024-01-31"} if number % 3 == 0 else {}
        factorial.employees[str(number)] = {**one, "location_id": "7", **left}


@pytest.mark.parametrize(("count", "sizes"), [(250, [100, 100, 50]), (200, [100, 100]), (0, [0])])
async def test_pages(rig: FactorialRig, count: int, sizes: list[int]) -> None:
    """Employees on several pages == all, leavers too, in as many requests, although the last has a cursor."""
    fill(rig.factorial, count)
    async with rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        pages = [page async for page in target.target.inventory(Kind.PERSON)]
        assert [len(page.remotes) for page in pages] == sizes
        assert (pages[-1].whole, len(line.seen)) == (True, len(sizes))
        assert sum(one.open is False for page in pages for one in page.remotes) == count // 3


META = {"has_next_page": False, "has_previous_page": False, "end_cursor": "Mw==", "limit": 100, "total": 3}


@pytest.mark.parametrize(
    "change",
    [{"has_next_page": True}, {"has_next_page": True, "end_cursor": None}, {"has_next_page": None},
     {"has_next_page": None, "end_cursor": None}, {"total": 4}, {"total": 2}],
    ids=str,
)  # fmt: skip
async def test_a_list_that_is_not_whole(rig: FactorialRig, change: dict[str, Any]) -> None:
    """No end, none that is told, or another number than is told == it does not prove that nobody is there."""
    fill(rig.factorial, 3)
    async with rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        await target.check()
        employees = [rig.factorial.shown(one) for one in rig.factorial.employees.values()]
        line.fail_always(faults.answer(200, json.dumps({"data": employees, "meta": {**META, **change}})))
        pages = [page async for page in target.target.inventory(Kind.PERSON)]
        assert not any(page.whole for page in pages)
        with pytest.raises(RecordRejected, match="cannot be searched for this object"):
            await target.find(person(rig, 9))


async def test_people_come_change_leave_and_come_back(rig: FactorialRig, tmp_path: Path) -> None:
    """`sync`: joiners with managers, a new name, a leaver, a re-hire == seen there; then nothing is sent."""
    factorial = rig.factorial
    async with world(tmp_path) as here, proxy_to(rig.origin, rig.reads) as proxy:
        target = {**rig.settings(proxy.url), "rate": 1000, "map": {"location_id": '"Berlin"'}}
        here.config["targets"] = {"hr": target}
        done = await here.run("sync", "--json")
        assert done.code == 0, done.out + done.err
        people = expected(here.sandbox)
        rows = {one["company_identifier"]: one for one in factorial.employees.values()}
        assert sorted(rows) == sorted(people)
        for id_, one in people.items():
            start = factorial.contracts[rows[id_]["id"]].get("contract_starts_on")
            assert start == one["work"]["startDate"][:10]
            boss = one["work"].get("reportsToId")
            assert rows[id_].get("manager_id") == (rows[boss]["id"] if boss in people else None)

        employee = next(iter(people))
        here.sandbox.actions.rename(employee=employee, last_name="Ñandú")
        assert (await here.run("sync", "--json")).json["targets"]["hr"]["updated"] == 1
        assert rows[employee]["last_name"] == "Ñandú"
        here.sandbox.actions.leave(employee=employee)
        assert (await here.run("sync", "--json")).json["targets"]["hr"]["deactivated"] == 1
        assert rows[employee]["terminated_on"] == today()

        here.sandbox.account.employees[employee]["account"]["isActive"] = True
        here.sandbox.account.employees[employee]["work"]["contractEnd"] = None
        assert (await here.run("sync", "--json")).code == 0
        assert rows[employee]["terminated_on"] is None
        assert len(factorial.employees) == len(people)
        proxy.seen.clear()
        assert (await here.run("sync", "--json")).code == 0
        assert proxy.seen == []
