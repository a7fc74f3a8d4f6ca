"""What a Google Workspace account holds, what tests put there by hand, and how it is looked up and listed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.workers.targets import google_schema as schema
from tests.workers.targets.google_tokens import TokenServer

Thing = dict[str, Any]

ADMIN = "root@example.com"


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.answer = error(status, reason, message)


def error(status: int, reason: str, message: str, **headers: str) -> web.Response:
    """An error in Google's form."""
    one = {"message": message, "domain": "global", "reason": reason}
    body = {"error": {"code": status, "message": message, "errors": [one]}}
    return web.json_response(body, status=status, headers=headers)


def refuse(problem: schema.Problem | None) -> None:
    if problem:
        raise Refusal(*problem)


@dataclass
class Account:
    """The account. `super_admin`: whether the administrator may change administrators.

    `keeps_group_ids`: whether `externalIds` of groups are kept. `late`: how many times what was just made is
    not shown, by id; `searchable`: whether a search for an external id finds anything yet. `security`:
    whether the administrator may end sessions; `signs_out`: whether a suspended user can be signed out.
    """

    domains: set[str] = field(default_factory=lambda: {"example.com", "example.org"})
    units: set[str] = field(default_factory=lambda: {"/", "/Staff", "/Staff/Süd"})
    super_admin: bool = True
    keeps_group_ids: bool = True
    searchable: bool = True
    security: bool = True
    signs_out: bool = True
    lateness: int = 0
    users: dict[str, Thing] = field(default_factory=dict)
    groups: dict[str, Thing] = field(default_factory=dict)
    members: dict[str, dict[str, Thing]] = field(default_factory=dict)
    deleted: dict[str, Thing] = field(default_factory=dict)
    tokens: dict[str, list[str]] = field(default_factory=dict)
    passwords_of_apps: dict[str, list[int]] = field(default_factory=dict)
    signed_out: list[str] = field(default_factory=list)
    bodies: list[tuple[str, str, Any]] = field(default_factory=list)
    faults: list[Callable[[web.Request], web.Response | None]] = field(default_factory=list)
    late: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self.sign_in = TokenServer(self.may_sign_in)
        self.url = ""
        admin = self.add_user(ADMIN, "Root", "Admin")
        admin["isAdmin"] = True

    # What tests put there

    def add_user(self, address: str, given: str = "Ana", family: str = "Alt", **more: Any) -> Thing:
        """Make a user as an administrator would by hand."""
        id_ = f"1{next(self._numbers):020d}"
        self.users[id_] = user = {
            "kind": "admin#directory#user", "id": id_, "etag": f'"{id_}"', "primaryEmail": address,
            "name": {"givenName": given, "familyName": family, "fullName": f"{given} {family}"},
            "isAdmin": False, "isDelegatedAdmin": False, "suspended": False, "archived": False,
            "orgUnitPath": "/", "customerId": "C0123abc", "includeInGlobalAddressList": True,
            "emails": [{"address": address, "primary": True}], **more,
        }  # fmt: skip
        return user

    def add_group(self, address: str, name: str = "", **more: Any) -> Thing:
        """Make a group as an administrator would by hand."""
        id_ = f"0{next(self._numbers):014x}"
        self.groups[id_] = group = {
            "kind": "admin#directory#group", "id": id_, "etag": f'"{id_}"', "email": address,
            "name": name or address, "description": "", "adminCreated": True, **more,
        }  # fmt: skip
        self.members[id_] = {}
        return group

    def put_in(self, group_id: str, member: str, role: str = "MEMBER") -> None:
        """Make somebody a member as an administrator would by hand."""
        there = self.users.get(member) or self.groups.get(member)
        kind = "USER" if member in self.users else "GROUP" if member in self.groups else "EXTERNAL"
        address = (there or {}).get("primaryEmail") or (there or {}).get("email") or member
        self.members[group_id][member] = {
            "kind": "admin#directory#member", "id": member, "email": address, "role": role, "type": kind,
            "status": "ACTIVE",
        }  # fmt: skip

    def user(self, address: str) -> Thing:
        """The user with a primary address."""
        return next(one for one in self.users.values() if one["primaryEmail"] == address)

    def may_sign_in(self, address: str) -> bool:
        found = self.by_key(self.users, address)
        return found is not None and not found["suspended"]

    # Looking up

    def known(self, things: dict[str, Thing], key: str, what: str) -> Thing:
        if things is self.users and key in self.deleted:
            raise Refusal(412, "conditionNotMet", "User is deleted.")
        found = self.by_key(things, key)
        if found is None or self._is_late(found["id"]):
            raise Refusal(404, "notFound", f"Resource Not Found: {what}")
        return found

    def _is_late(self, id_: str) -> bool:
        left = self.late.get(id_, 0)
        self.late[id_] = max(left - 1, 0)
        return left > 0

    def by_key(self, things: Mapping[str, Thing], key: str) -> Thing | None:
        folded = key.lower()
        return things.get(key) or next((one for one in things.values() if folded in addresses(one)), None)

    def see_free(self, address: str) -> None:
        """An address may be nobody's, and no alias of anybody, the user's own included."""
        if self.by_key(self.users, address.lower()) or self.by_key(self.groups, address.lower()):
            raise Refusal(409, "duplicate", "Entity already exists.")

    def delete_alias(self, thing: Thing, alias: str) -> web.Response:
        if alias.lower() not in thing.get("aliases", []):
            raise Refusal(404, "notFound", "Resource Not Found: resourceId")
        thing["aliases"].remove(alias.lower())
        return web.Response(status=204)

    # Lists

    def listed(self, name: str, query: dict[str, str]) -> web.Response:
        things, most = {"users": (self.users, 500), "groups": (self.groups, 200)}[name]
        more = {"query", "projection", "showDeleted"} if name == "users" else {"query", "userKey"}
        known = {"customer", "domain", "maxResults", "pageToken", "orderBy", "sortOrder", *more}
        refuse(schema.query_problem(query, known, most))
        if query.get("customer", "my_customer") not in ("my_customer", "C0123abc"):
            raise Refusal(400, "badRequest", "Bad Request")
        found = [one for one in things.values() if query.get("domain", "") in domain_of(one)]
        if "query" in query:
            found = self._searched(found, name, query["query"])
        return self.page(found, name, query, 100 if name == "users" else 200)

    def _searched(self, things: list[Thing], name: str, query: str) -> list[Thing]:
        one = schema.clause(query)
        if one is None or one[0] not in ("externalId", "email"):
            raise Refusal(400, "invalid", f"Invalid Input: {query}" if name == "users" else "Invalid query")
        if one[0] == "email":
            return [thing for thing in things if one[1].lower() in addresses(thing)]
        ids = [(thing, [entry["value"] for entry in thing.get("externalIds") or []]) for thing in things]
        return [thing for thing, values in ids if one[1] in values and self.searchable]

    def page(self, found: list[Thing], name: str, query: dict[str, str], usual: int) -> web.Response:
        token, size = query.get("pageToken", "~0"), int(query.get("maxResults", usual))
        if not token.startswith("~"):
            raise Refusal(400, "invalid", "Invalid Input: pageToken")
        start = int(token[1:])
        answer: Thing = {"kind": f"admin#directory#{name}", "etag": '"list"'}
        if page := found[start : start + size]:
            answer[name] = page
        if start + size < len(found):
            answer["nextPageToken"] = f"~{start + size}"
        return web.json_response(schema.masked(answer, query.get("fields")))


def addresses(thing: Thing) -> set[str]:
    return {
        thing.get("primaryEmail") or thing["email"],
        *thing.get("aliases", []),
        *thing.get("nonEditableAliases", []),
    }


def domain_of(thing: Thing) -> str:
    return str(thing.get("primaryEmail") or thing["email"]).rpartition("@")[2]


def rename(thing: Thing, name: str, address: str) -> None:
    """Give an object another primary address; the former one becomes an alias."""
    if thing[name] != address:
        thing.setdefault("aliases", []).append(thing[name])
        thing[name] = address
