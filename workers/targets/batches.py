"""Several requests in one, where an API takes that: what is asked for at the same time travels together.

Nothing in such a request depends on anything else in it, as an API may carry its parts out, and answer them,
in any order: what comes after something is asked for when that is answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from multidict import CIMultiDict

from bridge.errors import BridgeError, TryLater
from bridge.wire.answer import Answer
from bridge.wire.http import Http, Reading, Together, Wrapping
from bridge.wire.permit import Permit
from bridge.wire.request import Request
from workers.targets.gathering import Gathering

_Answers = Mapping[Request, Together]


class Batches:
    """Requests to one API, up to `most` in one in the form of `wrapping`; what writes apart from what reads.

    One that has no company is sent as it is. So is, in the end, each of a company that is refused as a whole:
    what such an answer says, such as 404, says nothing of any object.
    """

    def __init__(self, http: Http, wrapping: Wrapping, most: int) -> None:
        self._http = http
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
            (one,) = requests
            method = cast("Reading", one.method)
            answer = await self._http.read(
                one.path, method=method, params=one.params, body=one.body, headers=one.headers
            )
            return {one: answer}
        return _by_request(requests, await self._http.read_together(requests, self._wrapping))

    async def _write(self, requests: Sequence[Request], permit: Permit) -> _Answers:
        if len(requests) == 1:
            (one,) = requests
            answer = await self._http.write(
                one.method, one.path, permit, params=one.params, body=one.body, headers=one.headers
            )
            return {one: answer}
        return _by_request(requests, await self._http.write_together(requests, self._wrapping, permit))


class _Free:
    """The permit of what changes nothing."""

    async def ask(self) -> None:
        """Nothing is asked."""


def inside(told: Any) -> Sequence[Any]:
    """The answers that stand in the answer to a batch. Raises TryLater where there is no list of them."""
    if not isinstance(told, list):
        raise TryLater("answered requests that were sent together with no answers to them")
    return told


def answer_inside(status: Any, headers: Any, body: Any, whole: Answer) -> Answer | None:
    """One of the answers in the `whole` one; None without a status. A body that is a text is read as JSON."""
    if not isinstance(status, int) or isinstance(status, bool):
        return None
    named = headers.items() if isinstance(headers, dict) else ()
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
