import pytest

from sandbox import Sandbox
from sandbox.values import is_id
from tests.sandbox.asking import Ask

# What the first person, of whom everything is known, shows in each list below `data`.
SECTIONS = {
    "accounts": {"_id", "email", "externalId", "language", "isActive"},
    "personals": {"_id", "firstName", "lastName", "displayName", "gender", "birthdate"},
    "works": {
        "_id",
        "companyId",
        "officeId",
        "departmentId",
        "startDate",
        "jobTitle",
        "workPhone",
        "workMobile",
        "isAssistant",
        "probationPeriodEnd",
        "employeeNumber",
        "weeklyHours",
        "teamIds",
    },
    "work-schedules": {
        "_id",
        "mondayWorkingDay",
        "tuesdayWorkingDay",
        "wednesdayWorkingDay",
        "thursdayWorkingDay",
        "fridayWorkingDay",
        "saturdayWorkingDay",
        "sundayWorkingDay",
        "trackAttendance",
    },
    "addresses": {"_id", "street", "postalCode", "city", "country"},
    "financials": {
        "_id",
        "accountHolderName",
        "bankName",
        "accountNumber",
        "iban",
        "swiftCode",
        "nationalId",
        "passport",
        "nationalInsuranceNumber",
        "taxCode",
        "taxIdentificationNumber",
    },
    "homes": {"_id", "maritalStatus", "personalMobile"},
}


@pytest.mark.parametrize("path", SECTIONS)
async def test_section_lists(ask: Ask, sandbox: Sandbox, path: str) -> None:
    """Each section list is `{"data": [...]}` with a row per person, `_id` and the section's fields."""
    status, body = await ask("GET", f"employees/{path}")
    assert status == 200
    assert set(body) == {"data"}
    assert [row["_id"] for row in body["data"]] == list(sandbox.account.employees)
    assert set(body["data"][0]) >= SECTIONS[path]


async def test_active_is_a_boolean_in_accounts(ask: Ask) -> None:
    """`/employees/accounts` has `isActive` as a boolean, and inactive people too."""
    _, body = await ask("GET", "employees/accounts")
    assert {row["isActive"] for row in body["data"]} == {True, False}
    assert all(isinstance(row["isActive"], bool) for row in body["data"])


async def test_active_is_a_text_in_employees(ask: Ask) -> None:
    """`/employees` is as accounts, but with `isActive` as a text."""
    _, accounts = await ask("GET", "employees/accounts")
    status, body = await ask("GET", "employees")
    assert status == 200
    assert set(body) == {"data"}
    assert body["data"] == [{**row, "isActive": str(row["isActive"]).lower()} for row in accounts["data"]]
    assert {row["isActive"] for row in body["data"]} == {"true", "false"}


async def test_user_accounts_are_a_bare_array(ask: Ask) -> None:
    """`/user-accounts` is a bare array of basic fields, with `isActive` as a text."""
    status, rows = await ask("GET", "user-accounts")
    assert status == 200
    assert set(rows[0]) == {
        "_id",
        "email",
        "isActive",
        "firstName",
        "lastName",
        "displayName",
        "companyId",
        "officeId",
        "departmentId",
        "jobTitle",
    }
    assert {row["isActive"] for row in rows} == {"true", "false"}


async def test_user_accounts_have_no_email_where_the_account_has_none(ask: Ask, sandbox: Sandbox) -> None:
    """A missing e-mail is missing in `/user-accounts` in the same way as in the account."""
    first, second, third = list(sandbox.account.employees.values())[:3]
    first["account"]["email"], second["account"]["email"] = None, ""
    del third["account"]["email"]
    _, rows = await ask("GET", "user-accounts")
    assert [row.get("email", "absent") for row in rows[:3]] == [None, "", "absent"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("companies", {"_id", "name", "city", "country"}),
        ("offices", {"_id", "name", "companyId", "calendarId", "street", "postalCode", "city", "country"}),
        ("departments", {"_id", "name"}),
        ("teams", {"_id", "name"}),
        ("areas", {"_id", "name"}),
        ("calendars", {"_id", "name"}),
    ],
)
async def test_organisation_lists_are_bare_arrays(ask: Ask, path: str, fields: set[str]) -> None:
    """The lists of the organisation are bare arrays."""
    status, rows = await ask("GET", path)
    assert status == 200
    assert isinstance(rows, list)
    assert set(rows[0]) == fields
    assert all(is_id(row["_id"]) for row in rows)


async def test_custom_fields(ask: Ask) -> None:
    """`/custom-fields` is `{"data": [...]}`, `apiName` starts with `c_`, only lists have `values`."""
    status, body = await ask("GET", "custom-fields")
    assert status == 200
    rows = body["data"]
    assert {row["type"] for row in rows} == {
        "Text",
        "TextArea",
        "List",
        "Date",
        "Number",
        "Email",
        "Boolean",
        "Url",
    }
    assert all(row["apiName"] == "c_" + row["label"].replace(" ", "") for row in rows)
    assert all(("values" in row) == (row["type"] == "List") for row in rows)
    assert {row["section"] for row in rows} == {"personal", "work", "address", "financial", "home"}


async def test_one_employee(ask: Ask, sandbox: Sandbox) -> None:
    """`/employees/{id}` has seven sections, of which only the account carries an `_id`."""
    identifier = next(iter(sandbox.account.employees))
    status, body = await ask("GET", f"employees/{identifier}")
    assert status == 200
    sections = ["account", "personal", "work", "workSchedule", "address", "financial", "home"]
    assert list(body) == sections
    assert [name for name in sections if "_id" in body[name]] == ["account"]
    assert body["account"]["_id"] == identifier
    assert body["account"]["isActive"] is True
    assert "trackAttendance" not in body["workSchedule"]


@pytest.mark.parametrize("table", ["offices", "departments", "teams", "areas", "calendars"])
async def test_one_row(ask: Ask, table: str) -> None:
    """A row of the organisation can be read alone."""
    _, rows = await ask("GET", table)
    assert await ask("GET", f"{table}/{rows[1]['_id']}") == (200, rows[1])


@pytest.mark.parametrize("path", ["employees", "offices", "departments", "teams", "areas", "calendars"])
async def test_wrong_and_unknown_ids(ask: Ask, path: str) -> None:
    """An id that is none is 400 with Kenjo's words, one that names nothing is 404."""
    assert await ask("GET", f"{path}/xyz") == (400, {"code": 400, "message": "The param 'id' is not valid."})
    status, body = await ask("GET", f"{path}/{'0' * 24}")
    assert status == body["code"] == 404


async def test_unknown_paths_and_methods_answer_in_kenjos_form(ask: Ask, sandbox: Sandbox) -> None:
    """What does not exist is 404, what cannot be done 405, inside and outside the API."""
    assert await ask("GET", "nothing") == (404, {"code": 404, "message": "Not Found"})
    assert (await ask("DELETE", "companies"))[1]["code"] == 405
    identifier = next(iter(sandbox.account.employees))
    assert (await ask("DELETE", f"employees/{identifier}"))[1]["code"] == 405
    outside = sandbox.url.removesuffix("/api/v1")
    assert await ask("GET", f"{outside}/else") == (404, {"code": 404, "message": "Not Found"})
