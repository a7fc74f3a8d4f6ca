"""A Factorial, written from the vendor's description of version 2026-07-01 and its page on pagination.

Errors are not described there; what it answers to what it does not take is what public clients expect.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

API_KEY = "factorial-key"
COMPANY = "55"
BASE = "/api/2026-07-01/resources"
EMPLOYEES = f"{BASE}/employees/employees"
LOCATIONS = {"7": "Berlin", "8": "Madrid"}

_BOTH = {"first_name", "last_name", "gender", "manager_id", "legal_entity_id", "company_identifier",
         "seniority_calculation_date", "location_id", "phone_number"}  # fmt: skip
CREATE = _BOTH | {"company_id", "email", "contract_effective_on", "contract_starts_on", "ends_on", "team_id"}
UPDATE = _BOTH | {"id", "preferred_name", "pronouns", "personal_email", "communications_email"}
TERMINATE = {"id", "terminated_on", "termination_reason", "termination_assigned_manager_id", "open_backfill"}
QUERY = {"only_active", "only_managers", "ids[]", "emails[]", "company_identifier", "limit", "after_id"}
_SHOWN = ("id", "first_name", "last_name", "full_name", "preferred_name", "gender", "email", "login_email",
          "company_id", "legal_entity_id", "location_id", "is_terminating", "terminated_on", "manager_id",
          "phone_number", "company_identifier", "personal_email", "seniority_calculation_date",
          "communications_email", "active", "attendable")  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def today() -> str:
    """The day in the company's time zone."""
    return datetime.now(ZoneInfo("Europe/Berlin")).date().isoformat()


