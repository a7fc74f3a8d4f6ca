"""JSON batching of a made-up Microsoft Graph: many requests in one, each carried out and answered by itself.

Written from Microsoft's pages and without our client: "Combine multiple HTTP requests using JSON batching"
and "Throttling and batching" (v1.0).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict

from tests.workers.targets.entra_directory import Refusal, Thing
from workers.testing.proxy import Seen, reads_by_method

PATH = "/v1.0/$batch"
MOST = 20

_KNOWN = {"id", "method", "url", "headers", "body", "dependsOn"}
_METHODS = {"GET", "POST", "PATCH", "PUT", "DELETE"}


class Inner:
    """A request inside a batch, as far as handlers look at one."""

    def __init__(self, told: Thing, headers: Mapping[str, str]) -> None:
        path, _, query = str(told["url"]).partition("?")
        self.method = str(told["method"])
        self.path = "/v1.0/" + path.lstrip("/")
        self.raw_path = f"{self.path}?{query}" if query else self.path
        self.query = dict(parse_qsl(query, keep_blank_values=True))
        self.headers = CIMultiDict({**headers, **(told.get("headers") or {})})
        self.content_type = self.headers.get("Content-Type", "application/octet-stream").partition(";")[0]
        self._body = told.get("body")

    async def json(self) -> Any:
        return self._body


Inside = Callable[[Inner], Awaitable[web.StreamResponse]]
Fault = Callable[[Inner, Inside], Awaitable[web.StreamResponse | None]]
"""What becomes of one request inside; None: it is left out of the answer."""


@dataclass
class Batching:
    """`faults` meet the requests inside, the first that gives something else than `passed`.

    Requests are carried out, and answered, backwards, as any order may be.
    `sizes` are those of the batches that were taken.
    """

    faults: list[Fault] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    async def carry_out(self, request: web.Request, inside: Inside) -> web.Response:
        """Carry out a batch. Raises Refusal for one that is malformed."""
        requests = _checked(await request.read(), request.content_type)
        self.sizes.append(len(requests))
        authorization = {"Authorization": request.headers.get("Authorization", "")}
        answers = [(one["id"], await self._met(Inner(one, authorization), inside)) for one in requests[::-1]]
        told = [_told(id_, answer) for id_, answer in answers if answer is not None]
        return web.json_response({"responses": told})

    async def _met(self, inner: Inner, inside: Inside) -> web.StreamResponse | None:
        for fault in self.faults:
            answer = await fault(inner, inside)
            if answer is not passed:
                return answer
        return await inside(inner)


passed = web.Response(status=599)
"""What a fault gives that leaves a request alone."""


def at(part: str, status: int, method: str = "", **headers: str) -> Fault:
    """Answer requests so, unread, that have this in what they say."""

    async def fault(inner: Inner, _inside: Inside) -> web.StreamResponse | None:
        if not _has(inner, part, method):
            return passed
        error = {"code": "UnknownError", "message": "No.", "innerError": {}}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"error": error}, status=status, headers=named)

    return fault


def unanswered(part: str, method: str = "") -> Fault:
    """Carry out requests that have this in what they say, and leave them out of the answer."""

    async def fault(inner: Inner, inside: Inside) -> web.StreamResponse | None:
        if not _has(inner, part, method):
            return passed
        await inside(inner)
        return None

    return fault


def _has(inner: Inner, part: str, method: str) -> bool:
    said = f"{inner.raw_path} {json.dumps(inner._body)}"
    return part in said and method in ("", inner.method)


def parts(seen: Seen) -> list[tuple[str, str, Any]]:
    """Method, path without the version and body of what a request is, or of each that it carries."""
    if not seen.path.endswith("/$batch"):
        return [(seen.method, seen.path.removeprefix("/v1.0"), json.loads(seen.body or b"null"))]
    inner = json.loads(seen.body)["requests"]
    return [(one["method"], one["url"].partition("?")[0], one.get("body")) for one in inner]


def reads(seen: Seen) -> bool:
    """Whether a request changes nothing, whatever it carries."""
    return all(reads_by_method(method, path) for method, path, _ in parts(seen))


def _checked(content: bytes, content_type: str) -> list[Thing]:
    """The requests in a batch. Raises Refusal."""
    if content_type != "application/json" or len(content) > 4 * 2**20:
        raise _malformed("Unable to read the batch.")
    body = json.loads(content)
    requests = body.get("requests") if isinstance(body, dict) and body.keys() == {"requests"} else None
    if not isinstance(requests, list) or not requests:
        raise _malformed("Invalid batch payload format.")
    if len(requests) > MOST:
        raise _malformed(f"Number of batch request steps exceeds the maximum value of {MOST}.")
    for one in requests:
        _check(one)
    ids = [one.get("id") for one in requests]
    if not all(isinstance(id_, str) and id_ for id_ in ids) or len({id_.lower() for id_ in ids}) < len(ids):
        raise _malformed("Request Id must be unique.")
    if any("dependsOn" in one for one in requests):
        raise AssertionError("nothing here depends on anything: this server does not do that")
    return requests


def _check(one: Any) -> None:
    """Raises Refusal for one request that may not stand there."""
    if not isinstance(one, dict) or one.keys() - _KNOWN or one.get("method") not in _METHODS:
        raise _malformed("Invalid batch payload format.")
    url, headers = one.get("url"), one.get("headers") or {}
    if not isinstance(url, str) or "://" in url or url.lstrip("/").startswith("$batch"):
        raise _malformed("The url of a request must be relative.")
    if one["method"] in ("POST", "PATCH", "PUT") and "body" not in one:
        raise _malformed("Write request must contain a body declaration.")
    if "body" in one and "content-type" not in {name.lower() for name in headers}:
        raise _malformed("Content-Type must be provided for a request with a body.")


def _malformed(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def _told(id_: str, answer: web.StreamResponse) -> Thing:
    told: Thing = {"id": id_, "status": answer.status, "headers": dict(answer.headers)}
    if isinstance(answer, web.Response) and answer.text:
        told["body"] = json.loads(answer.text)
    return told
