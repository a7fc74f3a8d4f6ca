"""The duty roster of docs/examples/06-care-home, strict about what it is sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.examples.places import Accounts, Behind, Members
from tests.workers.targets.rest_rig import serving
from workers.testing.proxy import Proxy, proxy_to

KEY = "roster-key"
_DAY = re.compile(r"\d\d\.\d\d\.\d{4}")
_STAFF: dict[str, type | tuple[type, ...]] = {
    "personalkey": str,
    "number": str,
    "house": str,
    "from": str,
    "until": str,
    "qualification": str,
    "hours": (int, float),
    "mobile": str,
    "state": str,
    "name": dict,
}


class Roster:
    """The tool's state: staff and stations by number."""

    def __init__(self) -> None:
        self.staff: dict[str, dict[str, Any]] = {}
        self.stations: dict[str, dict[str, Any]] = {}

    def application(self) -> web.Application:
        application = web.Application()
        for method, path, handler in (
            ("GET", "staff", self.list_staff),
            ("POST", "staff", self.hire),
            ("GET", "staff/{nr}", self.get),
            ("PATCH", "staff/{nr}", self.change),
            ("DELETE", "staff/{nr}", self.delete),
            ("GET", "stations", self.list_stations),
            ("POST", "stations", self.open),
            ("GET", "stations/{nr}", self.get),
            ("PATCH", "stations/{nr}", self.relabel),
            ("POST", "stations/{nr}/staff", self.put_in),
            ("DELETE", "stations/{nr}/staff/{one}", self.take_out),
        ):
            application.router.add_route(method, f"/api/{path}", handler)
        return application

    async def list_staff(self, request: web.Request) -> web.Response:
        self._signed(request)
        page, size = int(request.query["page"]) - 1, int(request.query["size"])
        rows = list(self.staff.values())
        return web.json_response({"count": len(rows), "staff": rows[page * size : (page + 1) * size]})

    async def hire(self, request: web.Request) -> web.Response:
        row = await self._row(request)
        if any(one["personalkey"] == row.get("personalkey") for one in self.staff.values()):
            raise web.HTTPConflict
        number = f"S{len(self.staff) + 1}"
        self.staff[number] = {"state": "on", **_merged({}, row), "nr": number}
        return web.json_response({"nr": number}, status=201)

    async def change(self, request: web.Request) -> web.Response:
        row, there = await self._row(request), self._found(request, self.staff)
        self.staff[there["nr"]] = _merged(there, row)
        return web.json_response(self.staff[there["nr"]])

    async def delete(self, request: web.Request) -> web.Response:
        self._signed(request)
        del self.staff[self._found(request, self.staff)["nr"]]
        return web.Response(status=204)

    async def get(self, request: web.Request) -> web.Response:
        self._signed(request)
        things = self.stations if "/stations/" in request.path else self.staff
        return web.json_response(self._found(request, things))

    async def list_stations(self, request: web.Request) -> web.Response:
        self._signed(request)
        return web.json_response({"stations": list(self.stations.values())})

    async def open(self, request: web.Request) -> web.Response:
        self._signed(request)
        row, number = await request.json(), f"T{len(self.stations) + 1}"
        self.stations[number] = {"nr": number, "key": row["key"], "label": row["label"], "staff": []}
        return web.json_response(self.stations[number], status=201)

    async def relabel(self, request: web.Request) -> web.Response:
        self._signed(request)
        self._found(request, self.stations)["label"] = (await request.json())["label"]
        return web.Response(status=204)

    async def put_in(self, request: web.Request) -> web.Response:
        self._signed(request)
        staff, new = self._found(request, self.stations)["staff"], await request.json()
        if not set(new) <= self.staff.keys() or len(new) > 20:
            raise web.HTTPUnprocessableEntity
        staff += [one for one in new if one not in staff]
        return web.Response(status=204)

    async def take_out(self, request: web.Request) -> web.Response:
        self._signed(request)
        staff, one = self._found(request, self.stations)["staff"], request.match_info["one"]
        if one not in staff:
            raise web.HTTPNotFound
        staff.remove(one)
        return web.Response(status=204)

    async def _row(self, request: web.Request) -> dict[str, Any]:
        """What is sent of somebody. Raises 422 for what is no field, or has another kind of value."""
        self._signed(request)
        row: dict[str, Any] = await request.json()
        right = all(
            name in _STAFF and (isinstance(one, _STAFF[name]) or one is None) for name, one in row.items()
        )
        days = (row[name] for name in ("from", "until") if row.get(name))
        if not (right and all(map(_DAY.fullmatch, days)) and row.get("state", "on") in ("on", "off")):
            raise web.HTTPUnprocessableEntity
        return row

    @staticmethod
    def _signed(request: web.Request) -> None:
        if request.headers.get("X-Api-Key") != KEY:
            raise web.HTTPUnauthorized

    @staticmethod
    def _found(request: web.Request, things: dict[str, dict[str, Any]]) -> dict[str, Any]:
        if request.match_info["nr"] not in things:
            raise web.HTTPNotFound
        return things[request.match_info["nr"]]


def _merged(there: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    name = {**there.get("name", {}), **row.get("name", {})}
    return {**there, **row, "name": name}


class DutyRoster(Behind):
    """The roster as a place."""

    def __init__(self, proxy: Proxy, roster: Roster) -> None:
        super().__init__(proxy)
        self.roster = roster
        self.settings = {"BASE_URL": f"{proxy.url}/api", "SECRETS__TOKEN": KEY}

    def accounts(self) -> Accounts:
        return {row["personalkey"]: _flat(row) for row in self.roster.staff.values()}

    def groups(self) -> Members:
        ids = {number: row["personalkey"] for number, row in self.roster.staff.items()}
        return {
            one["label"]: {ids[number] for number in one["staff"]} for one in self.roster.stations.values()
        }


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat = {**row, **row["name"]}
    return {name: one for name, one in flat.items() if one not in (None, "") and name not in ("nr", "name")}


@asynccontextmanager
async def duty_roster() -> AsyncIterator[DutyRoster]:
    roster = Roster()
    async with serving(roster.application()) as origin, proxy_to(origin) as proxy:
        yield DutyRoster(proxy, roster)
