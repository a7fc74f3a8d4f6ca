"""A made-up HR tool with odd habits, for the worked example of docs/targets/rest.md; strict about them."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

APP, KEY, COMPANY = "bridge", "odd-key", "acme"
_ROW = {"extern", "mail", "names", "job", "unit", "start", "hours", "boss", "shoe"}
_SHOWN = {"ref", "state"}
_DAY = re.compile(r"\d\d\.\d\d\.\d{4}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OddHR:
    """The tool's state. `tickets`: those that it takes; `codes`: answered to the next requests instead.

    `hides`: queries show nobody, as where a new account is shown late; `later`: a code for the request after
    a create.

    `batches`: how many calls each request to /many had; `odd`: by a part of what a call says, what each
    answer to it there says instead of what is true.
    """

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.circles: dict[str, dict[str, Any]] = {}
        self.units: dict[int, str] = {1: "Sales"}
        self.tickets: set[str] = set()
        self.codes: list[str] = []
        self.signed_in = 0
        self.asked: list[str] = []
        self.hides = False
        self.later = ""
        self.batches: list[int] = []
        self.odd: dict[str, list[dict[str, Any]]] = {}

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**24, middlewares=[self.checked])
        routes: dict[tuple[str, str], Handler] = {
            ("POST", "session"): self.session,
            ("POST", "many"): self.many,
            ("GET", "units"): self.list_units,
            ("POST", "units"): self.make_unit,
            ("POST", "people/query"): self.query,
            ("PUT", "people"): self.make_person,
            ("GET", "people/{ref}"): self.person,
            ("PUT", "people/{ref}"): self.write_person,
            ("POST", "people/{ref}/mail"): self.mail,
            ("POST", "people/{ref}/leave"): self.leave,
            ("POST", "people/{ref}/return"): self.come_back,
            ("DELETE", "people/{ref}"): self.delete_person,
            ("GET", "circles"): self.list_circles,
            ("POST", "circles"): self.make_circle,
            ("GET", "circles/{ref}"): self.circle,
            ("PUT", "circles/{ref}"): self.write_circle,
            ("DELETE", "circles/{ref}"): self.delete_circle,
            ("GET", "circles/{ref}/members"): self.members,
            ("POST", "circles/{ref}/members"): self.add_members,
            ("DELETE", "circles/{ref}/members/{member}"): self.remove_member,
        }
        for (method, path), handler in routes.items():
            application.router.add_route(method, f"/api/{path}", handler)
        return application

    @web.middleware
    async def checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        if request.headers.get("X-Company") != COMPANY and not request.path.endswith("/session"):
            return no("WRONG_COMPANY")
        if not request.path.endswith("/session"):
            if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tickets:
                return web.json_response({"ok": False, "code": "NO_TICKET"}, status=401)
            if self.codes:
                return no(self.codes.pop(0))
        return await handler(request)

    async def session(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("app"), form.get("key")) != (APP, KEY):
            return no("WRONG_KEY")
        self.signed_in += 1
        self.tickets.add(f"ticket-{self.signed_in}")
        return yes({"ticket": f"ticket-{self.signed_in}", "valid_for": 600})

    async def many(self, request: web.Request) -> web.Response:
        """Carries out up to ten calls, backwards, and tells of each what it would be answered alone."""
        body = await request.json()
        calls = body["calls"]
        if body.keys() != {"calls"} or not 0 < len(calls) <= 10:
            return no("BAD_CALLS")
        if any(one.keys() != {"nr", "do", "with"} or type(one["nr"]) is not int for one in calls):
            return no("BAD_CALLS")
        if len({one["nr"] for one in calls}) < len(calls) or any("/many" in one["do"] for one in calls):
            return no("BAD_CALLS")
        self.batches.append(len(calls))
        names = ("Authorization", "X-Company")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        assert request.transport
        host, port = request.transport.get_extra_info("sockname")[:2]
        async with aiohttp.ClientSession(f"http://{host}:{port}", headers=headers) as session:
            told = [one for call in calls[::-1] for one in await self.called(session, call)]
        return yes({"calls": told})

    async def called(self, session: aiohttp.ClientSession, call: dict[str, Any]) -> list[dict[str, Any]]:
        method, _, url = call["do"].partition(" ")
        async with session.request(method, URL(f"/api{url}", encoded=True), json=call["with"]) as answer:
            found = {"nr": call["nr"], "http": answer.status, "heads": dict(answer.headers)}
            found["said"] = await answer.json()
        said = json.dumps(call)
        return [found | odd for odd in next((odd for part, odd in self.odd.items() if part in said), [{}])]

    # Departments

    async def list_units(self, request: web.Request) -> web.Response:
        page, per = int(request.query["page"]), int(request.query["per"])
        rows = [{"nr": nr, "title": title} for nr, title in sorted(self.units.items())]
        return yes({"rows": rows[page * per : (page + 1) * per], "total": len(rows)})

    async def make_unit(self, request: web.Request) -> web.Response:
        title = (await request.json())["title"]
        if title in self.units.values():
            return no("DUPLICATE")
        number = max(self.units, default=0) + 1
        self.units[number] = title
        return yes({"nr": number})

    # People

    async def query(self, request: web.Request) -> web.Response:
        body = await request.json()
        if set(body) - {"after", "take", "with_leavers", "mail"}:
            return no("BAD_QUERY")
        rows = [one for one in self.people.values() if body.get("with_leavers") or one["state"] != "gone"]
        rows = [] if self.hides else rows
        if mail := body.get("mail"):
            rows = [one for one in rows if one["mail"].lower() == mail.lower()]
        start = int(body.get("after") or 0)
        end = start + int(body.get("take") or len(rows) or 1)
        return yes({"rows": rows[start:end], "next": str(end) if end < len(rows) else None})

    async def person(self, request: web.Request) -> web.Response:
        found = self.people.get(request.match_info["ref"])
        return yes(found) if found else no("UNKNOWN")

    async def make_person(self, request: web.Request) -> web.Response:
        row = await request.json()
        if problem := self.problem(row, ""):
            return no(problem)
        if "boss" in row:
            return no("BOSS_LATER")
        ref = f"P{len(self.people) + 1}"
        self.people[ref] = {**dict.fromkeys(_ROW), **row, "ref": ref, "state": "working"}
        self.codes += [self.later] if self.later else []
        return yes(self.people[ref])

    async def write_person(self, request: web.Request) -> web.Response:
        ref = request.match_info["ref"]
        if ref not in self.people:
            return no("UNKNOWN")
        row, old = await request.json(), self.people[ref]
        if any(name in row and row[name] != old[name] for name in (*_SHOWN, "mail")):
            return no("READ_ONLY")
        if problem := self.problem({name: row[name] for name in row if name not in _SHOWN}, ref):
            return no(problem)
        kept = {name: old[name] for name in (*_SHOWN, "mail")}
        self.people[ref] = {**dict.fromkeys(_ROW), **row, **kept}
        return yes(self.people[ref])

    def problem(self, row: dict[str, Any], own: str) -> str:
        if set(row) - _ROW:
            return "BAD_ROW"
        if not row.get("mail") or not (row.get("names") or {}).get("family"):
            return "INCOMPLETE"
        if row.get("start") and not _DAY.fullmatch(row["start"]):
            return "BAD_DAY"
        if row.get("unit") is not None and row["unit"] not in self.units:
            return "NO_SUCH_UNIT"
        others = (one["mail"].lower() for ref, one in self.people.items() if ref != own)
        return "DUPLICATE" if row["mail"].lower() in others else ""

    async def mail(self, request: web.Request) -> web.Response:
        ref, mail = request.match_info["ref"], (await request.json())["mail"]
        if ref not in self.people:
            return no("UNKNOWN")
        if any(one["mail"].lower() == mail.lower() for other, one in self.people.items() if other != ref):
            return no("DUPLICATE")
        self.people[ref]["mail"] = mail
        return yes(None)

    async def leave(self, request: web.Request) -> web.Response:
        found = self.people.get(request.match_info["ref"])
        if found is None:
            return no("UNKNOWN")
        if not _DAY.fullmatch((await request.json())["last_day"]):
            return no("BAD_DAY")
        if found["state"] == "gone":
            return no("HAS_LEFT")
        found["state"] = "gone"
        return yes(None)

    async def come_back(self, request: web.Request) -> web.Response:
        found = self.people.get(request.match_info["ref"])
        if found is None:
            return no("UNKNOWN")
        found["state"] = "working"
        return yes(None)

    async def delete_person(self, request: web.Request) -> web.Response:
        gone = self.people.pop(request.match_info["ref"], None)
        return yes(None) if gone else no("GONE")

    # Circles

    async def list_circles(self, request: web.Request) -> web.Response:
        start, per = int(request.query.get("from", 0)), int(request.query["per"])
        rows = [shown(one) for one in self.circles.values()]
        headers = {}
        if start + per < len(rows):
            headers["Link"] = f'</api/circles?from={start + per}&per={per}>; rel="next", </help>; rel="help"'
        return yes(rows[start : start + per], headers)

    async def circle(self, request: web.Request) -> web.Response:
        found = self.circles.get(request.match_info["ref"])
        return yes(shown(found)) if found else no("UNKNOWN")

    async def make_circle(self, request: web.Request) -> web.Response:
        row = await request.json()
        if set(row) - {"label", "extern"} or not row.get("label"):
            return no("BAD_ROW")
        if any(one["label"] == row["label"] for one in self.circles.values()):
            return no("DUPLICATE")
        ref = f"C{len(self.circles) + 1}"
        self.circles[ref] = {"ref": ref, "extern": None, **row, "members": []}
        return yes({"ref": ref})

    async def write_circle(self, request: web.Request) -> web.Response:
        found, row = self.circles.get(request.match_info["ref"]), await request.json()
        if found is None:
            return no("UNKNOWN")
        found |= {"label": row["label"], "extern": row.get("extern")}
        return yes(None)

    async def delete_circle(self, request: web.Request) -> web.Response:
        gone = self.circles.pop(request.match_info["ref"], None)
        return yes(None) if gone else no("GONE")

    async def members(self, request: web.Request) -> web.Response:
        found, start = self.circles.get(request.match_info["ref"]), int(request.query.get("from", 0))
        if found is None:
            return no("UNKNOWN")
        more = f"{request.path}?from={start + 100}" if start + 100 < len(found["members"]) else None
        rows = [{"ref": member} for member in found["members"][start : start + 100]]
        return web.json_response({"ok": True, "code": "OK", "result": rows, "more": more})

    async def add_members(self, request: web.Request) -> web.Response:
        found, refs = self.circles.get(request.match_info["ref"]), (await request.json())["refs"]
        if found is None:
            return no("UNKNOWN")
        if len(refs) > 50:
            return no("TOO_MANY")
        fresh = [ref for ref in refs if ref not in found["members"]]
        found["members"] += fresh
        return yes(None) if fresh else no("ALREADY_IN")

    async def remove_member(self, request: web.Request) -> web.Response:
        found, member = self.circles.get(request.match_info["ref"]), request.match_info["member"]
        if found is None or member not in found["members"]:
            return no("UNKNOWN")
        found["members"].remove(member)
        return yes(None)


def shown(circle: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in circle.items() if name != "members"}


def yes(result: Any, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"ok": True, "code": "OK", "result": result}, headers=headers)


def no(code: str) -> web.Response:
    headers = {"Retry-After": "9"} if code == "MAINTENANCE" else None
    body = {"ok": False, "code": code, "message": f"cannot do that: {code}"}
    body |= {"again_in_ms": 7500} if code == "SLOW_DOWN" else {}
    return web.json_response(body, headers=headers)