class Factorial:
    """The API's state. `contracts` by employee; `hidden` fields are not shown.

    `until_midnight`: who is terminated is active on the last day; the description says nothing of the hour.
    `taken`: what a second employee with the same address is answered, status and body.
    """

    def __init__(self) -> None:
        self.employees: dict[str, dict[str, Any]] = {}
        self.contracts: dict[str, dict[str, Any]] = {}
        self.locations = dict(LOCATIONS)
        self.hidden: set[str] = set()
        self.until_midnight = False
        self.taken: tuple[int, Any] = (422, {"errors": {"email": ["has already been taken"]}})

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**24)
        router = application.router
        router.add_get(f"{BASE}/locations/locations", self.all_locations)
        router.add_get(EMPLOYEES, self.all)
        router.add_post(f"{EMPLOYEES}/create_with_contract", self.create)
        router.add_post(f"{EMPLOYEES}/terminate", self.terminate)
        router.add_post(f"{EMPLOYEES}/unterminate", self.unterminate)
        router.add_get(f"{EMPLOYEES}/{{id}}", self.get)
        router.add_put(f"{EMPLOYEES}/{{id}}", self.update)
        return application

    def denied(self, request: web.Request) -> web.Response | None:
        return None if request.headers.get("x-api-key") == API_KEY else web.Response(status=401)

    async def all_locations(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        rows = [{"id": id_, "name": name, "company_id": COMPANY} for id_, name in self.locations.items()]
        return page(rows, request)

    async def all(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        query = request.query
        needed = {query.get("only_active"), query.get("only_managers")}
        if set(query) - QUERY or needed - {"true", "false"}:
            return refused(parameters="are missing or unknown")
        found: Iterable[dict[str, Any]] = self.employees.values()
        if query["only_active"] == "true":
            found = [one for one in found if self.is_active(one)]
        if query["only_managers"] == "true":
            managers = {one.get("manager_id") for one in self.employees.values()}
            found = [one for one in found if one["id"] in managers]
        return page([self.shown(one) for one in found], request)

    async def get(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        employee = self.employees.get(request.match_info["id"])
        return web.json_response(self.shown(employee)) if employee else web.Response(status=404)

    async def create(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        given = await request.json()
        if problem := self.problem(given, CREATE, ("company_id", "first_name", "last_name", "email")):
            return problem
        if given["company_id"] != COMPANY:
            return refused(company_id="is not yours")
        if given["email"].lower() in {one["email"].lower() for one in self.employees.values()}:
            status, body = self.taken
            return web.json_response(body, status=status)
        id_ = str(18446744073709550 + len(self.employees))  # the release notes: beyond what a number holds
        contract = {"contract_starts_on", "contract_effective_on"} & given.keys()
        self.contracts[id_] = {name: given[name] for name in contract}
        values = {name: value for name, value in given.items() if name not in contract}
        self.employees[id_] = {"location_id": min(self.locations), **values, "id": id_}
        return web.json_response(self.shown(self.employees[id_]))

    async def update(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        employee = self.employees.get(request.match_info["id"])
        if employee is None:
            return web.Response(status=404)
        given = await request.json()
        if problem := self.problem(given, UPDATE, ("id",)):
            return problem
        if given["id"] != employee["id"]:
            return refused(id="is another one's")
        employee |= given
        return web.json_response(self.shown(employee))

    async def terminate(self, request: web.Request) -> web.Response:
        return await self.ended(request, TERMINATE, ("id", "terminated_on"))

    async def unterminate(self, request: web.Request) -> web.Response:
        return await self.ended(request, {"id"}, ("id",))

    async def ended(self, request: web.Request, known: set[str], needed: tuple[str, ...]) -> web.Response:
        """Give an employee a last day, or none."""
        if denied := self.denied(request):
            return denied
        given = await request.json()
        if problem := self.problem(given, known, needed):
            return problem
        employee = self.employees.get(given["id"])
        if employee is None:
            return web.Response(status=404)
        employee["terminated_on"] = given.get("terminated_on")
        return web.json_response(self.shown(employee))

    def problem(self, given: dict[str, Any], known: set[str], needed: tuple[str, ...]) -> web.Response | None:
        """What is wrong with a body: no field may be null, and ids are texts."""
        for name in needed:
            if not given.get(name):
                return refused(**{name: "can't be blank"})
        for name, value in given.items():
            if name not in known or not isinstance(value, str):
                return refused(**{name: "is not allowed"})
            if name.endswith(("_on", "_date")) and not _DAY.fullmatch(value):
                return refused(**{name: "is no date"})
        if given.get("location_id", min(self.locations)) not in self.locations:
            return refused(location_id="does not exist")
        if "manager_id" in given and given["manager_id"] not in self.employees:
            return refused(manager_id="does not exist")
        return None

    def is_active(self, employee: dict[str, Any]) -> bool:
        last = employee.get("terminated_on")
        return last is None or last > today() or (self.until_midnight and last == today())

    def shown(self, employee: dict[str, Any]) -> dict[str, Any]:
        active, last = self.is_active(employee), employee.get("terminated_on")
        known = {
            "login_email": employee["email"],
            **employee,
            "full_name": f"{employee['first_name']} {employee['last_name']}",
            "active": active,
            "is_terminating": active and last is not None,
            "attendable": True,
        }
        return {name: known.get(name) for name in _SHOWN if name not in self.hidden}


def page(rows: list[dict[str, Any]], request: web.Request) -> web.Response:
    """A page, sorted by id: at most 100, which is also what a larger or no limit means."""
    rows = sorted(rows, key=lambda row: int(row["id"]))
    limit = min(int(request.query.get("limit", 100)), 100)
    after = request.query.get("after_id")
    behind = int(base64.b64decode(after)) if after else -1
    rest = [row for row in rows if int(row["id"]) > behind]
    shown = rest[:limit]
    meta: dict[str, Any] = {"has_next_page": len(rest) > limit, "has_previous_page": len(rest) < len(rows)}
    if shown:
        meta |= {"start_cursor": cursor(shown[0]), "end_cursor": cursor(shown[-1])}
    return web.json_response({"data": shown, "meta": {**meta, "limit": limit, "total": len(rows)}})


def cursor(row: dict[str, Any]) -> str:
    return base64.b64encode(str(row["id"]).encode()).decode()


def refused(**errors: str) -> web.Response:
    return web.json_response({"errors": {name: [text] for name, text in errors.items()}}, status=422)
