"""An odd SCIM server that does quiet damage: it answers as if all were well, and it is not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.workers.targets import odd_scim
from tests.workers.targets.odd_patch import BadRequest, apply
from tests.workers.targets.odd_scim import CORE, FILTER, Odd, OddScim


@dataclass(frozen=True, slots=True)
class Quiet(Odd):
    """What the server does without saying so, on top of what is merely odd."""

    ignores_active: bool = False  # changes of it are answered with success
    shows_active: bool = True
    ignores_delete: bool = False
    ignores_new_members: bool = False
    takes_out: tuple[str, ...] = ("path",)  # of path, value, pathless, put
    does_not_take_out: tuple[str, ...] = ()  # accepted, and nothing happens
    refusal: int = 400  # of the other ways
    bare_removes_all: bool = False  # a `remove` of `members` takes out all, whatever value it has
    shows_first: int = 0  # members of a group; 0: all
    shows_groups: bool = False  # in a user
    total: str = "right"  # page: the number on this page, none
    create: str = "201"  # 202 (empty), 201 (empty), location (201, empty, with Location)
    late: float = 0.0  # seconds after which a new account is shown
    refuses_filters: tuple[tuple[str, int], ...] = ()  # attribute, status
    hides_inactive: bool = False  # from GET and from filters
    case_exact: bool = False  # filters; uniqueness is not
    schemas: tuple[str, ...] = ()  # what /Schemas names of a user; others are refused
    etags: bool = False


class QuietScim(OddScim):
    """The same server with quiet damage."""

    odd: Quiet

    def __init__(self, odd: Odd) -> None:
        super().__init__(odd)
        self.creates = 0
        self._waiting: dict[str, float] = {}
        self._versions: dict[str, int] = {}

    async def handle(self, request: web.Request) -> web.Response:
        if request.path.endswith("/Schemas") and self.odd.schemas:
            names = [{"name": name} for name in self.odd.schemas]
            return odd_scim._json(200, {"Resources": [{"id": CORE["Users"], "attributes": names}]})
        return await super().handle(request)

    def _dispatch(self, request: web.Request, kind: str, id_: str, body: Any) -> web.Response:
        held = self._held_back(kind)
        try:
            if self._is_hidden(kind, id_) and request.method == "GET":
                return odd_scim._error(404, "not found")
            if request.method == "DELETE" and self.odd.ignores_delete:
                return web.Response(status=204)
            if (version := request.headers.get("If-Match")) and version != self._version(id_):
                return odd_scim._error(412, "changed since")
            return super()._dispatch(request, kind, id_, body)
        finally:
            self.objects[kind].update(held)

    def _held_back(self, kind: str) -> dict[str, Any]:
        """What nobody is shown yet."""
        now = asyncio.get_running_loop().time()
        late = [id_ for id_, at in self._waiting.items() if at > now and id_ in self.objects[kind]]
        return {id_: self.objects[kind].pop(id_) for id_ in late}

    def _is_hidden(self, kind: str, id_: str) -> bool:
        return self.odd.hides_inactive and self.objects[kind].get(id_, {}).get("active") is False

    def _create(self, kind: str, body: Any) -> web.Response:
        self.creates += 1
        before = set(self.objects[kind])
        answer = super()._create(kind, body)
        (id_,) = set(self.objects[kind]) - before
        self._waiting[id_] = asyncio.get_running_loop().time() + self.odd.late
        if self.odd.create == "location":
            return web.Response(status=201, headers={"Location": f"/scim/{kind}/{id_.replace('/', '%2F')}"})
        return (
            answer
            if self.odd.create == "201"
            else web.Response(status=201 if "201" in self.odd.create else 202)
        )

    def _change(self, method: str, kind: str, id_: str, body: Any) -> web.Response:
        current = json.loads(json.dumps(self.objects[kind][id_]))
        if kind == "Groups":
            if method == "PATCH":
                body = self._take_out(id_, body)
                if not body["Operations"]:
                    return odd_scim._json(200, self._shown(self.objects[kind][id_]))
            elif "put" not in self.odd.takes_out:
                body = {**body, "members": current.get("members", [])}
        answer = super()._change(method, kind, id_, body)
        now = self.objects[kind][id_]
        if self.odd.ignores_active and "active" in current:
            now["active"] = current["active"]
        if self.odd.ignores_new_members and kind == "Groups":
            now["members"] = [one for one in now.get("members", []) if one in current.get("members", [])]
        self._versions[id_] = self._versions.get(id_, 1) + 1
        return answer if answer.status == 204 else odd_scim._json(200, self._shown(now))

    def _take_out(self, id_: str, body: Any) -> Any:
        """Do the removals of members, in the ways that are known; the rest of the request."""
        group = self.objects["Groups"][id_]
        changed, rest = json.loads(json.dumps(group)), []
        for operation in body["Operations"]:
            path, value = operation.get("path", ""), operation.get("value")
            if operation["op"] != "remove" or not (path.startswith("members") or not path):
                rest.append(operation)
                continue
            way = "path" if "[" in path else "value" if path else "pathless"
            if path == "members" and self.odd.bare_removes_all:
                changed["members"] = []
            elif way in self.odd.does_not_take_out:
                continue
            elif way not in self.odd.takes_out:
                raise BadRequest("cannot read this", "invalidPath", self.odd.refusal)
            elif way == "path":
                one = {"schemas": body["schemas"], "Operations": [operation]}
                changed = apply(changed, one)
            else:
                entries = value if path else value["members"]
                gone = {entry["value"] for entry in entries}
                changed["members"] = [one for one in changed.get("members", []) if one["value"] not in gone]
        group["members"] = changed.get("members", [])
        return {**body, "Operations": rest}

    def _accepted(self, kind: str, body: Any) -> dict[str, Any]:
        if kind == "Users" and self.odd.schemas:
            known = {*self.odd.schemas, "schemas", "id", "externalId"}
            if unknown := [name for name in body if name not in known]:
                raise BadRequest(f"unknown attribute {unknown[0]}", "invalidSyntax")
        return super()._accepted(kind, body)

    def _list(self, kind: str, request: web.Request) -> web.Response:
        asked = FILTER.fullmatch(request.query.get("filter", ""))
        for name, status in self.odd.refuses_filters:
            if asked and asked[1] == name:
                return odd_scim._error(status, "no such filter")
        everything = self.objects[kind]
        shown = {id_: one for id_, one in everything.items() if not self._is_hidden(kind, id_)}
        if asked and self.odd.case_exact and not self.odd.ignores_filter:
            shown = {id_: one for id_, one in shown.items() if one.get(asked[1]) == json.loads(asked[2])}
        self.objects[kind] = shown
        try:
            answer = super()._list(kind, request)
        finally:
            self.objects[kind] = everything
        if self.odd.total == "none":
            return odd_scim._json(200, {"Resources": json.loads(answer.text or "").get("Resources", [])})
        if self.odd.total == "page":
            body = json.loads(answer.text or "")
            return odd_scim._json(200, {**body, "totalResults": len(body.get("Resources", []))})
        return answer

    def _shown(self, resource: dict[str, Any]) -> dict[str, Any]:
        shown = super()._shown(resource)
        shown["meta"]["version"] = self._version(resource["id"])
        if not self.odd.shows_active:
            shown.pop("active", None)
        if self.odd.shows_first and "members" in shown:
            shown["members"] = shown["members"][: self.odd.shows_first]
        if self.odd.shows_groups and "userName" in shown:
            shown["groups"] = [
                {"value": id_}
                for id_, group in self.objects["Groups"].items()
                if resource["id"] in [one["value"] for one in group.get("members", [])]
            ]
        return shown

    def _version(self, id_: str) -> str:
        return f'W/"{self._versions.get(id_, 1)}"'

    def _config(self) -> web.Response:
        supported = {"patch": {"supported": True}, "etag": {"supported": self.odd.etags}}
        return odd_scim._json(200, supported)
