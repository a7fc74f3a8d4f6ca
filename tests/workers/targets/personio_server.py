"""A Personio v1, written from the vendor's descriptions of its authentication and its employees."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

CLIENT_ID, CLIENT_SECRET = "papi-client", "papi-secret"
DEPARTMENTS = {"Sales": 1, "Finance": 2, "IT": 3}
OFFICES = {"Berlin": 11, "Madrid": 12}
KENJO_ID = "dynamic_4711"

_TEXTS = {"first_name", "last_name", "preferred_name", "gender", "position", "department", "office",
          "subcompany", "hire_date", "status"}  # fmt: skip
_NUMBERS = {"weekly_working_hours", "supervisor_id"}
_STATUSES = {"onboarding", "active", "leave", "inactive"}
_QUERY = {"limit", "offset", "email", "attributes[]", "updated_since"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Personio:
    """The API's state. `tokens` are those that it takes; `hidden` attributes the credentials may not read."""

    def __init__(self) -> None:
        self.employees: dict[int, dict[str, Any]] = {}
        self.tokens: set[str] = set()
        self.signed_in = 0
        self.hidden: set[str] = set()

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**24)
        employee = "/v1/company/employees/{id}"
        application.router.add_post("/v1/auth", self.auth)
        application.router.add_get("/v1/company/employees", self.all)
        application.router.add_post("/v1/company/employees", self.create)
        application.router.add_get(employee, self.get)
        application.router.add_patch(employee, self.patch)
        return application

    async def auth(self, request: web.Request) -> web.Response:
        given = await request.json() if "json" in request.content_type else dict(await request.post())
        if given.get("client_id") != CLIENT_ID or given.get("client_secret") != CLIENT_SECRET:
            return refused(403, "Wrong credentials")
        self.signed_in += 1
        token = f"token-{self.signed_in}"
        self.tokens.add(token)
        data = {"token": token, "expires_in": 86400, "scope": "employees:read employees:write"}
        return web.json_response({"success": True, "data": data})

    def denied(self, request: web.Request) -> web.Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            return refused(401, "Unauthorized")
        return None

    async def all(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        query = request.query
        if unknown := set(query) - _QUERY:
            return refused(400, f"Unknown parameter {min(unknown)}")
        limit, offset = int(query.get("limit", 10)), int(query.get("offset", 0))
        if not 1 <= limit <= 100 or offset < 0:
            return refused(400, "Invalid limit or offset")
        found = list(self.employees.values())
        if email := query.get("email"):
            found = [one for one in found if one["email"].lower() == email.lower()]
        page = found[offset : offset + limit]
        pages = -(-len(found) // limit)
        metadata = {"total_elements": len(found), "current_page": offset // limit, "total_pages": pages}
        body = {
            "metadata": metadata,
            "offset": offset,
            "limit": limit,
            "data": [self.shown(one) for one in page],
        }
        return web.json_response({"success": True, **body})

    def one(self, request: web.Request) -> dict[str, Any] | None:
        id_ = request.match_info["id"]
        return self.employees.get(int(id_)) if id_.isdecimal() and len(id_) < 10 else None

    async def get(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        employee = self.one(request)
        if employee is None:
            return refused(404, "Employee not found")
        return web.json_response({"success": True, "data": self.shown(employee)})

    async def create(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        given = (await request.json()).get("employee") or {}
        for name in ("email", "first_name", "last_name"):
            if not isinstance(given.get(name), str) or not given[name]:
                return refused(422, f"The {name} field is required")
        if any(one["email"].lower() == given["email"].lower() for one in self.employees.values()):
            return refused(422, "The email has already been taken")
        if problem := self.problem(given, None):
            return refused(422, problem)
        id_ = len(self.employees) + 1
        employee = {"id": id_, "email": given["email"], "status": "active", "custom": {}}
        self.employees[id_] = employee
        meta = self.give(employee, given)
        body: dict[str, Any] = {"success": True, "data": {"id": id_, "message": "success"}}
        return web.json_response({**body, "meta": meta} if meta else body)

    async def patch(self, request: web.Request) -> web.Response:
        if denied := self.denied(request):
            return denied
        employee = self.one(request)
        if employee is None:
            return refused(404, "Employee not found")
        given = (await request.json()).get("employee") or {}
        if problem := self.problem(given, employee["id"]):
            return refused(422, problem)
        meta = self.give(employee, given)
        return web.json_response({"success": True, "data": {"id": employee["id"]}, "meta": meta})

    def problem(self, given: dict[str, Any], own: int | None) -> str:
        """What is wrong with a payload."""
        for name, value in given.items():
            if name in _TEXTS and not isinstance(value, str):
                return f"The {name} must be a string"
            if name == "supervisor_id" and value is None:
                continue
            if name in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
                return f"The {name} must be a number"
        if "status" in given and given["status"] not in _STATUSES:
            return "The status is not recognized"
        if given.get("hire_date") and not _DAY.fullmatch(given["hire_date"]):
            return "The hire_date does not match the format"
        supervisor = given.get("supervisor_id")
        if supervisor is not None and (supervisor not in self.employees or supervisor == own):
            return f"Supervisor with ID {supervisor} not found"
        return ""

    def give(self, employee: dict[str, Any], given: dict[str, Any]) -> list[str]:
        """Write what can be written; what is ignored with a meta error."""
        meta = []
        for name in (_TEXTS | _NUMBERS) & given.keys():
            known = {"department": DEPARTMENTS, "office": OFFICES, "subcompany": {}}.get(name)
            if known is not None and given[name] and given[name] not in known:
                meta.append(f"{name} {given[name]} was not found")
            else:
                employee[name] = given[name]
        employee["custom"] |= given.get("custom_attributes") or {}
        return meta

    def shown(self, employee: dict[str, Any]) -> dict[str, Any]:
        """An employee as the API shows one."""
        values = {name: employee.get(name) for name in ("id", "email", *_TEXTS, "weekly_working_hours")}
        for name, known in (("department", DEPARTMENTS), ("office", OFFICES)):
            if value := employee.get(name):
                values[name] = entity(name.title(), known[value], value)
        hired = employee.get("hire_date")
        values["hire_date"] = f"{hired}T00:00:00+01:00" if hired else None
        supervisor = employee.get("supervisor_id")
        values["supervisor"] = supervisor and {
            "type": "Employee", "attributes": {"id": attribute("id", supervisor)}
        }  # fmt: skip
        values |= {KENJO_ID: None, **employee["custom"]}
        attributes = {
            name: attribute(name, value) for name, value in values.items() if name not in self.hidden
        }
        return {"type": "Employee", "attributes": attributes}


def entity(kind: str, id_: int, name: str) -> dict[str, Any]:
    return {"type": kind, "attributes": {"id": id_, "name": name}}


def attribute(name: str, value: Any) -> dict[str, Any]:
    return {"label": name.title(), "value": value, "type": "standard", "universal_id": name}


def refused(status: int, message: str) -> web.Response:
    body = {"success": False, "error": {"code": status, "message": message}}
    return web.json_response(body, status=status)
