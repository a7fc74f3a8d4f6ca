"""Talking SCIM (RFC 7644): requests, look-ups, what the server can do, and what its refusals mean."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote

from bridge.errors import BridgeError, Conflict, RecordRejected, TargetHalted, TryLater
from bridge.http import Answer, Http, classify_status
from bridge.model import Kind
from bridge.parsing import parse
from workers.targets.scim_attributes import Slot, boolean, get, resolve, same, same_key
from workers.targets.scim_changes import Difference, quoted
from workers.targets.scim_resource import Resource, read

PATHS = {Kind.PERSON: "/Users", Kind.TEAM: "/Groups"}

Patch = Literal["auto", "always", "never", "flat"]

_PAGE = 100
_MAX_PAGES = 200
_CONTENT_TYPE = {"Content-Type": "application/scim+json"}  # RFC 7644 section 3.1


class Unsupported(RecordRejected):
    """The server does not have this operation (501, 405)."""


def classify(answer: Answer, said: str) -> BridgeError | None:
    """What an answer means where SCIM says more than its status (RFC 7644 section 3.12)."""
    error = classify_status(answer, said)
    if error is None:
        return None
    if answer.status in (405, 501):
        return Unsupported(str(error))
    if answer.status == 412:
        return TryLater(str(error))  # somebody else changed it since we read it
    if answer.status == 400 and _scim_type(answer) == "uniqueness":
        return Conflict(str(error))
    return error


def _scim_type(answer: Answer) -> Any:
    try:
        return get(parse(answer.body), "scimType")
    except ValueError:
        return None


def _has(resource: Resource, slot: Slot, value: str) -> bool:
    """Whether a found object is one that was looked for; of a list, an entry of the type, or without one."""
    found = read(resource, slot)
    if not slot.entry:
        return same_key(slot.name, found, value)
    ours = [
        get(entry, slot.sub or "value")
        for entry in (found if isinstance(found, list) else [])
        if str(get(entry, "type") or slot.entry).lower() == slot.entry.lower()
    ]
    return any(same(slot, have, value) for have in ours)


def address(kind: Kind, remote_id: str) -> str:
    """The path of one object. An id is opaque and may hold anything, also an @ or a slash."""
    if not remote_id.strip("."):
        raise RecordRejected("the target's id for this object cannot stand in an address")
    return f"{PATHS[kind]}/{quote(remote_id, safe='')}"


class ScimClient:
    """One SCIM server. Remembers for its lifetime what the server can do."""

    def __init__(self, http: Http, patch: Patch, chunk: int) -> None:
        self._http = http
        self._mode = patch
        self._chunk = chunk
        self._patch: bool | None = None
        self._config: Resource | None = None
        self._reading = asyncio.Lock()

    async def config(self) -> Resource:
        """ServiceProviderConfig, read once; empty when there is none, or none that can be read.

        That is normal (RFC 7644 section 4 wants it, servers differ) and decides nothing. Raises TryLater only
        when the server did not answer at all.
        """
        async with self._reading:
            if self._config is None:
                self._config = await self._read_config()
            return self._config

    async def _read_config(self) -> Resource:
        try:
            return await self.read("/ServiceProviderConfig")
        except TryLater as error:
            if error.unreachable:
                raise
        except (RecordRejected, TargetHalted):
            pass  # when the token is at fault, the request that follows says so
        return {}

    async def supports(self, feature: str) -> bool | None:
        """Whether the server announces a feature such as `patch`; None when it says nothing."""
        return boolean(get(get(await self.config(), feature), "supported"))

    async def read(self, path: str, params: Mapping[str, str] | None = None) -> Resource:
        """GET a JSON object. Raises TryLater for anything else, such as a gateway's page."""
        body = (await self._http.request("GET", path, params=params)).json()
        if not isinstance(body, dict):
            raise TryLater("answered JSON that is no SCIM object; is the address right?")
        return body

    async def write(self, method: str, path: str, body: Any = None) -> Resource:
        """Send a request that writes; the object in the answer, {} for an answer without one (204)."""
        headers = None if body is None else _CONTENT_TYPE
        answer = await self._http.request(method, path, body=body, headers=headers)
        # Parsed also where nothing is read from it: a gateway's sign-in page with 200 is no success.
        said = answer.json() if answer.body.strip() else None
        return said if isinstance(said, dict) else {}

    async def page(self, path: str, params: Mapping[str, str]) -> tuple[list[Resource], int | None]:
        """One page of a list, and `totalResults` where the server tells it."""
        body = await self.read(path, params)
        items, total = get(body, "Resources"), get(body, "totalResults")
        if items is None and total is None:
            raise TryLater("answered JSON that is no SCIM list; is the address right?")
        resources = [item for item in items or [] if isinstance(item, dict) and get(item, "id")]
        return resources, int(total) if str(total).isdigit() else None

    async def search(self, kind: Kind, name: str, value: str) -> list[Resource] | None:
        """The objects whose attribute has this value; None when the server cannot be asked for it.

        Servers ignore filters, counts and start indexes, so what comes back is compared here, and pages are
        read until all are there or nothing new comes.
        """
        slot = resolve(kind, name)
        params = {"filter": f"{slot.filter} eq {quoted(value)}", "count": str(_PAGE)}
        seen: dict[str, Resource] = {}
        start, total = 1, None
        for _ in range(_MAX_PAGES):
            try:
                page, total = await self.page(PATHS[kind], {**params, "startIndex": str(start)})
            except RecordRejected:  # most often 400 invalidFilter
                return None
            fresh = {str(get(item, "id")): item for item in page if str(get(item, "id")) not in seen}
            seen |= fresh
            start += len(page)
            if not fresh or total is None or len(seen) >= total:
                break
        hits = [item for item in seen.values() if _has(item, slot, value)]
        unread = total is not None and len(seen) < total
        # Others came back, so the filter was ignored, and not everybody was seen: that proves nothing.
        return None if seen and not hits and unread else hits

    async def change(self, path: str, difference: Difference) -> Resource:
        """Send a difference in the form that the server takes; the last answer's object."""
        if self._mode == "flat":
            return await self._change_flat(path, difference)
        if await self._patches():
            try:
                return await self._send("PATCH", path, difference.patches(self._chunk))
            except Unsupported:
                if self._mode == "always":
                    raise
                self._patch = False
        return await self.write("PUT", path, difference.replacement())

    async def _patches(self) -> bool:
        if self._patch is None:
            announced = self._mode == "auto" and await self.supports("patch") is False
            self._patch = self._mode != "never" and not announced
        return self._patch

    async def _change_flat(self, path: str, difference: Difference) -> Resource:
        answer: Resource = {}
        if difference.changed or difference.add:
            answer = await self._send("PATCH", path, difference.flat(self._chunk))
        if difference.remove:
            raise RecordRejected(
                "this server takes no single member out of a group (patch: flat); take them out there by hand"
            )
        return answer

    async def _send(self, method: str, path: str, bodies: Iterable[Resource]) -> Resource:
        answer: Resource = {}
        for body in bodies:
            answer = await self.write(method, path, body)
        return answer
