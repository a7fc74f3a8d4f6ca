"""A second SCIM server, written from the RFCs, with oddities of real ones to switch on.

Strict where servers are strict (real booleans, schemas, no read-only attributes, no filters in paths but the
one for members), so that whatever passes here is sent in the form that is safest.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.workers.targets.odd_patch import BadRequest, apply, apply_flat

TOKEN = "odd-secret"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = {
    "Users": "urn:ietf:params:scim:schemas:core:2.0:User",
    "Groups": "urn:ietf:params:scim:schemas:core:2.0:Group",
}
FILTER = re.compile(r'(\w+) eq ("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class Odd:
    """What the server does differently."""

    patch: str = "200"  # 204, 501, 405, flat
    config: str = "json"  # absent, html, broken, no_patch
    id_is_user_name: bool = False
    manager: str = "object"  # text, dropped
    empty_created: bool = False  # a duplicate is answered 201 {}
    undefined_location: bool = False  # ... when only the letter case differs
    ignores_filter: bool = False
    ignores_paging: bool = False  # always the first 20
    page_size: int = 1000
    lower_case: bool = False  # userName and e-mails
    at_as_text: bool = False  # userName
    active_as_text: bool = False  # in answers
    drops_types: bool = False  # of lists' entries
    external_id: str = "kept"  # no_filter, dropped
    second_delete: int = 404
    plain_401: bool = False
    hides_members: bool = False
    uniqueness: int = 409
    numbered: bool = False  # users and groups, each from 1
    unique_in_groups: tuple[str, ...] = ("externalId",)
    refuses: str = ""  # what no value may begin with
    content_type: str = "application/scim+json"
    cursor: bool = False  # pages by cursor (RFC 9865)
    max_results: int = 0  # objects on a page, as announced


class OddScim:
    """The server's data and handlers."""

    def __init__(self, odd: Odd) -> None:
        self.odd = odd
        self.objects: dict[str, dict[str, dict[str, Any]]] = {"Users": {}, "Groups": {}}
        self.deleted: set[str] = set()
        self._numbers = itertools.count(1)

    async def handle(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401, text="who?") if self.odd.plain_401 else _error(401, "who?")
        kind, _, id_ = request.raw_path.partition("?")[0].removeprefix("/scim/").partition("/")
        if kind == "ServiceProviderConfig":
            return self._config()
        if kind not in self.objects or "/" in id_:
            return _error(404, "no such endpoint")
        try:
            return self._dispatch(request, kind, unquote(id_), await _body(request, self.odd.content_type))
        except BadRequest as error:
            return _error(error.status, str(error), error.scim_type)

    def _dispatch(self, request: web.Request, kind: str, id_: str, body: Any) -> web.Response:
        if not id_:
            if request.method == "POST":
                return self._create(kind, body)
            return self._list(kind, request)
        if id_ not in self.objects[kind]:
            again = request.method == "DELETE" and id_ in self.deleted
            return _error(self.odd.second_delete if again else 404, "not found")
        if request.method == "DELETE":
            del self.objects[kind][id_]
            self.deleted.add(id_)
            return web.Response(status=204)
        if request.method in ("PUT", "PATCH"):
            return self._change(request.method, kind, id_, body)
        return _json(200, self._shown(self.objects[kind][id_]))

    def _create(self, kind: str, body: Any) -> web.Response:
        resource = self._accepted(kind, body)
        same = self._taken(kind, resource)
        if same and self.odd.empty_created:
            return _json(201, {})
        if same and self.odd.undefined_location and same["userName"] != resource["userName"]:
            return web.Response(status=201, headers={"Location": "/scim/Users/undefined"})
        if same:
            raise BadRequest("already there", "uniqueness", self.odd.uniqueness)
        number = f"{next(self._numbers):06d}/{kind}"  # ids are opaque: this one has a slash
        if self.odd.numbered:
            number = str(len(self.objects[kind]) + 1)
        resource["id"] = resource["userName"] if self.odd.id_is_user_name and kind == "Users" else number
        self.objects[kind][resource["id"]] = resource
        return _json(201, self._shown(resource))

    def _change(self, method: str, kind: str, id_: str, body: Any) -> web.Response:
        current = self.objects[kind][id_]
        if method == "PUT":
            if {"meta", "groups"} & set(body):
                raise BadRequest("read-only attribute", "mutability")
            changed = body
        elif self.odd.patch in ("501", "405"):
            return _error(int(self.odd.patch), "no PATCH here")
        else:
            changed = (apply_flat if self.odd.patch == "flat" else apply)(current, body)
        resource = self._accepted(kind, changed)
        if self._taken(kind, resource, but=id_):
            raise BadRequest("already there", "uniqueness", self.odd.uniqueness)
        del self.objects[kind][id_]
        resource["id"] = resource["userName"] if self.odd.id_is_user_name and kind == "Users" else id_
        self.objects[kind][resource["id"]] = resource
        if method == "PATCH" and self.odd.patch == "204":
            return web.Response(status=204)
        return _json(200, self._shown(resource))

    def _accepted(self, kind: str, body: Any) -> dict[str, Any]:
        resource: dict[str, Any] = json.loads(json.dumps(body))
        _check(kind, resource)
        key = str(resource["userName" if kind == "Users" else "displayName"])
        if self.odd.refuses and key.startswith(self.odd.refuses):
            raise BadRequest("not such a name", "invalidValue")
        if kind == "Users":
            self._store_oddly(resource)
        if self.odd.external_id == "dropped":
            resource.pop("externalId", None)
        self._manager(resource.get(ENTERPRISE, {}))
        return resource

    def _store_oddly(self, user: dict[str, Any]) -> None:
        entries = [*user.get("emails", []), *user.get("phoneNumbers", [])]
        if self.odd.lower_case:
            user["userName"] = user["userName"].lower()
            for entry in entries:
                entry["value"] = entry["value"].lower()
        if self.odd.at_as_text:
            user["userName"] = user["userName"].replace("@", "[at]")
        if self.odd.drops_types:
            for entry in entries:
                entry.pop("type", None)

    def _manager(self, extension: dict[str, Any]) -> None:
        manager = extension.get("manager")
        if self.odd.manager == "dropped":
            extension.pop("manager", None)
        elif manager is not None and isinstance(manager, str) is not (self.odd.manager == "text"):
            raise BadRequest("manager has the wrong form", "invalidValue")

    def _taken(self, kind: str, resource: dict[str, Any], but: str = "") -> dict[str, Any] | None:
        names = ("userName",) if kind == "Users" else self.odd.unique_in_groups
        others = [one for id_, one in self.objects[kind].items() if id_ != but]
        for name in names:
            value = str(resource.get(name, "")).lower()
            for one in others:
                if value and str(one.get(name, "")).lower() == value:
                    return one
        return None

    def _list(self, kind: str, request: web.Request) -> web.Response:
        found = list(self.objects[kind].values())
        wanted = FILTER.fullmatch(request.query.get("filter", ""))
        if "filter" in request.query and not wanted:
            raise BadRequest("cannot read the filter", "invalidFilter")
        if wanted and not self.odd.ignores_filter:
            if wanted[1] == "externalId" and self.odd.external_id == "no_filter":
                raise BadRequest("no filter for externalId", "invalidFilter")
            value = json.loads(wanted[2])
            found = [one for one in found if _equal(wanted[1], one.get(wanted[1]), value)]
        start = int(request.query.get("startIndex", "1")) - 1
        count = min(int(request.query.get("count", "100")), self.odd.page_size)
        if "cursor" in request.query:
            start = int(request.query["cursor"] or "0")
        page = found[:20] if self.odd.ignores_paging else found[start : start + count]
        shown = [self._shown(one) for one in page]
        more = (
            {"nextCursor": str(start + count)}
            if "cursor" in request.query and len(found) > start + count
            else {}
        )
        return _json(200, {"totalResults": len(found), **more, **({"Resources": shown} if shown else {})})

    def _shown(self, resource: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = {**json.loads(json.dumps(resource)), "meta": {"version": 'W/"1"'}}
        if "userName" in shown:
            shown["groups"] = [{"value": "everyone"}]  # read-only in a user
        if self.odd.active_as_text and "active" in shown:
            shown["active"] = str(shown["active"])
        if self.odd.hides_members:
            shown.pop("members", None)
        return shown

    def _config(self) -> web.Response:
        if self.odd.config == "html":
            return web.Response(text="<html>not here</html>", content_type="text/html")
        if self.odd.config in ("absent", "broken"):
            return _error(404 if self.odd.config == "absent" else 500, "nothing here")
        said: dict[str, Any] = {"patch": {"supported": self.odd.config != "no_patch"}}
        said |= {"bulk": {"supported": False}, "pagination": {"cursor": self.odd.cursor}}
        if self.odd.max_results:
            said["filter"] = {"supported": True, "maxResults": self.odd.max_results}
        return _json(200, said)


def _check(kind: str, resource: dict[str, Any]) -> None:
    """Check a resource as the strictest server does."""
    used = {name for name in resource if name.startswith("urn:")} | {CORE[kind]}
    if not used <= set(resource.get("schemas", [])):
        raise BadRequest("schemas do not name what is used", "invalidSyntax")
    if not resource.get("userName" if kind == "Users" else "displayName"):
        raise BadRequest("a required attribute is missing", "invalidValue")
    if not isinstance(resource.get("active", True), bool):
        raise BadRequest("active must be a boolean", "invalidValue")
    for name, value in [*resource.items(), *resource.get(ENTERPRISE, {}).items()]:
        if value is None or value == "":
            raise BadRequest(f"{name} has no value", "invalidValue")


def _equal(name: str, have: Any, want: str) -> bool:
    return have == want if name == "externalId" else str(have).lower() == want.lower()


async def _body(request: web.Request, content_type: str) -> Any:
    if not request.can_read_body:
        return None
    if request.content_type != content_type:
        raise BadRequest(f"content type {request.content_type}", "invalidSyntax")
    return await request.json()


def _json(status: int, body: Any) -> web.Response:
    return web.json_response(body, status=status, content_type="application/scim+json")


def _error(status: int, detail: str, scim_type: str | None = None) -> web.Response:
    schema = "urn:ietf:params:scim:api:messages:2.0:Error"
    body = {"schemas": [schema], "status": str(status), "detail": detail}
    return _json(status, {**body, "scimType": scim_type} if scim_type else body)


@asynccontextmanager
async def odd_scim(odd: Odd, kind: type[OddScim] = OddScim) -> AsyncIterator[tuple[OddScim, str]]:
    """Run the server on a free port; gives it and its base address."""
    server = kind(odd)
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, handle_signals=False, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}/scim"
    finally:
        await runner.cleanup()
