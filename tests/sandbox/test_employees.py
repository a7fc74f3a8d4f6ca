from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.values import is_id
from tests.sandbox.asking import Ask

Body = dict[str, dict[str, Any]]


@pytest.fixture
def newcomer(sandbox: Sandbox) -> Body:
    """What is needed to create somebody, and a little more."""
    return {
        "account": {"email": "zoe.gross@nordlicht.example", "externalId": "X-1"},
        "personal": {"firstName": "Zoë", "lastName": "Groß", "birthdate": "1990-02-28"},
        "work": {
            "companyId": next(iter(sandbox.account.tables["companies"])),
            "startDate": "2026-06-01T00:00:00.000Z",
            "c_Seniority": "Senior",
        },
    }


def invalid(name: str) -> tuple[int, dict[str, object]]:
    return 400, {"code": 400, "message": f"The param '{name}' is not valid."}


async def test_created_person_is_inactive_and_in_every_list(ask: Ask, newcomer: Body) -> None:
    """Creating answers 201 with the sections and `isActive` "false"; every list has the person then."""
    status, body = await ask("POST", "employees", json=newcomer)
    assert status == 201
    account = body["account"]
    assert is_id(account["_id"])
    assert account["isActive"] == "false"
    assert body["personal"]["displayName"] == "Zoë Groß"
    assert body["work"]["c_Seniority"] == "Senior"
    _, accounts = await ask("GET", "employees/accounts", params={"email": "zoe.gross@nordlicht.example"})
    assert accounts["data"] == [{**account, "isActive": False}]
    for path in ("personals", "works", "work-schedules", "addresses", "financials", "homes"):
        _, rows = await ask("GET", f"employees/{path}")
        assert rows["data"][-1]["_id"] == account["_id"]


async def test_defaults_of_a_created_person(ask: Ask, newcomer: Body) -> None:
    """Without schedule and language, Kenjo sets Monday to Friday and the company's language."""
    _, body = await ask("POST", "employees", json=newcomer)
    assert body["account"]["language"] == "de"
    schedule = body["workSchedule"]
    assert [day for day, works in schedule.items() if works] == [
        f"{day}WorkingDay" for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    ]


async def test_dates_are_accepted_in_all_spellings_and_kept_in_the_fields_own(
    ask: Ask, newcomer: Body
) -> None:
    """Whatever spelling a date comes in, it is shown in the spelling that Kenjo documents for the field."""
    _, body = await ask("POST", "employees", json=newcomer)
    assert body["work"]["startDate"] == "2026-06-01T00:00:00"
    assert body["personal"]["birthdate"] == "1990-02-28T00:00:00.000Z"


@pytest.mark.parametrize(
    ("section", "field"),
    [("account", "email"), ("personal", "firstName"), ("personal", "lastName"), ("work", "companyId")],
)
async def test_required_fields(ask: Ask, newcomer: Body, section: str, field: str) -> None:
    """Without e-mail, names or company nobody is created; null does not count as a value."""
    value = newcomer[section].pop(field)
    assert await ask("POST", "employees", json=newcomer) == invalid(field)
    newcomer[section][field] = None
    assert await ask("POST", "employees", json=newcomer) == invalid(field)
    newcomer[section][field] = value
    assert (await ask("POST", "employees", json=newcomer))[0] == 201


