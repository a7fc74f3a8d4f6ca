"""A BambooHR, written from the vendor's description of its API v1, for API keys."""

from __future__ import annotations

import base64
import re
from typing import Any

from aiohttp import web

API_KEY = "bamboo-key"
COMPANY = "acme"
KENJO_ID = "customKenjoId"
STATUSES = {"Full-Time", "Part-Time", "Contractor", "Terminated"}
FIELDS = {
    "firstName", "lastName", "workEmail", "jobTitle", "department", "division", "location", "hireDate",
    "mobilePhone", "homePhone", "workPhone", "preferredName", "employeeNumber", KENJO_ID, "customBike",
}  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_REPORT = {"title", "fields", "filters", "filterDuplicates"}


class BambooHR:
    """The API's state: `employees` by id, `rows` of employmentStatus; `hidden`: fields not allowed."""

    def __init__(self) -> None:
        self.employees: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, list[dict[str, str]]] = {}
        self.hidden: set[str] = set()
        self.web_location = False
        self.bad_jobs: set[str] = set()

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**24)
        router, employee = application.router, "/api/v1/employees/{id}"
        router.add_post("/api/v1/reports/custom", self.report)
        router.add_post("/api/v1/employees", self.create)
        router.add_get(employee, self.get)
        router.add_post(employee, self.update)
        router.add_post(f"{employee}/tables/{{table}}", self.add_row)
        return application

    def denied(self, request: web.Request) -> web.Response | None:
        expected = "Basic " + base64.b64encode(f"{API_KEY}:x".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return web.Response(status=401)
        if request.method == "POST" and request.headers["Content-Type"] != "application/json":
            return web.Response(status=400, text="Malformed XML")
        return None

    async def report(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        if (
            set(request.query) - {"format", "onlyCurrent"}
            or request.query.get("format", "").lower() != "json"
        ):
            return web.Response(status=404)
        body = await request.json()
        fields = body.get("fields")
        if set(body) - _REPORT or not isinstance(fields, list) or len(fields) > 400:
            return web.Response(status=400)
        shown = [name for name in fields if name in FIELDS | {"status"} and name not in self.hidden]
        rows = [{"id": id_, **{name: one.get(name) for name in shown}} for id_, one in self.employees.items()]
        meta = [{"id": name, "type": "text", "name": name} for name in shown]
        return web.json_response({"title": body.get("title", ""), "fields": meta, "employees": rows})

    async def get(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        if request.headers.get("Accept") != "application/json":
            return web.Response(text="<employee/>", content_type="text/xml")
        id_ = request.match_info["id"]
        employee = self.employees.get(id_)
        if employee is None:
            return web.Response(status=404)
        names = request.query.get("fields", "firstName,lastName").split(",")
        shown = {name: employee.get(name) for name in names if name in FIELDS | {"status"} - self.hidden}
        shown = {name: value for name, value in shown.items() if name not in self.hidden}
        return web.json_response({"id": id_, **shown})

    async def create(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        given = await request.json()
        if not given.get("firstName") or not given.get("lastName"):
            return web.Response(status=400)
        if problem := self.problem(given, ""):
            return problem
        id_ = str(len(self.employees) + 101)
        self.employees[id_] = {"status": "Active", **given}
        location = f"https://{COMPANY}.bamboohr.com/employees/employee.php?id={id_}"
        if not self.web_location:
            location = f"https://api.bamboohr.com/api/gateway.php/{COMPANY}/v1/employees/{id_}"
        return web.Response(status=201, headers={"Location": location})

    async def update(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        id_ = request.match_info["id"]
        if id_ not in self.employees:
            return web.Response(status=404)
        given = await request.json()
        if problem := self.problem(given, id_):
            return problem
        self.employees[id_] |= given
        return web.Response()

    def problem(self, given: dict[str, Any], own: str) -> web.Response | None:
        if unknown := set(given) - FIELDS:
            return web.Response(status=403, headers=said(f"no permission for {min(unknown)}"))
        if any(not isinstance(value, str) for value in given.values()):
            return web.Response(status=400)
        if given.get("jobTitle") in self.bad_jobs:
            return web.Response(status=409, headers=said("Invalid jobTitle"))
        if given.get("hireDate") and not _DAY.fullmatch(given["hireDate"]):
            return web.Response(status=409, headers=said("Invalid hireDate"))
        email = given.get("workEmail", "").lower()
        others = (one.get("workEmail", "") for id_, one in self.employees.items() if id_ != own)
        if email and email in {other.lower() for other in others}:
            return web.Response(status=409, headers=said("Duplicate email address"))
        return None

    async def add_row(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        id_ = request.match_info["id"]
        if id_ not in self.employees or request.match_info["table"] != "employmentStatus":
            return web.Response(status=404)
        row = await request.json()
        if not _DAY.fullmatch(row.get("date", "")) or set(row) - {"date", "employmentStatus", "comment"}:
            return web.Response(status=400)
        if row.get("employmentStatus") not in STATUSES:
            return web.Response(status=406)
        self.rows.setdefault(id_, []).append(row)
        left = row["employmentStatus"] == "Terminated"
        self.employees[id_]["status"] = "Inactive" if left else "Active"
        return web.Response()


def said(message: str) -> dict[str, str]:
    return {"X-BambooHR-Error-Message": message}
