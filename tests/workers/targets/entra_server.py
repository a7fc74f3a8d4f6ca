"""A made-up Microsoft Graph and its token endpoint, strict, in the event loop of the test.

Sources beside those of `entra_directory`: "Get access without a user", "Use query parameters", "Paging",
"Microsoft Graph error responses", "Throttling", and the permissions of each operation's page (v1.0).
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any, cast
from urllib.parse import quote, unquote

from aiohttp import web

from tests.workers.targets.entra_batches import Batching, Inner
from tests.workers.targets.entra_directory import (
    GROUP_DEFAULT,
    GROUP_PROPERTIES,
    USER_DEFAULT,
    USER_PROPERTIES,
    Directory,
    Refusal,
    Thing,
    bad,
    denied,
    missing,
)
from tests.workers.targets.entra_provisioning import JOB, SERVICE_PRINCIPAL, Job

TENANT = "6ad1bf6c-0000-4000-8000-3f5fa4c1a001"
CLIENT = "c1d0a5f0-0000-4000-8000-b2a1d4e2c002"
SECRET = "8Q~planted.Secret-word"
SCOPE = "https://graph.microsoft.com/.default"

READ_USERS = {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
WRITE_USERS = {"User.ReadWrite.All", "Directory.ReadWrite.All"}
DELETE_USERS = {"User.ReadWrite.All", "User.DeleteRestore.All"}
REVOKE = {"User.RevokeSessions.All"}
READ_GROUPS = {
    "Group.Read.All", "GroupMember.Read.All", "Group.ReadWrite.All", "Directory.Read.All",
    "Directory.ReadWrite.All",
}  # fmt: skip
WRITE_GROUPS = {"Group.ReadWrite.All", "Directory.ReadWrite.All"}
WRITE_MEMBERS = {"GroupMember.ReadWrite.All", *WRITE_GROUPS}

UPLOAD = {"SynchronizationData-User.Upload"}
READ_LOGS = {"ProvisioningLog.Read.All"}
READ_JOBS = {"Synchronization.Read.All"}

_JOB = "servicePrincipals/([^/]+)/synchronization/jobs/([^/]+)"

Handler = Callable[[web.Request, Any], Awaitable[web.StreamResponse] | web.StreamResponse]


class EntraServer:
    """`public` is the address under which it is reached. `page` bounds the objects on a page.

    `roles` are in the next token; `throttled`: seconds that every answer asks to wait, None: none does.
    """

    def __init__(self) -> None:
        self.directory = Directory()
        self.job = Job(self.directory)
        self.batching = Batching()
        self.public = ""
        self.page = 100
        self.roles = {"User.ReadWrite.All", "User.RevokeSessions.All", "Group.ReadWrite.All"}
        self.throttled: int | None = None
        self.readable_tokens = True
        self.secrets = {SECRET: "good"}
        self.tokens: dict[str, set[str]] = {}
        self.sign_ins = 0
        self._lists: dict[str, tuple[list[Thing], str]] = {}
        self._routes: list[tuple[str, re.Pattern[str], set[str], Handler]] = [
            (method, re.compile(pattern), needs, handler)
            for method, pattern, needs, handler in (
                ("GET", "users", READ_USERS, self.list_users),
                ("POST", "users", WRITE_USERS, self.create_user),
                ("GET", "users/([^/]+)", READ_USERS, self.get_user),
                ("PATCH", "users/([^/]+)", WRITE_USERS, self.update_user),
                ("DELETE", "users/([^/]+)", DELETE_USERS, self.delete_user),
                ("PUT", r"users/([^/]+)/manager/\$ref", WRITE_USERS, self.set_manager),
                ("DELETE", r"users/([^/]+)/manager/\$ref", WRITE_USERS, self.remove_manager),
                ("POST", "users/([^/]+)/revokeSignInSessions", REVOKE, self.revoke),
                ("GET", r"directory/deletedItems/microsoft\.graph\.user", READ_USERS, self.list_deleted),
                (
                    "GET",
                    r"directory/deletedItems/([^/]+)/microsoft\.graph\.user",
                    READ_USERS,
                    self.get_deleted,
                ),
                ("POST", "directory/deletedItems/([^/]+)/restore", DELETE_USERS, self.restore),
                ("GET", "groups", READ_GROUPS, self.list_groups),
                ("POST", "groups", WRITE_GROUPS, self.create_group),
                ("GET", r"groups\(uniqueName='(.*)'\)", READ_GROUPS, self.get_named),
                ("PATCH", r"groups\(uniqueName='(.*)'\)", WRITE_GROUPS, self.upsert_group),
                ("GET", "groups/([^/]+)", READ_GROUPS, self.get_group),
                ("PATCH", "groups/([^/]+)", WRITE_GROUPS, self.update_group),
                ("DELETE", "groups/([^/]+)", WRITE_GROUPS, self.delete_group),
                ("GET", "groups/([^/]+)/members", READ_GROUPS, self.list_members),
                ("POST", r"groups/([^/]+)/members/\$ref", WRITE_MEMBERS, self.add_member),
                ("DELETE", r"groups/([^/]+)/members/([^/]+)/\$ref", WRITE_MEMBERS, self.remove_member),
                ("DELETE", "groups/([^/]+)/members/([^/]+)", WRITE_MEMBERS, self.delete_through_group),
                ("POST", f"{_JOB}/bulkUpload", UPLOAD, self.bulk_upload),
                ("GET", _JOB, READ_JOBS, self.get_job),
                ("GET", "auditLogs/provisioning", READ_LOGS, self.list_logs),
            )
        ]

    def revoke_tokens(self) -> None:
        """End all tokens."""
        self.tokens.clear()

    # The token endpoint

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if request.match_info["tenant"] not in (TENANT, "example.com"):
            return _refused(400, "invalid_tenant", 90002, "Tenant not found.")
        if form.get("grant_type") != "client_credentials" or form.get("scope") != SCOPE:
            return _refused(400, "invalid_scope", 70011, "The provided value for scope is not valid.")
        if form.get("client_id") != CLIENT:
            return _refused(400, "unauthorized_client", 700016, "Application was not found in the directory.")
        match self.secrets.get(form.get("client_secret", "")):
            case "good":
                self.sign_ins += 1
                token = _jwt({"roles": sorted(self.roles)}) if self.readable_tokens else uuid.uuid4().hex
                self.tokens[token] = set(self.roles)
                return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": token})
            case "expired":
                return _refused(
                    401, "invalid_client", 7000222, "The provided client secret keys are expired."
                )
        words = f"Invalid client secret provided: {form.get('client_secret')}."
        return _refused(401, "invalid_client", 7000215, words)

    # Microsoft Graph

    async def graph(self, request: web.Request) -> web.StreamResponse:
        try:
            if request.method == "POST" and request.path == "/v1.0/$batch":
                self._check_token(request)
                return await self.batching.carry_out(request, self._inside)
            return await self._graph(request)
        except Refusal as refusal:
            return _error(refusal)

    async def _inside(self, inner: Inner) -> web.StreamResponse:
        try:
            return await self._graph(cast("web.Request", inner))
        except Refusal as refusal:
            return _error(refusal)

    def _check_token(self, request: web.Request) -> str:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise Refusal(
                401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."
            )
        return token

    async def _graph(self, request: web.Request) -> web.StreamResponse:
        token = self._check_token(request)
        if self.throttled is not None:
            wait = {"Retry-After": str(self.throttled)}
            return _error(Refusal(429, "TooManyRequests", "Too many requests."), wait)
        path = request.raw_path.partition("?")[0].removeprefix("/v1.0/")
        for method, pattern, needs, handler in self._routes:
            if method != request.method or not (found := pattern.fullmatch(path.replace("%27", "'"))):
                continue
            if needs.isdisjoint(self.tokens[token]):
                raise denied()
            answer = handler(request, [unquote(one) for one in found.groups()])
            return answer if isinstance(answer, web.StreamResponse) else await answer
        raise Refusal(400, "BadRequest", f"Resource not found for the segment of {request.method}.")

    def list_users(self, request: web.Request, _parts: Any) -> web.Response:
        return self._listed(request, self.directory.users, USER_PROPERTIES, USER_DEFAULT, "users")

    async def create_user(self, request: web.Request, _parts: Any) -> web.Response:
        made = self.directory.create_user(await _body(request))
        return web.json_response(_shown(made, USER_DEFAULT), status=201)

    def get_user(self, request: web.Request, parts: Any) -> web.Response:
        user = self.directory.user(parts[0])
        query = _query(request, "$select", "$expand")
        shown = _shown(user, _selected(query, USER_PROPERTIES, USER_DEFAULT))
        if expand := query.get("$expand"):
            if expand != "manager($select=id)":
                raise Refusal(400, "BadRequest", "Could not expand.")
            if manager := self.directory.managers.get(user["id"]):
                shown["manager"] = {"@odata.type": "#microsoft.graph.user", "id": manager}
        return web.json_response(shown)

    async def update_user(self, request: web.Request, parts: Any) -> web.Response:
        self.directory.update_user(self.directory.user(parts[0]), await _body(request))
        return web.Response(status=204)

    def delete_user(self, _request: web.Request, parts: Any) -> web.Response:
        self.directory.delete_user(self.directory.user(parts[0]))
        return web.Response(status=204)

    async def set_manager(self, request: web.Request, parts: Any) -> web.Response:
        user, body = self.directory.user(parts[0]), await _body(request)
        self.directory.set_manager(user, body.get("@odata.id"))
        return web.Response(status=204)

    def remove_manager(self, _request: web.Request, parts: Any) -> web.Response:
        user = self.directory.user(parts[0])
        if self.directory.managers.pop(user["id"], None) is None:
            raise missing("manager")
        return web.Response(status=204)

    def revoke(self, _request: web.Request, parts: Any) -> web.Response:
        self.directory.ended.append(self.directory.user(parts[0])["id"])
        return web.json_response({"@odata.context": "...#Edm.Boolean", "value": True})

    def list_deleted(self, request: web.Request, _parts: Any) -> web.Response:
        path = "directory/deletedItems/microsoft.graph.user"
        return self._listed(request, self.directory.deleted, USER_PROPERTIES, USER_DEFAULT, path)

    def get_deleted(self, request: web.Request, parts: Any) -> web.Response:
        if parts[0] not in self.directory.deleted:
            raise missing(parts[0])
        names = _selected(_query(request, "$select"), USER_PROPERTIES, USER_DEFAULT)
        return web.json_response(_shown(self.directory.deleted[parts[0]], names))

    async def restore(self, request: web.Request, parts: Any) -> web.Response:
        body = await _body(request) if request.can_read_body else {}
        return web.json_response(_shown(self.directory.restore(parts[0], body), USER_DEFAULT))

    def list_groups(self, request: web.Request, _parts: Any) -> web.Response:
        return self._listed(request, self.directory.groups, GROUP_PROPERTIES, GROUP_DEFAULT, "groups")

    async def create_group(self, request: web.Request, _parts: Any) -> web.Response:
        made = self.directory.create_group(await _body(request))
        return web.json_response(_shown(made, GROUP_DEFAULT), status=201)

    def get_named(self, request: web.Request, parts: Any) -> web.Response:
        found = self.directory.named(parts[0].replace("''", "'"))
        if found is None:
            raise missing(parts[0])
        return self.get_group(request, [found["id"]])

    async def upsert_group(self, request: web.Request, parts: Any) -> web.Response:
        body, unique = await _body(request), parts[0].replace("''", "'")
        found = self.directory.named(unique)
        if found is not None:
            self.directory.update_group(found, body)
            return web.Response(status=204)
        if request.headers.get("Prefer") != "create-if-missing":
            raise missing(unique)
        made = self.directory.create_group(body, unique)
        return web.json_response(_shown(made, GROUP_DEFAULT), status=201)

    def get_group(self, request: web.Request, parts: Any) -> web.Response:
        names = _selected(_query(request, "$select"), GROUP_PROPERTIES, GROUP_DEFAULT)
        return web.json_response(_shown(self.directory.group(parts[0]), names))

    async def update_group(self, request: web.Request, parts: Any) -> web.Response:
        self.directory.update_group(self.directory.group(parts[0]), await _body(request))
        return web.Response(status=204)

    def delete_group(self, _request: web.Request, parts: Any) -> web.Response:
        del self.directory.groups[self.directory.group(parts[0])["id"]]
        return web.Response(status=204)

    def list_members(self, request: web.Request, parts: Any) -> web.Response:
        group = self.directory.group(parts[0])
        there = {one: {"id": one} for one in self.directory.members[group["id"]]}
        return self._listed(request, there, {"id"}, ("id",), f"groups/{quote(parts[0])}/members")

    async def add_member(self, request: web.Request, parts: Any) -> web.Response:
        group, body = self.directory.group(parts[0]), await _body(request)
        self.directory.add_member(group, body.get("@odata.id"))
        return web.Response(status=204)

    def remove_member(self, _request: web.Request, parts: Any) -> web.Response:
        self.directory.remove_member(self.directory.group(parts[0]), parts[1])
        return web.Response(status=204)

    def delete_through_group(self, _request: web.Request, parts: Any) -> web.Response:
        """What "Remove member" warns of: without /$ref the member itself is deleted."""
        self.directory.delete_user(self.directory.user(parts[1]))
        return web.Response(status=204)

    async def bulk_upload(self, request: web.Request, parts: Any) -> web.Response:
        self._check_job(parts)
        try:
            body = await request.json()
        except json.JSONDecodeError:
            body = None
        try:
            self.job.upload(request.content_type, body)
        except Refusal as refusal:
            if refusal.status != 429:
                raise
            return _error(refusal, {"Retry-After": refusal.message.rpartition(" ")[2]})
        logs = f"{self.public}/v1.0/auditLogs/provisioning/?$filter=jobid%20eq%20'{JOB}'"
        date = formatdate(self.job.clock(), usegmt=True)
        return web.Response(status=202, headers={"Location": logs, "Date": date})

    def get_job(self, _request: web.Request, parts: Any) -> web.Response:
        self._check_job(parts)
        return web.json_response({"id": JOB, "status": {"code": self.job.state}})

    def _check_job(self, parts: Any) -> None:
        if list(parts) != [SERVICE_PRINCIPAL, JOB]:
            raise Refusal(404, "ResourceNotFound", "The synchronization job does not exist.")

    def list_logs(self, request: web.Request, _parts: Any) -> web.Response:
        query = _query(request, "$filter", "$top", "$skiptoken", "$orderby")
        rest = self.job.told(query.get("$filter"))
        skip = int(query.get("$skiptoken", "0"))
        size = min(int(query.get("$top", "100")), self.page)
        body: Thing = {"value": rest[skip : skip + size]}
        if rest[skip + size :]:
            asked = {**query, "$skiptoken": str(skip + size)}
            more = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
            body["@odata.nextLink"] = f"{self.public}/v1.0/auditLogs/provisioning?{more}"
        return web.json_response(body)

    def _listed(
        self,
        request: web.Request,
        there: Mapping[str, Thing],
        known: set[str],
        default: tuple[str, ...],
        path: str,
    ) -> web.Response:
        query = _query(request, "$select", "$filter", "$top", "$count", "$skiptoken")
        advanced = "$count" in query
        if advanced and request.headers.get("ConsistencyLevel") != "eventual":
            raise bad("$count is not currently supported without the ConsistencyLevel header.")
        top = int(query.get("$top", "100"))
        if not 1 <= top <= 999:
            raise bad("Invalid page size specified. Must be between 1 and 999 inclusive.")
        names, page = _selected(query, known, default), min(top, self.page)
        if token := query.get("$skiptoken"):
            if token not in self._lists:
                raise Refusal(
                    400, "Directory_ExpiredPageToken", "The specified page token value has expired."
                )
            rest, total = self._lists[token][0], self._lists[token][1]
        else:
            rest = self.directory.filtered(there, query.get("$filter"), advanced=advanced)
            total = str(len(rest))
        body: Thing = {"@odata.context": f"{self.public}/v1.0/$metadata#{path}"}
        if advanced:
            body["@odata.count"] = int(total)
        body["value"] = [_shown(one, names) for one in rest[:page]]
        if rest[page:]:
            token = f"m~{uuid.uuid4().hex}+/="
            self._lists[token] = (rest[page:], total)
            kept = {name: value for name, value in query.items() if name != "$skiptoken"} | {
                "$skiptoken": token
            }
            asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in kept.items())
            body["@odata.nextLink"] = f"{self.public}/v1.0/{path}?{asked}"
        return web.json_response(body)


def _query(request: web.Request, *known: str) -> dict[str, str]:
    for name in request.query:
        if name not in known:
            raise Refusal(400, "BadRequest", f"Unrecognized query argument specified: '{name}'.")
    return dict(request.query)


def _selected(query: Mapping[str, str], known: set[str], default: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(query["$select"].split(",")) if "$select" in query else default
    for name in names:
        if name not in known and not name.startswith("extension_"):
            raise Refusal(400, "BadRequest", f"Could not find a property named '{name}'.")
    return names


def _shown(thing: Thing, names: tuple[str, ...]) -> Thing:
    return {name: thing.get(name) for name in names if name != "passwordProfile"}


async def _body(request: web.Request) -> Thing:
    if request.content_type != "application/json":
        raise Refusal(415, "UnsupportedMediaType", "The content type must be application/json.")
    try:
        body = await request.json()
    except json.JSONDecodeError:
        body = None
    if not isinstance(body, dict) or not body:
        raise bad("Unable to read JSON request payload.")
    return body


def _error(refusal: Refusal, headers: Mapping[str, str] | None = None) -> web.Response:
    request = str(uuid.uuid4())
    inner = {"date": "2026-01-01T00:00:00", "request-id": request, "client-request-id": request}
    error: Thing = {"code": refusal.code, "message": refusal.message, "innerError": inner}
    if refusal.details:
        error["details"] = refusal.details
    return web.json_response({"error": error}, status=refusal.status, headers=headers)


def _refused(status: int, error: str, code: int, words: str) -> web.Response:
    described = f"AADSTS{code}: {words} Trace ID: {uuid.uuid4()} Timestamp: 2026-01-01 00:00:00Z"
    body = {"error": error, "error_description": described, "error_codes": [code]}
    return web.json_response(body, status=status)


def _jwt(claims: Thing) -> str:
    claims = {"aud": "https://graph.microsoft.com", "jti": uuid.uuid4().hex, **claims}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


@asynccontextmanager
async def entra_server() -> AsyncIterator[EntraServer]:
    """Run one on a free port."""
    server = EntraServer()
    application = web.Application(client_max_size=2**22)
    application.router.add_post("/{tenant}/oauth2/v2.0/token", server.token)
    application.router.add_route("*", "/v1.0/{path:.*}", server.graph)
    runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.public = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
