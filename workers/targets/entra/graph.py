"""Talking to Microsoft Graph: requests, pages, and what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

from yarl import URL

from bridge.errors import BridgeError, Conflict, NotFound, RecordRejected, TargetHalted, TryLater
from bridge.wire.answer import Answer, classify_status
from bridge.wire.http import Http
from bridge.wire.parsing import parse
from bridge.wire.permit import Permit
from bridge.wire.request import Request
from workers.targets.batches import Batches
from workers.targets.entra.attributes import Object
from workers.targets.entra.batches import JsonBatch
from workers.targets.entra.permissions import Need, Permissions

PAGE = 999
"""Objects on a page, the most that Microsoft Graph gives."""

WORDS = (
    *("users", "groups", "members", "manager", "$ref", "revokeSignInSessions"),
    *("directory", "deletedItems", "microsoft.graph.user", "restore", "auditLogs", "provisioning"),
    *("servicePrincipals", "synchronization", "jobs", "bulkUpload", "$batch"),
)
"""The segments of paths that may be shown: any other is somebody's id, or name."""

SCIM = "application/scim+json"
NO_JOB = "compare service_principal and job with the Provisioning API Endpoint of the provisioning app"

_TAKEN = 202
_MOST_PAGES = 2_000
_REQUEST_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")

# Microsoft Graph has no codes for these; the sentences are those of "Add members", "Update group" and of
# synchronised objects.
_ALREADY = "object references already exist"
_NOT_YET = re.compile(r"referenced? (?:do|does)(?: not|n't) exist|objects are not present")
_SYNCED = "on-premises mastered"
_WAS_SYNCED = (
    "Entra ID says that an on-premises directory masters this; of an account that was synchronised once these"
    " are its extension attributes: set kenjo_id_attribute to a directory extension"
)


class Denied(RecordRejected):
    """403: the application may not do this, or not to this object."""


class AlreadyMember(RecordRejected):
    """One of those who were to be added is in the group already; nobody was added."""


def classify(answer: Answer, said: str) -> BridgeError | None:
    """What an answer means where Microsoft Graph says more than its status."""
    error = classify_status(answer, said)
    if error is None:
        return None
    code, message, details, request = _told(answer)
    text = f"{error} (request-id {request})" if request else str(error)
    if answer.status == 403:
        return Denied(text)
    if answer.status in (412, 423) or (answer.status == 409 and "oncurrency" in code):
        return TryLater(text)
    if answer.status == 400:
        return _bad_request(text, message, details)
    return type(error)(text) if isinstance(error, RecordRejected) else error


def _bad_request(text: str, message: str, details: set[str]) -> BridgeError:
    if "ObjectConflict" in details:
        return Conflict(text)
    if _ALREADY in message:
        return AlreadyMember(text)
    if _NOT_YET.search(message):
        return TryLater(f"{text}: what was created a moment ago is not shown everywhere yet")
    return RecordRejected(_WAS_SYNCED if _SYNCED in message else text)


def _told(answer: Answer) -> tuple[str, str, set[str], str]:
    """The code, the message, the codes of details and the id of the request in an error."""
    try:
        error = _object(_object(parse(answer.body)).get("error"))
    except ValueError:
        return "", "", set(), ""
    details = error.get("details")
    codes = {str(_object(one).get("code")) for one in details} if isinstance(details, list) else set()
    request = str(_object(error.get("innerError")).get("request-id"))
    shown = request if _REQUEST_ID.fullmatch(request) else ""
    return str(error.get("code")), str(error.get("message")), codes, shown


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def address(collection: str, remote_id: str) -> str:
    """The path of one object, whatever stands in its id."""
    if not remote_id.strip("."):
        raise RecordRejected("the target's id for this object cannot stand in an address")
    return f"{collection}/{quote(remote_id, safe='')}"


