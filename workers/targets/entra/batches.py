"""Several requests to Microsoft Graph in one: what deliveries ask for at the same time travels together.

"Combine multiple HTTP requests using JSON batching" of Microsoft Graph v1.0: at most twenty, each answered
and throttled by itself, carried out and answered in any order. So nothing here depends on anything else in
the same request: what comes after something is asked for when that is answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from multidict import CIMultiDict

from bridge.errors import BridgeError, TryLater
from bridge.wire.answer import Answer
from bridge.wire.http import Http, Together
from bridge.wire.permit import Permit
from bridge.wire.request import Request
from workers.targets.entra.attributes import Object
from workers.targets.gathering import Gathering

MOST = 20
"""Requests inside one, the most that Microsoft Graph takes."""

_PATH = "/$batch"

_Answers = Mapping[Request, Together]


class Batches:
    """Requests to one tenant, up to `most` in one; those that write apart from those that read.

    One that has no company is sent as it is. So is, in the end, each of a company that is refused as a whole:
    what such an answer says, such as 404, says nothing of any object.
    """

    def __init__(self, http: Http, most: int = MOST) -> None:
        self._http = http
        self._reading = Gathering[Request, _Answers](self._read, most)
        self._writing = Gathering[Request, _Answers](self._write, most)

    async def read(self, request: Request) -> Answer:
        """Send a GET, perhaps among others. Raises what it alone would raise."""
        return _own(await self._reading.send(request, _Free()), request)

    async def write(self, request: Request, permit: Permit) -> Answer:
        """Send what changes something, perhaps among others, each with its permit."""
        return _own(await self._writing.send(request, permit), request)

    async def end(self) -> None:
        """Give up what has not been sent."""
        await self._reading.end()
        await self._writing.end()

    async def _read(self, requests: Sequence[Request], permit: Permit) -> _Answers:
        await permit.ask()  # leaves out who waits no more; the pace is that of reading
        if len(requests) == 1:
            (one,) = requests
            return {one: await self._http.read(one.path, params=one.params, headers=one.headers)}
        return _by_request(requests, await self._http.read_together(requests, _Batch()))

    async def _write(self, requests: Sequence[Request], permit: Permit) -> _Answers:
        if len(requests) == 1:
            (one,) = requests
            return {
                one: await self._http.write(one.method, one.path, permit, body=one.body, headers=one.headers)
            }
        return _by_request(requests, await self._http.write_together(requests, _Batch(), permit))


class _Free:
    """The permit of what changes nothing."""

    async def ask(self) -> None:
        """Nothing is asked."""


class _Batch:
    """The form of a batch, in which requests are told apart by their numbers."""

    def wrap(self, parts: Sequence[Request]) -> Request:
        """The request that carries them."""
        return Request("POST", _PATH, body={"requests": [_inner(*part) for part in enumerate(parts)]})

    def unwrap(self, answer: Answer, parts: Sequence[Request]) -> list[Answer | None]:
        """The answer to each; None where there is none, or one without a status."""
        body = answer.json()
        told = body.get("responses") if isinstance(body, dict) else None
        if not isinstance(told, list):
            raise TryLater("answered requests that were sent together with no answers to them")
        answers = {str(one.get("id")): one for one in told if isinstance(one, dict)}
        return [_answer(answers.get(str(number)), answer) for number in range(len(parts))]


def _inner(number: int, part: Request) -> Object:
    """A request as it stands in a batch; one that is no GET needs a body there, if only an empty one."""
    url = part.path
    if part.params:
        url += "?" + urlencode(part.params, quote_via=quote, safe="$,")
    inner: Object = {"id": str(number), "method": part.method, "url": url}
    headers = dict(part.headers or {})
    if part.method not in ("GET", "DELETE"):
        inner["body"] = part.body or {}
        headers["Content-Type"] = part.content_type
    return {**inner, "headers": headers} if headers else inner


def _answer(told: Any, whole: Answer) -> Answer | None:
    status = told.get("status") if told else None
    if not isinstance(status, int):
        return None
    headers = told.get("headers")
    named = headers.items() if isinstance(headers, dict) else ()
    body = told.get("body")
    content = b"" if body is None else body.encode() if isinstance(body, str) else orjson.dumps(body)
    return Answer(status, CIMultiDict({name: str(one) for name, one in named}), content, whole.most_values)


def _by_request(requests: Sequence[Request], answers: Sequence[Together]) -> _Answers:
    return dict(zip(requests, answers, strict=True))


def _own(answers: _Answers, request: Request) -> Answer:
    """Raises what came of a request where that is an error."""
    answer = answers[request]
    if isinstance(answer, BridgeError):
        raise answer
    return answer
