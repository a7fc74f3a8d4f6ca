from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.errors import ApiError
from tests.sandbox.asking import Ask

TABLES = ["teams", "departments", "areas", "offices"]


def required(sandbox: Sandbox, table: str) -> dict[str, Any]:
    """Return what a new row of the list needs."""
    if table != "offices":
        return {"name": "Nürnberg"}
    tables = sandbox.account.tables
    return {
        "name": "Nürnberg",
        "companyId": next(iter(tables["companies"])),
        "calendarId": next(iter(tables["calendars"])),
    }


@pytest.mark.parametrize("table", TABLES)
async def test_create_change_remove(ask: Ask, sandbox: Sandbox, table: str) -> None:
    """A row is created (201), renamed (200) and removed (204); the list shows each step."""
    body = required(sandbox, table)
    status, created = await ask("POST", table, json=body)
    assert status == 201
    assert created == {"_id": created["_id"], **body}
    path = f"{table}/{created['_id']}"
    assert (await ask("GET", table))[1][-1] == created
    renamed = {"_id": created["_id"], "name": "Fürth"}
    assert await ask("PUT", path, json={"name": "Fürth"}) == (200, renamed)
    assert (await ask("GET", path))[1] == created | renamed
    assert await ask("DELETE", path) == (204, "")
    assert (await ask("GET", path))[0] == 404
    assert created["_id"] not in {row["_id"] for row in (await ask("GET", table))[1]}


@pytest.mark.parametrize("table", TABLES)
async def test_required_and_unknown_attributes(ask: Ask, sandbox: Sandbox, table: str) -> None:
    """A row without a required attribute, with an empty name or with an unknown attribute is 400."""
    body = required(sandbox, table)
    for name in body:
        rest = {key: value for key, value in body.items() if key != name}
        answer = await ask("POST", table, json=rest)
        assert answer == (400, {"code": 400, "message": f"The param '{name}' is not valid."})
    assert (await ask("POST", table, json=body | {"name": ""}))[0] == 400
    assert (await ask("POST", table, json=body | {"colour": "red"}))[0] == 400


async def test_office_attributes(ask: Ask, sandbox: Sandbox) -> None:
    """An office takes its address too, but no company that does not exist."""
    body = required(sandbox, "offices") | {"street": "Königstraße 1", "postalCode": "90402"}
    body |= {"city": "Nürnberg", "country": "DE"}
    _, created = await ask("POST", "offices", json=body)
    assert body.items() <= created.items()
    path = f"offices/{created['_id']}"
    assert await ask("PUT", path, json={"city": "Fürth"}) == (
        200,
        {"_id": created["_id"], "name": "Nürnberg", "city": "Fürth"},
    )
    assert (await ask("PUT", path, json={"companyId": "0" * 24}))[0] == 400


@pytest.mark.parametrize(
    ("table", "field"), [("teams", "teamIds"), ("departments", "departmentId"), ("offices", "officeId")]
)
async def test_removed_rows_leave_the_people(ask: Ask, table: str, field: str) -> None:
    """Nobody names a team, department or office any more once it is removed; other places stay."""
    rows = (await ask("GET", table))[1]
    _, before = await ask("GET", "employees/works")
    assert await ask("DELETE", f"{table}/{rows[0]['_id']}") == (204, "")
    _, after = await ask("GET", "employees/works")
    assert rows[0]["_id"] in str(before)
    assert rows[0]["_id"] not in str(after)
    assert rows[1]["_id"] in str(after)
    assert all(field in row for row in after["data"]) == (table == "teams")


async def test_companies_and_calendars_are_read_only(sandbox: Sandbox) -> None:
    """The account refuses to change what the API cannot change."""
    for table in ("companies", "calendars", "custom-fields"):
        row = next(iter(sandbox.account.tables[table]))
        with pytest.raises(ApiError) as refused:
            sandbox.account.change(table, row, {"name": "New"})
        assert refused.value.status == 405