class Graph:
    """One tenant. Up to `together` requests that are asked for at the same time travel in one."""

    def __init__(self, http: Http, permissions: Permissions, together: int = 1) -> None:
        self._http = http
        self._batches = Batches(http, JsonBatch(), together)
        self.permissions = permissions

    @property
    def alone(self) -> Graph:
        """The same tenant for requests that nobody else is to wait for, as they are large or many."""
        return Graph(self._http, self.permissions)

    async def end(self) -> None:
        """Give up what has not been sent."""
        await self._batches.end()

    def reference(self, remote_id: str) -> str:
        """The address by which a request refers to another object."""
        return self._http.base_url + address("/directoryObjects", remote_id)

    async def get(self, path: str, needs: Need, params: Mapping[str, str] | None = None) -> Object:
        """GET a JSON object. Raises what a missing permission means when the application may not."""
        # Counting, and some filters, are taken only from who puts up with an index that is behind.
        headers = {"ConsistencyLevel": "eventual"} if params and "$count" in params else None
        try:
            body = (await self._batches.read(Request("GET", path, params, headers=headers))).json()
        except Denied as denied:
            raise await self._missing(denied, needs) from None
        if not isinstance(body, dict):
            raise TryLater("answered JSON that is no object of Microsoft Graph; is base_url right?")
        return body

    async def find(self, path: str, needs: Need, params: Mapping[str, str]) -> Object | None:
        """The same; None for 404."""
        try:
            return await self.get(path, needs, params)
        except NotFound:
            return None

    async def pages(
        self, path: str, needs: Need, params: Mapping[str, str]
    ) -> AsyncIterator[tuple[list[Object], bool]]:
        """All pages of a list, each with whether it is the last one. Raises TryLater for a list without end.

        The address of the next page is the server's to give; one that leads elsewhere is not followed, as
        the token would go along.
        """
        more, asked, passed = path, dict(params), set()
        counted = {name: value for name, value in params.items() if name == "$count"}
        for _ in range(_MOST_PAGES):
            body = await self.get(more, needs, asked)
            items = body.get("value")
            if not isinstance(items, list):
                raise TryLater("answered JSON that is no list of Microsoft Graph; is base_url right?")
            follows = body.get("@odata.nextLink")
            yield [one for one in items if isinstance(one, dict) and one.get("id")], not follows
            if not follows:
                return
            link = self._link(str(follows))
            if str(link) in passed:
                break
            passed.add(str(link))
            more, asked = link.raw_path.removeprefix(URL(self._http.base_url).raw_path), dict(link.query)
            asked |= counted
        raise TryLater("the list of Microsoft Graph goes on without an end")

    def _link(self, text: str) -> URL:
        try:
            link, base = URL(text), URL(self._http.base_url)
            if link.origin() == base.origin() and link.raw_path.startswith(base.raw_path + "/"):
                return link
        except ValueError:
            pass
        raise TryLater("the next page of the list is at another address than base_url, and was not fetched")

    async def write(
        self,
        method: str,
        path: str,
        permit: Permit,
        needs: Need,
        body: Object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Object:
        """Send a request that writes; the object in its answer, {} for an answer without one (204).

        Raises what a missing permission means where the application is known to lack it, else RecordRejected
        for what it may not change.
        """
        try:
            answer = await self._batches.write(Request(method, path, body=body, headers=headers), permit)
        except Denied as denied:
            raise await self._forbidden(denied, needs) from None
        return _object(answer.json()) if answer.body.strip() else {}

    async def write_seen(
        self, method: str, path: str, permit: Permit, needs: Need, body: Object | None = None
    ) -> Object:
        """The same to an object that was shown a moment ago: 404 is a copy that is behind, and may pass.

        Raises TryLater for it: the next attempt reads again, and sees whether it is gone.
        """
        try:
            return await self.write(method, path, permit, needs, body)
        except NotFound as error:
            raise TryLater(f"{error}: it, or what it refers to, is not shown everywhere yet") from None

    async def upload(self, path: str, permit: Permit, needs: Need, body: Object) -> str:
        """POST what is taken now and done later; when that was, as the answer's `Date` has it.

        Raises TargetHalted where the application may not upload there, or where nothing takes uploads, and
        TryLater for an answer that takes nothing.
        """
        headers = {"Content-Type": SCIM}
        try:
            answer = await self._http.write("POST", path, permit, body=body, headers=headers)
        except Denied as denied:
            if await self.permissions.granted_since(needs):
                raise await self._missing(denied, needs) from None
            raise TargetHalted(f"{denied}: {needs.sentence}") from None
        except NotFound as error:
            raise TargetHalted(f"{error}: there is no such provisioning job; {NO_JOB}") from None
        if answer.status != _TAKEN:
            raise TryLater(f"answered {answer.status} to an upload, which is taken with {_TAKEN} only")
        return str(answer.headers.get("Date", ""))

    async def _forbidden(self, denied: Denied, needs: Need) -> BridgeError:
        lack = await self.permissions.lack(needs)
        if lack:
            return await self._missing(denied, needs)
        privileged = (
            "it has an administrator's role, or is in a group that gives one, and the application may not"
            " change those: change it in Entra ID"
        )
        if lack is None:
            return RecordRejected(f"{denied}: either {privileged}; or {needs.sentence}")
        return RecordRejected(f"{denied}: {privileged}")

    async def _missing(self, denied: Denied, needs: Need) -> BridgeError:
        if await self.permissions.granted_since(needs):
            return TryLater(f"{denied}: the permission has been granted meanwhile, and a new token has it")
        return needs.missing(denied)
