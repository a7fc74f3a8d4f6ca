"""Kenjo's requests, one handler each; paths as in Kenjo's reference, below `/api/v1`."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from sandbox import paged, views
from sandbox.auth import Keys
from sandbox.errors import ApiError
from sandbox.filters import select
from sandbox.state import EDITABLE, Account

Handler = Callable[[web.Request], Awaitable[web.Response]]


def reply(value: Any, status: int = 200) -> web.Response:
    """Return the value as JSON."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the body, which has to be a JSON object."""
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise ApiError(400, "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise ApiError(400, "The body is not a JSON object.")
    return body


class Api:
    """The requests of Kenjo's reference against one account."""

    def __init__(self, account: Account, keys: Keys) -> None:
        self.account, self.keys = account, keys

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register every request; lists below `/employees` come before `/employees/{id}`."""
        router.add_post("/auth/login", self.login)
        router.add_post("/auth/logout", self.logout)
        router.add_get("/employees", self.employees)
        router.add_post("/employees", self.hire)
        router.add_get("/user-accounts", self.user_accounts)
        for path, section in views.SECTION_PATHS.items():
            router.add_get(f"/employees/{path}", self._section_list(section))
            router.add_put(f"/employees/{{id}}/{path}", self._section_change(section))
        router.add_get("/employees/{id}", self.employee)
        router.add_put("/employees/{id}/activate", self.activate)
        router.add_put("/employees/{id}/deactivate", self.deactivate)
        self._add_organisation(router)
        router.add_get("/time-off/requests", self.time_off)
        router.add_get("/compensation/contracts", self.contracts)
        router.add_get("/compensation/contract-types", self.contract_types)
        router.add_get("/compensation/salaries", self.salaries)

    def _add_organisation(self, router: web.UrlDispatcher) -> None:
        for table in ("companies", "calendars", "custom-fields", *EDITABLE):
            router.add_get(f"/{table}", self._table_list(table))
        for table in ("calendars", *EDITABLE):
            router.add_get(f"/{table}/{{id}}", self._table_row(table))
        for table in EDITABLE:
            router.add_post(f"/{table}", self._table_create(table))
            router.add_put(f"/{table}/{{id}}", self._table_change(table))
            router.add_delete(f"/{table}/{{id}}", self._table_remove(table))

    async def login(self, request: web.Request) -> web.Response:
        """`POST /auth/login`."""
        return reply(self.keys.login((await read_object(request)).get("apiKey")))

    async def logout(self, request: web.Request) -> web.Response:
        """`POST /auth/logout`."""
        self.keys.logout(request.headers.get("Authorization"))
        return web.Response(status=204)

    async def employees(self, _: web.Request) -> web.Response:
        """`GET /employees`."""
        return reply({"data": views.employee_rows(self.account)})

    async def user_accounts(self, _: web.Request) -> web.Response:
        """`GET /user-accounts`: a bare array."""
        return reply(views.user_accounts(self.account))

    async def hire(self, request: web.Request) -> web.Response:
        """`POST /employees`: the new person is inactive."""
        person = self.account.hire(await read_object(request))
        return reply({**person, "account": views.text_account(person)}, 201)

    async def employee(self, request: web.Request) -> web.Response:
        """`GET /employees/{id}`."""
        return reply(views.whole_employee(self.account.employee(request.match_info["id"])))

    async def activate(self, request: web.Request) -> web.Response:
        """`PUT /employees/{id}/activate`: answers with a text."""
        person = self.account.activate(request.match_info["id"])
        return reply(f"The activation mail went to {person['account'].get('email') or 'nobody'}.")

    async def deactivate(self, request: web.Request) -> web.Response:
        """`PUT /employees/{id}/deactivate`: answers with a text."""
        self.account.deactivate(request.match_info["id"])
        return reply("The employee is no longer active.")

    async def time_off(self, request: web.Request) -> web.Response:
        """`GET /time-off/requests`."""
        return reply(paged.page(paged.time_off(self.account, request.query), request.query))

    async def contracts(self, request: web.Request) -> web.Response:
        """`GET /compensation/contracts`."""
        return reply(paged.page(paged.contracts(self.account, request.query), request.query))

    async def contract_types(self, request: web.Request) -> web.Response:
        """`GET /compensation/contract-types`."""
        return reply(paged.page(paged.contract_types(request.query), request.query))

    async def salaries(self, request: web.Request) -> web.Response:
        """`GET /compensation/salaries`."""
        return reply(paged.page(paged.salaries(self.account, request.query), request.query))

    def _section_list(self, section: str) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            return reply({"data": views.section_rows(self.account, section, request.query)})

        return handler

    def _section_change(self, section: str) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            body = await read_object(request)
            person = self.account.update(request.match_info["id"], section, body)
            return reply(views.section_answer(person, section))

        return handler

    def _table_list(self, table: str) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            rows = select(table, self.account.tables[table].values(), request.query)
            return reply({"data": rows} if table == "custom-fields" else rows)

        return handler

    def _table_row(self, table: str) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            return reply(self.account.row(table, request.match_info["id"]))

        return handler

    def _table_create(self, table: str) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            return reply(self.account.create(table, await read_object(request)), 201)

        return handler

    def _table_change(self, table: str) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            body = await read_object(request)
            row = self.account.change(table, request.match_info["id"], body)
            return reply({name: row[name] for name in ("_id", "name", *body)})

        return handler

    def _table_remove(self, table: str) -> Handler:
        async def handler(request: web.Request) -> web.Response:
            self.account.remove(table, request.match_info["id"])
            return web.Response(status=204)

        return handler
