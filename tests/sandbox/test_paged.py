import pytest

from sandbox import Sandbox
from sandbox.values import is_id
from tests.sandbox.asking import Ask

RANGE = {"from": "2026-01-01", "to": "2026-04-01"}


async def test_contracts_come_in_pages(ask: Ask, sandbox: Sandbox) -> None:
    """`offset` counts pages from 1; together the pages hold one contract per person, once."""
    status, first = await ask("GET", "compensation/contracts", params={"limit": "25"})
    assert status == 200
    assert first["metadata"] == {"count": 25, "offset": 1, "limit": 25, "total": 60}
    users = [row["_userId"] for row in first["data"]]
    for offset, count in ((2, 25), (3, 10), (4, 0)):
        _, page = await ask("GET", "compensation/contracts", params={"limit": "25", "offset": str(offset)})
        assert page["metadata"] == {"count": count, "offset": offset, "limit": 25, "total": 60}
        users += [row["_userId"] for row in page["data"]]
    assert users == list(sandbox.account.employees)
    assert set(first["data"][0]) == {"_id", "_userId", "_companyId", "startDate", "contractTypeId"}


async def test_page_size_is_50_unless_asked(ask: Ask) -> None:
    """Without `limit` a page has 50 rows."""
    _, body = await ask("GET", "compensation/salaries")
    assert body["metadata"] == {"count": 50, "offset": 1, "limit": 50, "total": 60}


@pytest.mark.parametrize(
    "params", [{"limit": "10"}, {"limit": "x"}, {"offset": "0"}, {"offset": "-1"}, {"offset": "1.5"}]
)
async def test_wrong_pages_are_400(ask: Ask, params: dict[str, str]) -> None:
    """Only the limits 25, 50 and 100 and whole pages from 1 are valid."""
    status, body = await ask("GET", "compensation/contracts", params=params)
    assert (status, body["message"]) == (400, f"The param '{next(iter(params))}' is not valid.")


async def test_contract_filters_take_several_values(ask: Ask, sandbox: Sandbox) -> None:
    """Filters take values separated by commas, at most 15, and each an id."""
    users = list(sandbox.account.employees)
    _, body = await ask("GET", "compensation/contracts", params={"_userId": f"{users[3]},{users[1]}"})
    assert [row["_userId"] for row in body["data"]] == [users[1], users[3]]
    company = next(iter(sandbox.account.tables["companies"]))
    _, body = await ask("GET", "compensation/contracts", params={"_companyId": company})
    assert {row["_companyId"] for row in body["data"]} == {company}
    many = ",".join(users[:16])
    assert (await ask("GET", "compensation/contracts", params={"_userId": many}))[0] == 400
    assert (await ask("GET", "compensation/contracts", params={"_userId": "x"}))[0] == 400


async def test_contract_types(ask: Ask) -> None:
    """Every contract names a contract type; whoever has a contract end has a fixed term."""
    _, types = await ask("GET", "compensation/contract-types")
    named = {row["_id"]: row["name"] for row in types["data"]}
    assert types["metadata"]["total"] == len(named) == 3
    _, contracts = await ask("GET", "compensation/contracts", params={"limit": "100"})
    assert {named[row["contractTypeId"]] for row in contracts["data"]} == {"Permanent", "Fixed term"}
    _, none = await ask("GET", "compensation/contract-types", params={"isActive": "false"})
    assert none["data"] == []
    assert (await ask("GET", "compensation/contract-types", params={"isActive": "x"}))[0] == 400


async def test_salaries(ask: Ask) -> None:
    """A salary has amount, currency and period, by which it can be filtered."""
    _, body = await ask("GET", "compensation/salaries", params={"limit": "100"})
    fields = {"_id", "_userId", "_companyId", "startDate", "amount", "paymentPeriod", "currency"}
    assert all(set(row) - {"endDate"} == fields for row in body["data"])
    assert {row["currency"] for row in body["data"]} == {"EUR", "GBP"}
    assert any("endDate" in row for row in body["data"])
    _, pounds = await ask("GET", "compensation/salaries", params={"currency": "GBP", "limit": "100"})
    assert pounds["data"] == [row for row in body["data"] if row["currency"] == "GBP"]
    params = {"paymentPeriod": "Annual,Monthly", "limit": "100"}
    _, annual = await ask("GET", "compensation/salaries", params=params)
    assert {row["paymentPeriod"] for row in annual["data"]} == {"Annual"}


async def test_time_off(ask: Ask) -> None:
    """Time off is what touches the range, with Kenjo's fields, and can be filtered by status."""
    status, body = await ask("GET", "time-off/requests", params=RANGE | {"limit": "100"})
    assert status == 200
    rows = body["data"]
    assert 0 < len(rows) == body["metadata"]["total"] < 60
    for row in rows:
        assert row["from"][:10] <= RANGE["to"]
        assert row["to"][:10] >= RANGE["from"]
        assert is_id(row["_id"])
    assert set(rows[0]) == {
        "_id",
        "_userId",
        "_timeOfTypeId",
        "_policyId",
        "policyName",
        "_policyType",
        "status",
        "from",
        "to",
        "duration",
        "workingTime",
        "_createdAt",
        "hasAttachment",
        "description",
    }
    params = RANGE | {"limit": "100", "status": "Declined", "_userId": rows[0]["_userId"]}
    _, declined = await ask("GET", "time-off/requests", params=params)
    wanted = [row for row in rows if row["status"] == "Declined" and row["_userId"] == rows[0]["_userId"]]
    assert declined["data"] == wanted
    _, other = await ask("GET", "time-off/requests", params=RANGE | {"_timeOffTypeId": "0" * 24})
    assert other["data"] == []


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"to": "2026-01-01"}, "from"),
        ({"from": "2026-01-01"}, "to"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from"),
        ({"from": "2026-01-01", "to": "2026-06-01"}, "to"),
        (RANGE | {"status": "Maybe"}, "status"),
    ],
)
async def test_time_off_needs_a_range_of_at_most_92_days(ask: Ask, params: dict[str, str], name: str) -> None:
    """Without `from` and `to`, in the wrong order, or too far apart, the request is 400."""
    status, body = await ask("GET", "time-off/requests", params=params)
    assert (status, body["message"]) == (400, f"The param '{name}' is not valid.")
