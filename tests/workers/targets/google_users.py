"""The users of a Google Workspace account (Directory API: users, their tokens and application passwords)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.workers.targets import google_schema as schema
from tests.workers.targets.google_account import Account, Refusal, Thing, refuse, rename


class Users(Account):
    """Requests about users."""

    def insert_user(self, body: Any) -> web.Response:
        refuse(schema.user_problem(body))
        name = body.get("name") or {}
        for part in ("givenName", "familyName"):
            if not name.get(part):
                raise Refusal(400, "invalid", f"Invalid Given/Family Name: {part[0].upper()}{part[1:]}")
        if not 8 <= len(body.get("password") or "") <= 100:
            raise Refusal(400, "invalid", "Invalid Password")
        refuse(schema.address_problem(body.get("primaryEmail"), self.domains, "primary_user_email"))
        self._see_unit(body)
        self.see_free(body["primaryEmail"])
        user = self.add_user(body["primaryEmail"].lower())
        self._store_user(user, {**body, "primaryEmail": user["primaryEmail"]})
        self.late[user["id"]] = self.lateness
        return web.json_response(user)

    def one_user(self, request: web.Request, user: Thing, body: Any) -> web.Response:
        method = request.method
        if method == "GET":
            refuse(schema.query_problem(request.query, {"projection", "viewType", "customFieldMask"}, 1))
            return web.json_response(user)
        is_protected = user["isAdmin"] or user["isDelegatedAdmin"]
        if is_protected and not self.super_admin:
            raise Refusal(403, "forbidden", "Not Authorized to access this resource/API")
        if method == "DELETE":
            self.deleted[user["id"]] = self.users.pop(user["id"])
            for members in self.members.values():
                members.pop(user["id"], None)
            return web.Response(status=204)
        if method == "PATCH":
            raise Refusal(501, "notImplemented", "PUT is to be used: PATCH cannot empty lists")
        refuse(schema.user_problem(body))
        self._see_unit(body)
        if "primaryEmail" in body and body["primaryEmail"].lower() != user["primaryEmail"]:
            refuse(schema.address_problem(body["primaryEmail"], self.domains, "primary_user_email"))
            self.see_free(body["primaryEmail"])
        self._store_user(user, body)
        return web.json_response(user)

    def _store_user(self, user: Thing, body: Thing) -> None:
        for name, value in body.items():
            if name in (*schema.READ_ONLY, "password", "changePasswordAtNextLogin"):
                continue
            if name == "name":
                user["name"] = {**user["name"], **value}
                user["name"]["fullName"] = f"{user['name']['givenName']} {user['name']['familyName']}"
            elif name == "primaryEmail":
                rename(user, name, value.lower())
            elif value is None:
                user.pop(name, None)
            else:
                user[name] = value
        if user["suspended"]:
            user.setdefault("suspensionReason", "ADMIN")
        else:
            user.pop("suspensionReason", None)

    def _see_unit(self, body: Thing) -> None:
        if "orgUnitPath" in body and body["orgUnitPath"] not in self.units:
            raise Refusal(400, "invalid", "Invalid Input: INVALID_OU_ID")

    def security_of(self, method: str, user: Thing, parts: list[str]) -> web.Response:
        if not self.security:
            raise Refusal(403, "forbidden", "Not Authorized to access this resource/API")
        id_ = user["id"]
        match method, parts:
            case "POST", ["signOut"]:
                if not self.signs_out:
                    raise Refusal(400, "invalid", "Invalid Input: userKey")
                self.signed_out.append(id_)
                return web.Response(status=204)
            case "GET", ["tokens"]:
                items = [{"clientId": one, "userKey": id_, "scopes": []} for one in self.tokens.get(id_, [])]
                return web.json_response({"kind": "admin#directory#tokenList", "items": items})
            case "GET", ["asps"]:
                items = [{"codeId": one, "userKey": id_} for one in self.passwords_of_apps.get(id_, [])]
                return web.json_response(
                    {"kind": "admin#directory#aspList", **({"items": items} if items else {})}
                )
            case "DELETE", ["tokens", client] if client in self.tokens.get(id_, []):
                self.tokens[id_].remove(client)
                return web.Response(status=204)
            case "DELETE", ["asps", code] if code in map(str, self.passwords_of_apps.get(id_, [])):
                self.passwords_of_apps[id_].remove(int(code))
                return web.Response(status=204)
        raise Refusal(404, "notFound", "Resource Not Found")
