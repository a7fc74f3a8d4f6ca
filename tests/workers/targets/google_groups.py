"""The groups of a Google Workspace account, and their members (Directory API: groups, members)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.workers.targets import google_schema as schema
from tests.workers.targets.google_account import Account, Refusal, Thing, refuse, rename


class Groups(Account):
    """Requests about groups."""

    def insert_group(self, body: Any) -> web.Response:
        refuse(schema.group_problem(body))
        refuse(schema.address_problem(body.get("email"), self.domains, "email"))
        self.see_free(body["email"])
        group = self.add_group(body["email"].lower())
        self._store_group(group, body)
        self.late[group["id"]] = self.lateness
        return web.json_response(group)

    def one_group(self, method: str, group: Thing, body: Any, query: Mapping[str, str]) -> web.Response:
        refuse(schema.query_problem(query, set(), 1))
        if method == "DELETE":
            del self.groups[group["id"]], self.members[group["id"]]
            return web.Response(status=204)
        if method == "GET":
            return web.json_response(group)
        if method == "PUT":
            raise Refusal(501, "notImplemented", "PATCH is to be used: PUT is not said to merge")
        refuse(schema.group_problem(body))
        if "email" in body and body["email"].lower() != group["email"]:
            refuse(schema.address_problem(body["email"], self.domains, "email"))
            self.see_free(body["email"])
        self._store_group(group, body)
        return web.json_response(group)

    def _store_group(self, group: Thing, body: Thing) -> None:
        for name, value in body.items():
            if name in schema.READ_ONLY or (name == "externalIds" and not self.keeps_group_ids):
                continue
            if name == "email":
                rename(group, name, value.lower())
            elif value is None:
                group.pop(name, None)
            else:
                group[name] = value

    def of_members(
        self, method: str, group: Thing, rest: list[str], body: Any, query: dict[str, str]
    ) -> web.Response:
        there = self.members[group["id"]]
        match method, rest:
            case "GET", []:
                refuse(schema.query_problem(query, {"maxResults", "pageToken", "roles"}, 200))
                return self.page(list(there.values()), "members", query, 200)
            case "POST", []:
                return self._insert_member(group["id"], body)
            case "DELETE", [key]:
                found = next((id_ for id_, one in there.items() if key in (id_, one["email"])), None)
                if found is None:
                    raise Refusal(404, "notFound", "Resource Not Found: memberKey")
                del there[found]
                return web.Response(status=204)
        raise Refusal(404, "notFound", "Not Found")

    def _insert_member(self, group_id: str, body: Any) -> web.Response:
        refuse(schema.member_problem(body))
        key = body.get("id") or body["email"]
        found = self.by_key(self.users, key) or self.by_key(self.groups, key)
        if found is None and "id" in body:
            raise Refusal(404, "notFound", "Resource Not Found: memberKey")
        member = found["id"] if found else key
        if member in self.members[group_id]:
            raise Refusal(409, "duplicate", "Member already exists.")
        self.put_in(group_id, member, body.get("role", "MEMBER"))
        return web.json_response(self.members[group_id][member])
