"""The lists that Kenjo answers in pages: contracts, salaries, time off. Nothing of it is stored."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from sandbox.errors import invalid
from sandbox.state import Account
from sandbox.values import Row, as_clock, derived_id, is_id, parse_day

CONTRACT_TYPES = ("Permanent", "Fixed term", "Working student")
TIME_OFF_TYPE = derived_id("time-off type", "Vacation")
STATUSES = (
    "Approved",
    "Declined",
    "Cancelled",
    "Pending",
    "Submitted",
    "Processed",
    "CancelledAfterProcessed",
    "InApproval",
)
_CURRENCIES = {"DE": "EUR", "ES": "EUR", "GB": "GBP"}
_LIMITS = (25, 50, 100)
_MOST_VALUES = 15
_MOST_DAYS = 92


def page(rows: Sequence[Row], query: Mapping[str, str]) -> Row:
    """Return a page and its `metadata`: `limit` is 25, 50 (default) or 100, `offset` a page number from 1."""
    limit, offset = _number(query, "limit", 50), _number(query, "offset", 1)
    if limit not in _LIMITS:
        raise invalid("limit")
    if offset < 1:
        raise invalid("offset")
    return cut(rows, limit, offset)


def cut(rows: Sequence[Row], limit: int, offset: int) -> Row:
    """Return the page with that number (from 1) as Kenjo spells pages."""
    data = list(rows[(offset - 1) * limit : offset * limit])
    return {
        "data": data,
        "metadata": {"count": len(data), "offset": offset, "limit": limit, "total": len(rows)},
    }


def contracts(account: Account, query: Mapping[str, str]) -> list[Row]:
    """Return one contract per person; filters `contractTypeId`, `_userId`, `_companyId`, many with commas."""
    rows = (_contract(identifier, person["work"]) for identifier, person in account.employees.items())
    return _any_of(rows, query, ("contractTypeId", "_userId", "_companyId"))


def contract_types(query: Mapping[str, str]) -> list[Row]:
    """Return the kinds of contract, all of them in use."""
    wanted = query.get("isActive", "true")
    if wanted not in {"true", "false"}:
        raise invalid("isActive")
    rows = [
        {"_id": derived_id("contract type", name), "name": name, "isActive": True} for name in CONTRACT_TYPES
    ]
    return rows if wanted == "true" else []


def salaries(account: Account, query: Mapping[str, str]) -> list[Row]:
    """Return one salary per person; filters `_userId`, `_companyId`, `paymentPeriod`, `currency`."""
    countries = {key: row.get("country") for key, row in account.tables["companies"].items()}
    rows = (_salary(key, person["work"], countries) for key, person in account.employees.items())
    return _any_of(rows, query, ("_userId", "_companyId", "paymentPeriod", "currency"))


def time_off(account: Account, query: Mapping[str, str]) -> list[Row]:
    """Return who is off between `from` and `to` (both required, at most 92 days apart)."""
    first, last = _day(query, "from"), _day(query, "to")
    if first > last:
        raise invalid("from")
    if (last - first).days > _MOST_DAYS:
        raise invalid("to")
    if query.get("status", STATUSES[0]) not in STATUSES:
        raise invalid("status")
    rows = (
        request
        for identifier in account.employees
        for year in range(first.year - 1, last.year + 1)
        for request in _vacation(identifier, year, first, last)
    )
    wanted = {name: query[name] for name in ("_userId", "status") if name in query}
    if query.get("_timeOffTypeId", TIME_OFF_TYPE) != TIME_OFF_TYPE:
        return []
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def _contract(identifier: str, work: Row) -> Row:
    kind = CONTRACT_TYPES[1 if work.get("contractEnd") else 0]
    return {
        "_id": derived_id(identifier, "contract"),
        "_userId": identifier,
        "_companyId": work.get("companyId"),
        "startDate": _clock(work.get("startDate")),
        "contractTypeId": derived_id("contract type", kind),
    }


def _salary(identifier: str, work: Row, countries: Mapping[str, object]) -> Row:
    hourly = int(identifier[-1], 16) == 0
    end = work.get("contractEnd")
    return {
        "_id": derived_id(identifier, "salary"),
        "_userId": identifier,
        "_companyId": work.get("companyId"),
        "startDate": _clock(work.get("startDate")),
        **({"endDate": _clock(end)} if end else {}),
        "amount": 18 if hourly else 38000 + int(identifier[-3:], 16) * 10,
        "paymentPeriod": "Hourly" if hourly else "Annual",
        "currency": _CURRENCIES.get(str(countries.get(str(work.get("companyId")))), "GBP"),
    }


def _vacation(identifier: str, year: int, first: date, last: date) -> Iterable[Row]:
    """Yield the person's two weeks off in that year, if they touch the range."""
    start = date(year, 1, 1) + timedelta(days=int(identifier[:6], 16) % 360)
    end = start + timedelta(days=13)
    if end < first or start > last:
        return
    yield {
        "_id": derived_id(identifier, "vacation", year),
        "_userId": identifier,
        "_timeOfTypeId": TIME_OFF_TYPE,  # spelled so in Kenjo's description
        "_policyId": derived_id("policy", "Vacation"),
        "policyName": "Vacation",
        "_policyType": "Day",
        "status": STATUSES[int(identifier[6], 16) % 2],
        "from": as_clock(start),
        "to": as_clock(end),
        "duration": 14,
        "workingTime": 10,
        "_createdAt": as_clock(start - timedelta(days=30)),
        "hasAttachment": False,
        "description": "",
    }


def _any_of(rows: Iterable[Row], query: Mapping[str, str], fields: tuple[str, ...]) -> list[Row]:
    wanted = {field: query[field].split(",") for field in fields if field in query}
    for field, values in wanted.items():
        if len(values) > _MOST_VALUES or (field.lower().endswith("id") and not all(map(is_id, values))):
            raise invalid(field)
    return [row for row in rows if all(row[field] in values for field, values in wanted.items())]


def _clock(day: object) -> str | None:
    return as_clock(parse_day(day)) if day else None


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise invalid(name)
    return int(value)


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        return parse_day(query.get(name))
    except ValueError:
        raise invalid(name) from None
