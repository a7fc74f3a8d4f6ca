"""A HiBob, written from the vendor's pages on reading, creating, updating and terminating employees."""

from __future__ import annotations

import base64
import re
from typing import Any

from aiohttp import web

USER, TOKEN = "SERVICE-1", "bob-token"
KENJO_ID = "custom.field_123"
SITES, DEPARTMENTS = {"Berlin", "Madrid"}, {"Sales", "Finance"}
FIELDS = {
    "root.id", "root.email", "root.firstName", "root.surname", "work.site", "work.startDate", "work.title",
    "work.department", "home.mobilePhone", "internal.lifecycleStatus", KENJO_ID, "custom.field_9",
}  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class HiBob:
    """The API's state: `employees` by id, their values by field id."""

    def __init__(self) -> None:
        self.employees: dict[str, dict[str, Any]] = {}

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**24)
        router = application.router
        router.add_post("/v1/people/search", self.search)
        router.add_post("/v1/people", self.create)
        router.add_post("/v1/people/{id}", self.read)
        router.add_put("/v1/people/{id}", self.update)
        router.add_put("/v1/people/{id}/email", self.email)
        router.add_post("/v1/employees/{id}/terminate", self.terminate)
        return application

    def denied(self, request: web.Request) -> web.Response | None:
        expected = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        return None if request.headers.get("Authorization") == expected else web.Response(status=401)

    async def search(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        body = await request.json()
        filters = body.get("filters", [])
        if set(body) - {"fields", "filters", "showInactive", "humanReadable"} or len(filters) > 1:
            return web.Response(status=400)
        found = list(self.employees.values())
        if not body.get("showInactive"):
            found = [one for one in found if one["internal.lifecycleStatus"] != "terminated"]
        for one in filters:
            if one.get("operator") != "equals" or one.get("fieldPath") not in ("root.id", "root.email"):
                return web.Response(status=400)
            found = [employee for employee in found if employee[one["fieldPath"]] in one["values"]]
        return web.json_response({"employees": [shown(one, body["fields"]) for one in found]})

    async def read(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        employee = self.employees.get(request.match_info["id"])
        if employee is None:
            return web.Response(status=404)
        return web.json_response(shown(employee, (await request.json())["fields"]))

    async def create(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        given = flat(await request.json())
        needed = {"root.email", "root.firstName", "root.surname", "work.site", "work.startDate"}
        if needed - given.keys() or self.problem(given):
            return web.json_response({"error": self.problem(given) or "missing fields"}, status=400)
        if given["root.email"] in {one["root.email"] for one in self.employees.values()}:
            return web.json_response({"error": "email is taken"}, status=409)
        id_ = str(3332883884017713238 + len(self.employees))
        self.employees[id_] = {**given, "root.id": id_, "internal.lifecycleStatus": "employed"}
        return web.json_response({"id": id_})

    async def update(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        employee = self.employees.get(request.match_info["id"])
        if employee is None:
            return web.Response(status=404)
        given = flat(await request.json())
        if self.problem(given) or any(name.startswith("work.") or name == "root.email" for name in given):
            return web.json_response({"error": "only fields of employees, not of tables"}, status=400)
        employee.update(given)
        return web.Response()

    async def email(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        employee, email = self.employees.get(request.match_info["id"]), (await request.json())["email"]
        if employee is None:
            return web.Response(status=404)
        employee["root.email"] = email
        return web.Response()

    async def terminate(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        employee, body = self.employees.get(request.match_info["id"]), await request.json()
        if employee is None:
            return web.Response(status=404)
        if not _DAY.fullmatch(body.get("terminationDate", "")):
            return web.Response(status=400)
        employee["internal.lifecycleStatus"] = "terminated"
        return web.Response()

    def problem(self, given: dict[str, Any]) -> str:
        if set(given) - FIELDS or any(name.startswith("internal.") for name in given):
            return "no such field"
        if given.get("work.site", "Berlin") not in SITES:
            return "no such site"
        if given.get("work.department", "Sales") not in DEPARTMENTS:
            return "no such department"
        return "" if _DAY.fullmatch(given.get("work.startDate", "2024-01-01")) else "no date"


def flat(body: dict[str, Any]) -> dict[str, Any]:
    """A body by field id."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            found[f"root.{name}"] = value
    return found


def shown(employee: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """An employee with the fields that were asked for; unknown ones are left out without a word."""
    known = [name for name in fields if name in FIELDS]
    return {f"/{name.replace('.', '/')}": {"value": employee.get(name)} for name in known}
