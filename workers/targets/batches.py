"""Several requests in one, where an API takes that: what is asked for at the same time travels together.

Nothing in such a request depends on anything else in it, as an API may carry its parts out, and answer them,
in any order: what comes after something is asked for when that is answered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from multidict import CIMultiDict

from bridge.errors import BridgeError, TryLater
from bridge.wire.answer import Answer
from bridge.wire.http import Http, Reading, Together
from bridge.wire.permit import Permit
from bridge.wire.request import Request
from bridge.wire.wrapping import Wrapping
from workers.targets.gathering import Gathering

_STATUS = re.compile(r"[1-5][0-9]{2}")

_Answers = Mapping[Request, Together]


class Singly:
    """Requests to one API, each sent by itself."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def read(self, one: Request) -> Answer:
        """Send what changes nothing. Raises what `Http.read` raises."""
        return await self._http.read(
            one.path,
            method=cast("Reading", one.method),
            params=one.params,
            body=one.body,
            headers=one.headers,
            turns=one.turns,
        )

    async def write(self, one: Request, permit: Permit) -> Answer:
        """Send what changes something. Raises what `Http.write` raises."""
        return await self._http.write(
            one.method,
            one.path,
            permit,
            params=one.params,
            body=one.body,
            headers=one.headers,
            turns=one.turns,
        )


class Batches:
    """Requests to one API, up to `most` in one in the form of `wrapping`; what writes apart from what reads.

    One that has no company is sent as it is. So is, in the end, each of a company that is refused as a whole:
    what such an answer says, such as 404, says nothing of any object.
    """

    def __init__(self, http: Http, wrapping: Wrapping, most: int) -> None:
        self._http = http
        self._singly = Singly(http)
        self._wrapping = wrapping
        self._reading = Gathering[Request, _Answers](self._read, most)
        self._writing = Gathering[Request, _Answers](self._write, most)

    async def read(self, request: Request) -> Answer:
        """Send what changes nothing, perhaps among others. Raises what it alone would raise."""
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
            return {requests[0]: await self._singly.read(requests[0])}
        return _by_request(requests, await self._http.read_together(requests, self._wrapping))

    async def _write(self, requests: Sequence[Request], permit: Permit) -> _Answers:
        if len(requests) == 1:
            return {requests[0]: await self._singly.write(requests[0], permit)}
        return _by_request(requests, await self._http.write_together(requests, self._wrapping, permit))


class _Free:
    """The permit of what changes nothing."""

    async def ask(self, *, paced: bool = False) -> None:
        """Nothing is asked."""
        del paced


def inside(told: Any) -> Sequence[Any]:
    """The answers that stand in the answer to a batch. Raises TryLater where there is no list of them."""
    if not isinstance(told, list):
        raise TryLater("answered requests that were sent together with no answers to them")
    return told


def answer_inside(status: Any, headers: Any, body: Any, whole: Answer) -> Answer | None:
    """One of the answers in the `whole` one; None without a status. A body that is a text is read as JSON."""
    number = int(status) if _STATUS.fullmatch(str(status)) else 0
    if not number:
        return None
    named = headers.items() if isinstance(headers, dict) else ()
    content = b"" if body is None else body.encode() if isinstance(body, str) else orjson.dumps(body)
    return Answer(number, CIMultiDict({name: str(one) for name, one in named}), content, whole.most_values)


def _by_request(requests: Sequence[Request], answers: Sequence[Together]) -> _Answers:
    return dict(zip(requests, answers, strict=True))


def _own(answers: _Answers, request: Request) -> Answer:
    """Raises what came of a request where that is an error."""
    answer = answers[request]
    if isinstance(answer, BridgeError):
        raise answer
    return answer