@pytest.mark.parametrize("field", ["email", "externalId"])
async def test_duplicates_are_409(ask: Ask, sandbox: Sandbox, newcomer: Body, field: str) -> None:
    """An e-mail (in any letter case) or external id that is in use is 409, at creation and at change."""
    taken = next(iter(sandbox.account.employees.values()))["account"]
    newcomer["account"][field] = taken[field].upper()
    status, body = await ask("POST", "employees", json=newcomer)
    assert status == body["code"] == 409
    other = list(sandbox.account.employees)[1]
    assert (await ask("PUT", f"employees/{other}/accounts", json={field: taken[field]}))[0] == 409
    assert (await ask("PUT", f"employees/{taken['_id']}/accounts", json={field: taken[field]}))[0] == 200


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("account", "email", "nobody"),
        ("account", "language", "fr"),
        ("account", "isActive", True),
        ("personal", "gender", "male"),
        ("personal", "firstName", " "),
        ("personal", "birthdate", "28.02.1990"),
        ("personal", "c_Shirtsize", "XXL"),
        ("personal", "c_Führerschein", "yes"),
        ("personal", "nobodyKnowsThis", "x"),
        ("work", "companyId", "xyz"),
        ("work", "officeId", "0" * 24),
        ("work", "teamIds", ["0" * 24]),
        ("work", "teamIds", "none"),
        ("work", "isAssistant", "false"),
        ("work", "weeklyHours", "40"),
        ("work", "reportsToId", "0" * 24),
        ("work", "c_Badgenumber", True),
        ("work", "c_Laptopdue", "soon"),
        ("work", "c_Profilepage", "nordlicht.example"),
        ("work", "c_Assistantmail", "nobody"),
        ("workSchedule", "mondayWorkingDay", 1),
        ("address", "street", 5),
        ("financial", "iban", 5),
        ("home", "maritalStatus", "Happy"),
        ("home", "spouseBirthdate", True),
    ],
)
async def test_wrong_values_are_400_and_change_nothing(
    ask: Ask, sandbox: Sandbox, section: str, field: str, value: object
) -> None:
    """A value of the wrong form is refused with the field's name, and the person stays as they were."""
    identifier = list(sandbox.account.employees)[5]
    _, before = await ask("GET", f"employees/{identifier}")
    path = {"account": "accounts", "personal": "personals", "work": "works", "workSchedule": "work-schedules"}
    path |= {"address": "addresses", "financial": "financials", "home": "homes"}
    assert await ask("PUT", f"employees/{identifier}/{path[section]}", json={field: value}) == invalid(field)
    assert await ask("GET", f"employees/{identifier}") == (200, before)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("accounts", {"email": "new@nordlicht.example", "language": "es"}),
        ("personals", {"lastName": "Ibáñez", "c_Shirtsize": "S", "gender": None}),
        ("works", {"jobTitle": "Diseñadora", "contractEnd": "2026-12-31", "teamIds": []}),
        ("work-schedules", {"fridayWorkingDay": False}),
        ("addresses", {"city": "Zürich", "c_Province": "ZH"}),
        ("financials", {"iban": "DE1", "c_Specialtax": 7.5}),
        ("homes", {"maritalStatus": "Single"}),
    ],
)
async def test_changes_show_in_lists_and_leave_the_rest(
    ask: Ask, sandbox: Sandbox, path: str, change: dict[str, Any]
) -> None:
    """A change answers with the section, shows in the list, and touches only the fields given."""
    identifier = list(sandbox.account.employees)[5]
    _, before = await ask("GET", f"employees/{path}")
    status, answer = await ask("PUT", f"employees/{identifier}/{path}", json=change)
    assert status == 200
    assert change.items() <= answer.items()
    assert answer["_id"] == identifier
    assert not {"isActive", "trackAttendance"} & set(answer)
    _, after = await ask("GET", f"employees/{path}")
    assert after["data"] == [{**row, **change} if row["_id"] == identifier else row for row in before["data"]]


async def test_activation_and_deactivation_show_in_lists(ask: Ask, newcomer: Body) -> None:
    """Activating and deactivating answer with a text and show in all lists that have `isActive`."""
    _, created = await ask("POST", "employees", json=newcomer)
    identifier = created["account"]["_id"]
    for verb, active in (("activate", True), ("deactivate", False), ("activate", True)):
        status, text = await ask("PUT", f"employees/{identifier}/{verb}")
        assert status == 200
        assert isinstance(text, str)
        assert (await ask("GET", "employees/accounts"))[1]["data"][-1]["isActive"] is active
        assert (await ask("GET", "employees"))[1]["data"][-1]["isActive"] == str(active).lower()
        assert (await ask("GET", "user-accounts"))[1][-1]["isActive"] == str(active).lower()


async def test_nobody_reports_in_a_circle(ask: Ask, sandbox: Sandbox) -> None:
    """A person cannot report to themselves or to somebody below them, but to an inactive person."""
    people = list(sandbox.account.employees.values())
    head, below = people[0]["account"]["_id"], people[1]["account"]["_id"]
    for manager in (head, below):
        assert await ask("PUT", f"employees/{head}/works", json={"reportsToId": manager}) == invalid(
            "reportsToId"
        )
    inactive = sandbox.account.deactivate(below)["account"]["_id"]
    other = people[2]["account"]["_id"]
    assert (await ask("PUT", f"employees/{other}/works", json={"reportsToId": inactive}))[0] == 200


@pytest.mark.parametrize("path", ["works", "activate", "deactivate"])
async def test_unknown_employee(ask: Ask, path: str) -> None:
    """A change of nobody is 400 or 404."""
    assert await ask("PUT", f"employees/xyz/{path}", json={}) == invalid("id")
    assert (await ask("PUT", f"employees/{'a' * 24}/{path}", json={}))[0] == 404


async def test_unknown_section_is_400(ask: Ask, newcomer: Body) -> None:
    """A section that Kenjo does not have, or one that is no object, is refused by name."""
    assert await ask("POST", "employees", json={**newcomer, "hobby": {}}) == invalid("hobby")
    assert await ask("POST", "employees", json={**newcomer, "home": []}) == invalid("home")


async def test_deleted_person_is_gone_from_every_list(ask: Ask, sandbox: Sandbox) -> None:
    """Whom the account deletes, no list shows any more, and the single request is 404."""
    identifier = list(sandbox.account.employees)[9]
    sandbox.account.delete(identifier)
    for path in ("", "/accounts", "/personals", "/works", "/homes"):
        rows = (await ask("GET", f"employees{path}"))[1]["data"]
        assert len(rows) == 59
        assert identifier not in {row["_id"] for row in rows}
    assert len((await ask("GET", "user-accounts"))[1]) == 59
    assert (await ask("GET", f"employees/{identifier}"))[0] == 404
