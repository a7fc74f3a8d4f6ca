"""A Kenjo of any size whose lists are bytes: a sandbox of a thousand people, many times over.

The sandbox itself makes its answers row by row, which takes minutes where there are a hundred thousand.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from sandbox import Sandbox

BASE = 1000
PEOPLE = ("employees/accounts", "employees/personals", "employees/works")
OTHERS = ("companies", "departments", "offices", "teams")


async def lists(people: int) -> dict[str, list[dict[str, Any]]]:
    """All lists, with so many people."""
    copies, base = max(1, people // BASE), min(people, BASE)
    found: dict[str, list[dict[str, Any]]] = {}
    async with Sandbox(people=base, seed=1) as small, aiohttp.ClientSession() as session:
        async with session.post(f"{small.url}/auth/login", json={"apiKey": small.api_key}) as answer:
            headers = {"Authorization": (await answer.json())["token"]}
        for name in (*PEOPLE, *OTHERS):
            async with session.get(f"{small.url}/{name}", headers=headers) as answer:
                body = await answer.json()
            rows = body["data"] if isinstance(body, dict) else body
            found[name] = [_copy(row, n) for n in range(copies) for row in rows] if name in PEOPLE else rows
    return found


def _copy(row: dict[str, Any], number: int) -> dict[str, Any]:
    made = {**row, "_id": _id(row["_id"], number)}
    if row.get("reportsToId"):
        made["reportsToId"] = _id(row["reportsToId"], number)
    if row.get("email"):
        made["email"] = f"n{number}.{row['email']}"
    return made


def _id(base: str, number: int) -> str:
    return f"{number:04x}{base[4:]}"


async def serve(people: int, port: int) -> None:
    rows = await lists(people)
    bodies = {name: orjson.dumps(one) for name, one in rows.items()}

    async def read(request: web.Request) -> web.Response:
        body = bodies.get(request.match_info["name"])
        if body is None:
            return web.Response(status=404)
        return web.Response(body=body, content_type="application/json")

    async def sign_in(_: web.Request) -> web.Response:
        return web.json_response({"token": "t"})

    async def rename(request: web.Request) -> web.Response:
        """Give every n-th person another last name."""
        for row in rows["employees/personals"][:: int(request.query["every"])]:
            row["lastName"] = f"{row.get('lastName')}-Neu"
        bodies["employees/personals"] = orjson.dumps(rows["employees/personals"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/api/v1/auth/login", sign_in)
    app.router.add_get("/api/v1/{name:.+}", read)
    app.router.add_get("/_state", sign_in)
    app.router.add_post("/_rename", rename)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
