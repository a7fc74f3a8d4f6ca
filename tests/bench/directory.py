"""A SCIM server as fast as Python allows, so that the bench measures the bridge and not the server.

It indexes `externalId`, `userName` and `displayName` and knows just the requests that a client sends. It may
be told to answer as late as one that is far away.
"""

from __future__ import annotations

import asyncio
import re
import sys
import uuid
from typing import Any

import orjson
from aiohttp import web

_FILTER = re.compile(r'(\w+) eq "([^"]*)"')


class Directory:
    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.index: dict[tuple[str, str, str], str] = {}
        self.types: dict[str, str] = {}
        self.counts = {"read": 0, "write": 0}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/counts", self.show_counts),
            web.get("/v2/ServiceProviderConfig", self.config),
            web.get("/v2/{type}", self.search),
            web.post("/v2/{type}", self.create),
            web.get("/v2/{type}/{id}", self.read),
            web.patch("/v2/{type}/{id}", self.patch),
        ]

    async def show_counts(self, _request: web.Request) -> web.Response:
        return reply({**self.counts, "objects": len(self.objects)})

    async def config(self, _request: web.Request) -> web.Response:
        self.counts["read"] += 1
        return reply({"patch": {"supported": True}, "bulk": {"supported": False}})

    async def search(self, request: web.Request) -> web.Response:
        self.counts["read"] += 1
        if "filter" not in request.query:
            return self.page(request)
        match = _FILTER.fullmatch(request.query["filter"])
        place = (request.match_info["type"], match[1], match[2]) if match else None
        found = [self.objects[self.index[place]]] if place in self.index else []
        return reply({"totalResults": len(found), "Resources": found})

    def page(self, request: web.Request) -> web.Response:
        kind = request.match_info["type"]
        there = [one for id_, one in self.objects.items() if self.types[id_] == kind]
        start, count = int(request.query.get("startIndex", 1)), int(request.query.get("count", 100))
        page = there[start - 1 : start - 1 + count]
        return reply({"totalResults": len(there), "Resources": page})

    async def create(self, request: web.Request) -> web.Response:
        self.counts["write"] += 1
        body = orjson.loads(await request.read())
        body["id"] = str(uuid.uuid4())
        self.objects[body["id"]] = body
        self.types[body["id"]] = request.match_info["type"]
        for name in ("externalId", "userName", "displayName"):
            if name in body:
                self.index[request.match_info["type"], name, body[name]] = body["id"]
        return reply(body, 201)

    async def read(self, request: web.Request) -> web.Response:
        self.counts["read"] += 1
        found = self.objects.get(request.match_info["id"])
        return reply(found, 200) if found else reply({"detail": "not found"}, 404)

    async def patch(self, request: web.Request) -> web.Response:
        self.counts["write"] += 1
        body = self.objects[request.match_info["id"]]
        for operation in orjson.loads(await request.read())["Operations"]:
            value = operation.get("value")
            if "path" not in operation:
                body.update(value)
            elif operation["path"] == "members" and operation["op"].lower() == "add":
                body["members"] = [*body.get("members", []), *value]
            else:
                set_path(body, operation["path"], value)
        return reply(body)


def set_path(body: dict[str, Any], path: str, value: Any) -> None:
    """Set a plain path, also below an extension's URN."""
    urn, _, rest = path.rpartition(":") if path.startswith("urn:") else ("", "", path)
    holder = body.setdefault(urn, {}) if urn else body
    first, _, sub = rest.partition(".")
    if sub:
        holder.setdefault(first, {})[sub] = value
    else:
        holder[first] = value


def reply(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/scim+json")


def main() -> None:
    """Serve on the port given, so many milliseconds late, until ended."""
    late = float(sys.argv[2]) / 1000

    @web.middleware
    async def far_away(request: web.Request, handler: Any) -> web.StreamResponse:
        await asyncio.sleep(late)
        answer: web.StreamResponse = await handler(request)
        return answer

    app = web.Application(middlewares=[far_away] if late else [])
    app.add_routes(Directory().routes())
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
