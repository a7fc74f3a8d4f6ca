from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from sandbox import Sandbox
from tests.sandbox.asking import Ask


@pytest.fixture
async def control(sandbox: Sandbox) -> AsyncIterator[Ask]:
    """Send requests to the control endpoints, without a token."""
    async with ClientSession(f"{sandbox.control_url}/") as session:

        async def send(method: str, path: str, **options: Any) -> tuple[int, Any]:
            async with session.request(method, path, **options) as answer:
                return answer.status, await answer.json() if answer.status != 204 else None

        yield send


async def test_state(control: Ask, ask: Ask) -> None:
    """The state counts people, organisation, faults, tokens and requests."""
    await ask("GET", "teams")
    status, state = await control("GET", "state")
    assert status == 200
    assert (state["employees"], state["active"] + state["inactive"]) == (60, 60)
    assert (state["teams"], state["companies"], state["custom-fields"]) == (12, 3, 14)
    assert (state["faults"], state["tokens"], state["requests"]) == (0, 1, 1)
    assert state["withoutEmail"] == 2
    assert state["upcoming"] == 2


async def test_faults_are_added_listed_and_removed(control: Ask, ask: Ask) -> None:
    """Rules can be added, seen with their use, and removed one by one or all at once."""
    rule = {"kind": "status", "path": "/teams", "method": "GET", "count": 3, "status": 500}
    status, added = await control("POST", "faults", json=rule)
    assert status == 201
    assert rule.items() <= added.items()
    assert (await ask("GET", "teams"))[0] == 500
    _, rules = await control("GET", "faults")
    assert [(one["id"], one["used"], one["count"]) for one in rules] == [(added["id"], 1, 2)]
    await control("POST", "faults", json={"kind": "empty"})
    assert await control("DELETE", f"faults/{added['id']}") == (204, None)
    assert await ask("GET", "teams") == (200, [])
    assert await control("DELETE", "faults") == (204, None)
    assert len((await ask("GET", "teams"))[1]) == 12


@pytest.mark.parametrize("body", [{}, {"kind": "empty", "path": 5}, {"kind": "empty", "colour": "red"}])
async def test_wrong_faults_are_400(control: Ask, body: object) -> None:
    """A rule that makes no sense is refused in Kenjo's form."""
    status, answer = await control("POST", "faults", json=body)
    assert status == answer["code"] == 400


async def test_unknown_faults(control: Ask) -> None:
    """Removing a rule that does not exist is 404, or 400 where the id is no number."""
    assert (await control("DELETE", "faults/99"))[0] == 404
    assert (await control("DELETE", "faults/x"))[0] == 400


async def test_requests_are_counted_by_method_and_path(control: Ask, ask: Ask) -> None:
    """The counter knows every request of the API, refused ones too, and can be reset."""
    for path in ("teams", "teams", "employees/works?jobTitle=x", "nothing"):
        await ask("GET", path)
    await ask("POST", "teams", json={"name": "New"})
    _, log = await control("GET", "requests")
    assert log["requests"] == {
        "GET /teams": 2,
        "GET /employees/works": 1,
        "GET /nothing": 1,
        "POST /teams": 1,
    }
    assert log["mostAtOnce"] == 1
    assert await control("DELETE", "requests") == (204, None)
    assert (await control("GET", "requests"))[1] == {"requests": {}, "mostAtOnce": 0}


async def test_keys(control: Ask, ask: Ask) -> None:
    """A key can be made from outside, with what it may not read."""
    assert (await control("PUT", "keys", json={"key": "k", "denied": ["/teams"]}))[0] == 200
    token = (await ask("POST", "auth/login", json={"apiKey": "k"}))[1]["token"]
    assert (await ask("GET", "teams", headers={"Authorization": token}))[0] == 403
    assert (await ask("GET", "areas", headers={"Authorization": token}))[0] == 200
    for wrong in ({}, {"key": ""}, {"key": "k", "denied": "/teams"}):
        assert (await control("PUT", "keys", json=wrong))[0] == 400


async def test_actions_change_what_the_api_shows(control: Ask, ask: Ask) -> None:
    """Hire, activate, move, rename, leave and delete from outside show in the API's lists."""
    status, hired = await control("POST", "actions/hire", json={"first_name": "Jörg", "last_name": "Weiß"})
    assert status == 200
    account = hired["account"]
    assert account["email"] == "joerg.weiss@nordlicht.example"
    path = f"employees/{account['_id']}"
    assert (await ask("GET", path))[1]["account"]["isActive"] is False
    body = {"employee": account["_id"]}
    await control("POST", "actions/activate", json=body)
    assert (await ask("GET", path))[1]["account"]["isActive"] is True
    await control("POST", "actions/move", json=body | {"team": "Backend", "department": "Product"})
    works = (await ask("GET", path))[1]["work"]
    teams = {row["_id"]: row["name"] for row in (await ask("GET", "teams"))[1]}
    departments = {row["_id"]: row["name"] for row in (await ask("GET", "departments"))[1]}
    assert [teams[team] for team in works["teamIds"]] == ["Backend"]
    assert departments[works["departmentId"]] == "Product"
    await control("POST", "actions/rename", json={"employee": account["email"], "last_name": "Groß"})
    assert (await ask("GET", path))[1]["personal"]["displayName"] == "Jörg Groß"
    await control("POST", "actions/leave", json=body)
    assert (await ask("GET", path))[1]["account"]["isActive"] is False
    assert (await control("POST", "actions/delete", json=body))[1]["account"]["_id"] == account["_id"]
    assert (await ask("GET", path))[0] == 404


@pytest.mark.parametrize("name", ["hire", "activate", "move", "rename", "leave", "delete"])
async def test_actions_need_no_body(control: Ask, sandbox: Sandbox, name: str) -> None:
    """An action without a body chooses for itself and changes the account."""
    before = repr(sandbox.account.employees)
    status, person = await control("POST", f"actions/{name}")
    assert status == 200
    assert set(person) == {"account", "personal", "work", "workSchedule", "address", "financial", "home"}
    assert repr(sandbox.account.employees) != before


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("actions/promote", {}, 404),
        ("actions/leave", {"employee": "nobody@nordlicht.example"}, 404),
        ("actions/move", {"team": "Nowhere"}, 404),
        ("actions/move", {"team": 5}, 400),
        ("actions/leave", {"person": "x"}, 400),
        ("actions/hire", {"start": "soon"}, 400),
    ],
)
async def test_wrong_actions(control: Ask, path: str, body: object, status: int) -> None:
    """An unknown action, person or team is 404, a wrong option 400, in Kenjo's form."""
    answer = await control("POST", path, json=body)
    assert answer[0] == answer[1]["code"] == status
