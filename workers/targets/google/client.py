"""Talking to the Directory API: requests, lists, and what its refusals mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from bridge.commands import command
from bridge.errors import BridgeError, NotFound, RecordRejected, TargetHalted, TryLater
from bridge.model import Kind
from bridge.wire.answer import Answer, classify_status
from bridge.wire.http import Http
from bridge.wire.parsing import parse
from bridge.wire.permit import Permit
from bridge.wire.quiet import quiet_time
from workers.targets.google.resource import Resource

WORDS = ("users", "groups", "members", "aliases", "signOut", "tokens", "asps", "customer", "orgunits")
"""The segments of paths that may be shown: any other is somebody's id, or address."""

PATHS = {Kind.PERSON: "/users", Kind.TEAM: "/groups"}

_LONGEST = 2_000
"""Pages that are read of one list."""

_THROTTLED = {"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "concurrentLimitExceeded"}
"""Reasons of a 403 that pass: developers.google.com/workspace/admin/directory/v1/limits."""

_DAY_IS_OVER = "dailyLimitExceeded"
_AN_HOUR = 3600.0

_NO_ORG_UNIT = ("INVALID_OU_ID", "Invalid Ou Id", "Invalid Org Unit", "Org unit not found")


class Forbidden(TargetHalted):
    """403: the sign-in is good; it is this kind of request that the administrator or the key may not make."""


class Deleted(NotFound):
    """The user was deleted, which Google says for 20 days in place of a 404."""


class Invalid(RecordRejected):
    """400 in Google's own words: the request cannot be done as it is."""


class NoOrgUnit(RecordRejected):
    """The organizational unit is not there."""


def classify(answer: Answer, said: str) -> BridgeError | None:
    """What an answer means where Google says more than its status."""
    error = classify_status(answer, said)
    if error is None or answer.status not in (400, 403, 404, 412):
        return error
    reasons, message, is_googles = _explained(answer)
    if answer.status == 403:
        return _forbidden(answer, str(error), reasons)
    if answer.status == 412:
        if "deleted" in message:
            return Deleted(str(error))
        return TryLater(str(error))  # "User creation is not complete"
    if answer.status == 404 and not is_googles:
        return TryLater("answered 404, and not in the way of the Directory API; is base_url right?")
    if any(words in message for words in _NO_ORG_UNIT):
        return NoOrgUnit(str(error))
    return Invalid(str(error)) if answer.status == 400 and is_googles else error


def _forbidden(answer: Answer, text: str, reasons: set[str]) -> BridgeError:
    if reasons & _THROTTLED:
        return TryLater(text, after=quiet_time(answer.headers))
    if _DAY_IS_OVER in reasons:
        return TryLater(text, after=_AN_HOUR)
    if reasons & {"accessNotConfigured", "SERVICE_DISABLED"}:
        return TargetHalted(
            f"{text}; enable the Admin SDK API in the Google Cloud project of the key (APIs & Services >"
            " Library)"
        )
    if reasons & {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}:
        return Forbidden(f"{text}; the token lacks a scope: {command('check')} names it")
    if reasons & {"domainCannotUseApis"}:
        return TargetHalted(f"{text}; allow API access in the Admin console (Security > API controls)")
    return Forbidden(f"{text}; the administrator named in `admin` lacks the privilege for it")


class _Explained(NamedTuple):
    """What an error says: its reasons, its message, and whether it is one of the Directory API at all."""

    reasons: set[str]
    message: str
    is_googles: bool


def _explained(answer: Answer) -> _Explained:
    try:
        body = parse(answer.body)
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return _Explained(set(), "", False)
    named = [*_dicts(error.get("errors")), *_dicts(error.get("details"))]
    reasons = {str(one["reason"]) for one in named if one.get("reason")}
    return _Explained(reasons, str(error.get("message") or ""), "code" in error)


def _dicts(value: Any) -> list[Resource]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def address(kind: Kind, remote_id: str, *rest: str) -> str:
    """The path of one object, or of something below it. A key may hold anything, also an @ or a slash."""
    parts = (remote_id, *rest)
    if not all(part.strip(".") for part in parts):
        raise RecordRejected("the target's id for this object cannot stand in an address")
    return "/".join((PATHS[kind], *(quote(part, safe="") for part in parts)))


class Listed(NamedTuple):
    """A page of a list, and whether the list ends there."""

    objects: list[Resource]
    ends: bool


class Client:
    """One Workspace account. `shows_within`: seconds after which what was made has to be shown.

    `customer` is the account's id.
    """

    def __init__(self, http: Http, shows_within: float, customer: str) -> None:
        self._http = http
        self._customer = customer
        self._within = shows_within
        self._made: dict[str, float] = {}

    async def read(self, path: str, params: Mapping[str, str] | None = None) -> Resource:
        """GET a JSON object. Raises TryLater for anything else, such as a gateway's page."""
        body = (await self._http.read(path, params=params)).json()
        if not isinstance(body, dict):
            raise TryLater("answered JSON that is no object; is the address right?")
        return body

    async def get(self, kind: Kind, key: str) -> Resource | None:
        """A user or group by id or address; None when there is none.

        Raises TryLater for one that this process has made just now: Google takes a while to show it. One that
        may not be read is rejected by itself, if others may be: 403 is also the answer to a foreign domain.
        """
        try:
            found = await self.read(address(kind, key))
        except NotFound as error:
            self._see_that_it_is_old(key, error)
            return None
        except Forbidden as error:
            await self.read(PATHS[kind], {"customer": self._customer, "maxResults": "1"})
            raise RecordRejected(f"{error}, or its address is in none of this account's domains") from None
        if not found.get("id"):
            raise TryLater("answered without the object that was asked for")
        return found

    async def write(self, method: str, path: str, permit: Permit, body: Resource | None = None) -> Resource:
        """Send a request that writes; the object in the answer, {} for an answer without one."""
        answer = await self._http.write(method, path, permit, body=body)
        # Parsed also where nothing is read from it: a gateway's sign-in page with 200 is no success.
        said = answer.json() if answer.body.strip() else None
        return said if isinstance(said, dict) else {}

    async def create(self, kind: Kind, body: Resource, permit: Permit) -> Resource:
        """POST a new object; {} where the answer has no id."""
        created = await self.write("POST", PATHS[kind], permit, body)
        if not (id_ := created.get("id")):
            return {}
        self._made[str(id_)] = asyncio.get_running_loop().time()
        return created

    async def change(self, kind: Kind, remote_id: str, body: Resource, permit: Permit) -> Resource:
        """Change the fields in `body`; the object as it is then. Raises TryLater as `get` does.

        PUT of a user merges like a PATCH, and alone can empty lists; of a group only PATCH merges.
        """
        try:
            method = "PUT" if kind is Kind.PERSON else "PATCH"
            return await self.write(method, address(kind, remote_id), permit, body)
        except NotFound as error:
            self._see_that_it_is_old(remote_id, error)
            raise

    def forget(self, remote_id: str) -> None:
        """What was made is deleted again."""
        self._made.pop(remote_id, None)

    async def whole(self, path: str, name: str, params: Mapping[str, str]) -> list[Resource]:
        """All objects of a list that have an id. Raises TryLater where it came to no end."""
        pages = [page async for page in self.pages(path, name, params)]
        if not pages[-1].ends:
            raise TryLater("answered a list without an end")
        return [one for page in pages for one in page.objects if one.get("id")]

    async def pages(self, path: str, name: str, params: Mapping[str, str]) -> AsyncIterator[Listed]:
        """The objects of a list, page by page.

        Raises TryLater for what is no list: an answer without its `kind` proves nothing.
        """
        kind, seen, token = f"admin#directory#{name}", {""}, ""
        fields = f"kind,nextPageToken,{name}({params['fields']})"
        for _ in range(_LONGEST):
            asked = {**params, "fields": fields, **({"pageToken": token} if token else {})}
            body = await self.read(path, asked)
            if body.get("kind") != kind:
                raise TryLater("answered JSON that is no list of the Directory API; is base_url right?")
            token = str(body.get("nextPageToken") or "")
            yield Listed(_dicts(body.get(name)), not token)
            if token in seen:
                return
            seen.add(token)

    def _see_that_it_is_old(self, remote_id: str, error: NotFound) -> None:
        """Raise TryLater for what was made just now: that it is not found proves nothing yet."""
        now = asyncio.get_running_loop().time()
        self._made = {id_: at for id_, at in self._made.items() if now - at < self._within}
        if remote_id in self._made and not isinstance(error, Deleted):
            raise TryLater(f"{error}; it was created a moment ago, and is not shown yet")
