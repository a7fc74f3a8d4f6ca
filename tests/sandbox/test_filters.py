import pytest

from sandbox import Sandbox
from sandbox.filters import FILTERS
from sandbox.views import SECTION_PATHS
from tests.sandbox.asking import Ask

DOCUMENTED = {
    "accounts": "email language externalId isActive",
    "personals": "firstName lastName displayName gender birthdate",
    "works": (
        "companyId officeId departmentId startDate jobTitle workPhone workMobile isAssistant "
        "probationPeriodEnd reportsToId"
    ),
    "work-schedules": "trackAttendance",
    "addresses": "street postalCode city country",
    "financials": (
        "accountHolderName bankName accountNumber iban swiftCode nationalId passport "
        "nationalInsuranceNumber taxCode taxIdentificationNumber"
    ),
    "homes": (
        "maritalStatus spouseFirstName spouseLastName spouseBirthdate spouseGender personalEmail "
        "personalPhone personalMobile"
    ),
}


@pytest.mark.parametrize(
    ("path", "field"), [(path, field) for path, fields in DOCUMENTED.items() for field in fields.split()]
)
async def test_every_documented_filter_selects(ask: Ask, path: str, field: str) -> None:
    """A documented filter returns the rows that equal the value of one of them, and only those."""
    _, body = await ask("GET", f"employees/{path}")
    value = next(row[field] for row in reversed(body["data"]) if row.get(field) not in (None, ""))
    text = str(value).lower() if isinstance(value, bool) else value
    status, found = await ask("GET", f"employees/{path}", params={field: text})
    assert status == 200
    day = slice(10) if "date" in field.lower() or "End" in field else slice(None)
    expected = [
        row for row in body["data"] if row.get(field) is not None and str(row[field])[day] == str(value)[day]
    ]
    assert found["data"] == expected
    assert 0 < len(expected) < len(body["data"])


@pytest.mark.parametrize("path", DOCUMENTED)
def test_no_filter_but_the_documented_ones(path: str) -> None:
    """The sandbox knows exactly the filters that Kenjo documents for a section."""
    assert set(FILTERS[SECTION_PATHS[path]]) == set(DOCUMENTED[path].split())


@pytest.mark.parametrize("clock", ["", "T00:00:00", "T00:00:00.000Z"])
async def test_dates_equal_in_any_spelling(ask: Ask, clock: str) -> None:
    """A date filter finds the day, however the filter and the row spell it."""
    _, body = await ask("GET", "employees/works")
    for row in body["data"][:3]:  # three rows, three spellings
        params = {"startDate": row["startDate"][:10] + clock}
        _, found = await ask("GET", "employees/works", params=params)
        assert row in found["data"]


async def test_filters_are_combined(ask: Ask, sandbox: Sandbox) -> None:
    """Two filters both have to hold."""
    work = list(sandbox.account.employees.values())[20]["work"]
    params = {"officeId": work["officeId"], "departmentId": work["departmentId"]}
    _, body = await ask("GET", "employees/works", params=params)
    assert body["data"]
    assert all(row[field] == value for row in body["data"] for field, value in params.items())
    params["jobTitle"] = "nobody has this"
    assert await ask("GET", "employees/works", params=params) == (200, {"data": []})


async def test_unknown_parameters_are_ignored(ask: Ask) -> None:
    """A parameter that the list does not know changes nothing."""
    _, everything = await ask("GET", "employees/works")
    assert await ask("GET", "employees/works", params={"updatedSince": "2026-01-01"}) == (200, everything)
    assert len((await ask("GET", "employees", params={"isActive": "true"}))[1]["data"]) == 60


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("accounts", "isActive", "yes"),
        ("accounts", "language", "fr"),
        ("personals", "gender", "female"),
        ("personals", "birthdate", "28.01.1980"),
        ("works", "companyId", "12"),
        ("works", "startDate", "2026-02-30"),
    ],
)
async def test_malformed_filters_are_400(ask: Ask, path: str, field: str, value: str) -> None:
    """A filter value of the wrong form is refused with the parameter's name."""
    status, body = await ask("GET", f"employees/{path}", params={field: value})
    assert (status, body) == (400, {"code": 400, "message": f"The param '{field}' is not valid."})


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("companies", {"name": "Nordlicht GmbH"}),
        ("companies", {"country": "ES"}),
        ("offices", {"city": "Madrid"}),
        ("departments", {"name": "Sales"}),
        ("teams", {"name": "Lager Süd"}),
        ("calendars", {"name": "Bayern"}),
    ],
)
async def test_organisation_filters(ask: Ask, path: str, params: dict[str, str]) -> None:
    """The lists of the organisation can be filtered by their fields."""
    status, rows = await ask("GET", path, params=params)
    assert status == 200
    assert len(rows) == 1
    assert params.items() <= rows[0].items()


async def test_custom_field_filters(ask: Ask) -> None:
    """Custom fields can be filtered by section, label and API name; an unknown section is 400."""
    _, body = await ask("GET", "custom-fields", params={"section": "personal"})
    assert {row["section"] for row in body["data"]} == {"personal"}
    _, body = await ask("GET", "custom-fields", params={"apiName": "c_Führerschein"})
    assert [row["label"] for row in body["data"]] == ["Führerschein"]
    assert (await ask("GET", "custom-fields", params={"section": "other"}))[0] == 400
