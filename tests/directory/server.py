"""A SCIM 2.0 directory in memory (RFC 7643, RFC 7644) that remembers every write and fails when told to.

It refuses no second account of one person, as many real ones do not, so that a second create shows. Look-ups
use an index, so that a bench measures its client; it may answer as late as one that is far away.
Below `/_control`: `GET /counts`, `GET /record` (everything), `PUT /faults` (`tests.directory.misbehaving`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
import uuid
from collections import defaultdict
from typing import Any

import orjson
from aiohttp import web

from tests.directory.misbehaving import Faults
from tests.directory.patching import NotPossible, Resource, patched

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_FILTER = re.compile(r'(externalId|userName|displayName) eq ("(?:[^"\\]|\\.)*")')
_INDEXED = ("externalId", "userName", "displayName")
_TYPES = ("Users", "Groups")


class Directory:
    """All objects by type and id, an index for look-ups, and what was ever written."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Resource]] = {name: {} for name in _TYPES}
        self.index: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self.events: list[Resource] = []
        self.requests = self.reads = 0

    def find(self, type_: str, name: str, value: str) -> list[Resource]:
        """Objects whose attribute equals a value; externalId is case-exact, the others are not."""
        ids = self.index[type_, name, _folded(name, value)]
        return [self.objects[type_][id_] for id_ in sorted(ids)]

    def put(self, type_: str, new: Resource, old: Resource | None) -> Resource:
        """Store an object and note what the write did."""
        for name in _INDEXED:
            if old and isinstance(old.get(name), str):
                self.index[type_, name, _folded(name, old[name])].discard(old["id"])
            if isinstance(new.get(name), str):
                self.index[type_, name, _folded(name, new[name])].add(new["id"])
        self.objects[type_][new["id"]] = new
        self.events.append(_event(type_, new, old))
        return new

    def drop(self, type_: str, old: Resource) -> None:
        """Remove an object for good."""
        for name in _INDEXED:
            if isinstance(old.get(name), str):
                self.index[type_, name, _folded(name, old[name])].discard(old["id"])
        del self.objects[type_][old["id"]]
        self.events.append({**_event(type_, old, old), "verb": "delete"})


def _event(type_: str, new: Resource, old: Resource | None) -> Resource:
    before = {one["value"] for one in (old or {}).get("members") or ()}
    after = {one["value"] for one in new.get("members") or ()}
    return {
        "at": time.time(),
        "verb": "change" if old else "create",
        "type": type_,
        "id": new["id"],
        "externalId": new.get("externalId"),
        "title": new.get("title"),
        "department": (new.get(ENTERPRISE) or {}).get("department"),
        "active": new.get("active"),
        "deactivated": bool(old and old.get("active") is True and new.get("active") is not True),
        "left": sorted(before - after),
    }


class Api:
    """The requests."""

    def __init__(self, directory: Directory, faults: Faults, late: float = 0.0) -> None:
        self.directory, self.faults, self.late = directory, faults, late

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_control/counts", self.counts),
            web.get("/_control/record", self.record),
            web.put("/_control/faults", self.set_faults),
            web.get("/v2/ServiceProviderConfig", self.config),
            web.get("/v2/{type:Users|Groups}", self.search),
            web.post("/v2/{type:Users|Groups}", self.create),
            web.get("/v2/{type:Users|Groups}/{id}", self.read),
            web.patch("/v2/{type:Users|Groups}/{id}", self.patch),
            web.put("/v2/{type:Users|Groups}/{id}", self.replace),
            web.delete("/v2/{type:Users|Groups}/{id}", self.delete),
        ]

    @web.middleware
    async def gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Count, and fail as told."""
        if request.path.startswith("/_control"):
            response: web.StreamResponse = await handler(request)
            return response
        self.directory.requests += 1
        self.directory.reads += request.method == "GET"
        await request.read()  # a request that has come half is none
        if self.late:
            await asyncio.sleep(self.late)
        return await self.faults.meet(request, handler)

    async def counts(self, _: web.Request) -> web.Response:
        there = self.directory
        objects = sum(map(len, there.objects.values()))
        seen = {"requests": there.requests, "reads": there.reads, "writes": len(there.events)}
        return reply({**seen, "objects": objects})

    async def record(self, _: web.Request) -> web.Response:
        objects = {type_: list(found.values()) for type_, found in self.directory.objects.items()}
        more = {"events": self.directory.events, "faults": dict(self.faults.met)}
        return reply({**objects, **more, "requests": self.directory.requests})

    async def set_faults(self, request: web.Request) -> web.Response:
        self.faults.set(**orjson.loads(await request.read()))
        return web.Response(status=204)

    async def config(self, _: web.Request) -> web.Response:
        return reply({"patch": {"supported": True}, "bulk": {"supported": False}})

    async def search(self, request: web.Request) -> web.Response:
        type_ = request.match_info["type"]
        condition = request.query.get("filter", "")
        match = _FILTER.fullmatch(condition)
        if match:
            found = self.directory.find(type_, match[1], json.loads(match[2]))
        elif condition:
            return refusal(400, "invalidFilter")
        else:
            found = list(self.directory.objects[type_].values())
        start = int(request.query.get("startIndex", "1"))
        page = found[start - 1 :][: int(request.query.get("count", "100"))]
        return reply({"schemas": [LIST], "totalResults": len(found), "startIndex": start, "Resources": page})

    async def create(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        made = self.directory.put(request.match_info["type"], {**body, "id": str(uuid.uuid4())}, None)
        return reply(made, 201)

    async def read(self, request: web.Request) -> web.Response:
        found = self._object(request)
        return reply(found) if found else refusal(404)

    async def patch(self, request: web.Request) -> web.Response:
        found = self._object(request)
        if not found:
            return refusal(404)
        try:
            new = patched(found, orjson.loads(await request.read()))
        except NotPossible as why:
            return refusal(400, str(why))
        return reply(self.directory.put(request.match_info["type"], new, found))

    async def replace(self, request: web.Request) -> web.Response:
        found = self._object(request)
        if not found:
            return refusal(404)
        new = {**orjson.loads(await request.read()), "id": found["id"]}
        return reply(self.directory.put(request.match_info["type"], new, found))

    async def delete(self, request: web.Request) -> web.Response:
        found = self._object(request)
        if not found:
            return refusal(404)
        self.directory.drop(request.match_info["type"], found)
        return web.Response(status=204)

    def _object(self, request: web.Request) -> Resource | None:
        return self.directory.objects[request.match_info["type"]].get(request.match_info["id"])


def reply(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/scim+json")


def refusal(status: int, scim_type: str = "") -> web.Response:
    more = {"scimType": scim_type} if scim_type else {}
    return reply({"schemas": [ERROR], "status": str(status), **more}, status)


def _folded(name: str, value: str) -> str:
    return value if name == "externalId" else value.lower()


async def serve(seed: int, port: int, late: float) -> None:
    api = Api(Directory(), Faults(seed), late)
    app = web.Application(middlewares=[api.gate], client_max_size=2**26)
    app.add_routes(api.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sys.stdout.write(f"Directory: http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="which requests meet a fault")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--late", type=int, default=0, help="milliseconds")
    options = parser.parse_args()
    asyncio.run(serve(options.seed, options.port, options.late / 1000))


if __name__ == "__main__":
    main()
