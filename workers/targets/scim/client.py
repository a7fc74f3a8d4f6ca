"""Talking SCIM (RFC 7644): requests, what the server says of itself, and what its refusals mean."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from bridge.errors import BridgeError, Conflict, RecordRejected, TargetHalted, TryLater
from bridge.model import Kind
from bridge.wire.answer import Answer, classify_status
from bridge.wire.http import Http
from bridge.wire.parsing import parse
from bridge.wire.permit import Permit
from workers.targets.scim.attributes import boolean, get, key
from workers.targets.scim.resource import Resource

_RESOURCE = re.compile(
    r"/(?:Users|Groups|Me|ServiceProviderConfig|Schemas|ResourceTypes|Bulk)/?$", re.IGNORECASE
)
"""What a client appends to a base address (RFC 7644, 3.2), where the vendor's page shows a whole address."""

WORDS = ("Users", "Groups", "Me", "Bulk", "ServiceProviderConfig", "Schemas", "ResourceTypes")
"""The segments of paths that may be shown: any other is somebody's id."""

PATHS = {Kind.PERSON: "/Users", Kind.TEAM: "/Groups"}


class Unsupported(RecordRejected):
    """The server does not have this operation (501, 405)."""


class Failing(TryLater):
    """500: a passing fault, or how this server refuses what it does not have."""


class NoTarget(RecordRejected):
    """A PATCH names something that is not there (400 noTarget, RFC 7644 section 3.12)."""


class Forbidden(TargetHalted):
    """403: the token is good, or it would be 401; what is forbidden may be this kind of request only."""


def classify(answer: Answer, said: str) -> BridgeError | None:
    """What an answer means where SCIM says more than its status (RFC 7644 section 3.12)."""
    error = classify_status(answer, said)
    if error is None:
        return None
    if answer.status in (405, 501):
        return Unsupported(str(error))
    if answer.status == 401:
        return TargetHalted(f"{error}: check the token")
    if answer.status == 403 and isinstance(error, TargetHalted):
        return Forbidden(str(error))
    if answer.status == 412:
        return TryLater(str(error))  # somebody else changed it since we read it
    if answer.status == 500 and isinstance(error, TryLater) and error.after is None:
        return Failing(str(error))
    if answer.status == 400:
        return {"uniqueness": Conflict, "noTarget": NoTarget}.get(_scim_type(answer), type(error))(str(error))
    return error


def _scim_type(answer: Answer) -> str:
    try:
        return str(get(parse(answer.body), "scimType"))
    except ValueError:
        return ""


def address(kind: Kind, remote_id: str) -> str:
    """The path of one object. An id is opaque and may hold anything, also an @ or a slash."""
    if not remote_id.strip("."):
        raise RecordRejected("the target's id for this object cannot stand in an address")
    return f"{PATHS[kind]}/{quote(remote_id, safe='')}"


def advice(base_url: str) -> str:
    """What to do about an address below which there are no users."""
    if end := _RESOURCE.search(base_url):
        return f"base_url ends in {end[0]}, which the bridge appends itself: take it off the end"
    return "base_url has to be the part of the server's addresses before /Users; most end in /scim/v2"


class Listed(NamedTuple):
    """A page of a list, `totalResults`, and the cursor of the next page, where the server tells them."""

    resources: list[Resource]
    total: int | None
    cursor: str


class ScimClient:
    """One SCIM server. Remembers for its lifetime what the server said of itself."""

    def __init__(self, http: Http, content_type: str) -> None:
        self._http = http
        self._headers = {"Content-Type": content_type}  # RFC 7644 section 3.1
        self._said: dict[str, Resource] = {}
        self._reading = asyncio.Lock()

    async def discover(self, path: str) -> Resource:
        """What the server says of itself (RFC 7644 section 4), read once; {} when there is none to be read.

        That is normal, servers differ, and decides nothing. Raises TryLater only when the server did not
        answer at all, or has asked to wait.
        """
        async with self._reading:
            if path not in self._said:
                self._said[path] = await self._discover(path)
            return self._said[path]

    def said(self, path: str) -> Resource:
        """What `discover` has read there; {} before."""
        return self._said.get(path, {})

    async def _discover(self, path: str) -> Resource:
        try:
            return await self.read(path)
        except TryLater as error:
            if error.of_the_target:
                raise
        except (RecordRejected, TargetHalted):
            pass  # when the token is at fault, the request that follows says so
        return {}

    async def supports(self, feature: str) -> bool | None:
        """Whether the server announces a feature such as `patch`; None when it says nothing."""
        return boolean(get(get(await self.discover("/ServiceProviderConfig"), feature), "supported"))

    async def read(self, path: str, params: Mapping[str, str] | None = None) -> Resource:
        """GET a JSON object. Raises TryLater for anything else, such as a gateway's page."""
        answer = await self._http.read(path, params=params)
        body = answer.json()
        if not isinstance(body, dict):
            raise TryLater("answered JSON that is no SCIM object; is the address right?")
        return _versioned(body, answer)

    async def write(
        self, method: str, path: str, permit: Permit, body: Any = None, *, based_on: Resource | None = None
    ) -> Resource:
        """Send a request that writes; the object in the answer, {} for an answer without one (204).

        `based_on`: the object as it was read. Where the server announces ETags it takes the change only if
        nobody has changed the object since; else TryLater, so that it is read again (RFC 7644 section 3.14).
        """
        headers = dict(self._headers) if body is not None else {}
        version = get(get(based_on, "meta"), "version")
        if isinstance(version, str) and version and await self.supports("etag"):
            headers["If-Match"] = version
        return _object(await self._http.write(method, path, permit, body=body, headers=headers))

    async def create(self, kind: Kind, body: Resource, permit: Permit) -> tuple[Resource, str]:
        """POST a new object; the answer's object, and its id from there or from Location; "": unknown."""
        answer = await self._http.write("POST", PATHS[kind], permit, body=body, headers=self._headers)
        created = _object(answer)
        return created, str(get(created, "id") or _id_in(answer.headers.get("Location", ""), kind))

    async def page(self, path: str, params: Mapping[str, str]) -> Listed:
        """One page of a list. Raises TryLater for what is none."""
        body = await self.read(path, params)
        items, total = get(body, "Resources"), get(body, "totalResults")
        if items is None and total is None:
            raise TryLater("answered JSON that is no SCIM list; is the address right?")
        listed = items if isinstance(items, list) else []
        resources = [item for item in listed if isinstance(item, dict) and get(item, "id")]
        number = int(total) if str(total).isdecimal() and len(str(total)) < 10 else None
        return Listed(resources, number, str(get(body, "nextCursor") or ""))


def _object(answer: Answer) -> Resource:
    # Parsed also where nothing is read from it: a gateway's sign-in page with 200 is no success.
    said = answer.json() if answer.body.strip() else None
    return _versioned(said, answer) if isinstance(said, dict) else {}


def _versioned(resource: Resource, answer: Answer) -> Resource:
    """An object with its version, which has to be in a header, and may be missing in it (RFC 7644, 3.14)."""
    meta = get(resource, "meta") or {}
    if (etag := answer.headers.get("ETag")) and isinstance(meta, dict) and not get(meta, "version"):
        resource[key(resource, "meta")] = {**meta, "version": etag}
    return resource


def _id_in(location: str, kind: Kind) -> str:
    """The id in the address of a new object (RFC 7644 section 3.3); "" when there is none in it."""
    path, _, id_ = location.partition("?")[0].rstrip("/").rpartition("/")
    return "" if id_ == "undefined" or not path.endswith(PATHS[kind]) else unquote(id_)
