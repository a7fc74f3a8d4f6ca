"""A Google Workspace account behind the Directory API, written from its discovery document and guides.

Strict: unknown names, wrong types, lacking scopes and privileges are refused in Google's words.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.workers.targets.google_account import ADMIN, Refusal, Thing, error
from tests.workers.targets.google_groups import Groups
from tests.workers.targets.google_tokens import PREFIX
from tests.workers.targets.google_users import Users

__all__ = ["ADMIN", "BASE", "Thing", "Workspace", "error", "google_server"]

BASE = "/admin/directory/v1"


class Workspace(Users, Groups):
    """The account and its API."""

    async def handle(self, request: web.Request) -> web.Response:
        """One request below the base address."""
        text = await request.text()
        body = json.loads(text) if text else None
        self.bodies.append((request.method, request.path.removeprefix(BASE), body))
        try:
            for fault in self.faults:
                if answer := fault(request):
                    return answer
            parts = [
                unquote(part) for part in request.raw_path.partition("?")[0].removeprefix(BASE).split("/")[1:]
            ]
            return self._answer(request, parts, body)
        except Refusal as refusal:
            return refusal.answer

    def _answer(self, request: web.Request, parts: list[str], body: Any) -> web.Response:
        method, query = request.method, dict(request.query)
        if parts[0] == "customer" and parts[2:3] == ["orgunits"] and method == "GET":
            self._allow(request, "orgunit.readonly")
            return self._unit("/" + "/".join(parts[3:]))
        if len(parts) > 2 and parts[0] == "users" and parts[2] in ("signOut", "tokens", "asps"):
            self._allow(request, "user.security")
            return self.security_of(method, self.known(self.users, parts[1], "userKey"), parts[2:])
        self._allow(request, "user" if parts[0] == "users" else "group")
        if method == "GET" and len(parts) == 1:
            return self.listed(parts[0], query)
        match method, parts:
            case "POST", ["users" | "groups" as name]:
                return self.insert_user(body) if name == "users" else self.insert_group(body)
            case "GET" | "PUT" | "PATCH" | "DELETE", ["users", key]:
                return self.one_user(request, self.known(self.users, key, "userKey"), body)
            case "GET" | "PUT" | "PATCH" | "DELETE", ["groups", key]:
                return self.one_group(method, self.known(self.groups, key, "groupKey"), body, query)
            case "DELETE", ["users" | "groups", key, "aliases", alias]:
                things = self.users if parts[0] == "users" else self.groups
                return self.delete_alias(self.known(things, key, "resourceKey"), alias)
            case _, ["groups", key, "members", *rest]:
                return self.of_members(method, self.known(self.groups, key, "groupKey"), rest, body, query)
        raise Refusal(404, "notFound", "Not Found")

    def _allow(self, request: web.Request, scope: str) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = self.sign_in.given.get(token)
        if given is None or given.until < time.time():
            raise Refusal(401, "authError", "Request had invalid authentication credentials.")
        if PREFIX + scope not in given.scopes:
            raise Refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.")

    def _unit(self, path: str) -> web.Response:
        if path not in self.units:
            raise Refusal(404, "notFound", "Org unit not found")
        return web.json_response({"kind": "admin#directory#orgUnit", "orgUnitPath": path})


@asynccontextmanager
async def google_server(workspace: Workspace | None = None) -> AsyncIterator[Workspace]:
    """Run an account on a free port; `url` is where, and the token endpoint is below it."""
    workspace = workspace or Workspace()
    application = web.Application(client_max_size=2**24)
    application.router.add_post("/token", workspace.sign_in.handle)
    application.router.add_route("*", BASE + "/{path:.*}", workspace.handle)
    runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        workspace.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        workspace.sign_in.url = f"{workspace.url}/token"
        yield workspace
    finally:
        await runner.cleanup()
