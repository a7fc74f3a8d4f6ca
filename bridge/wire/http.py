"""One attempt, one time-out, one classified error. Retrying belongs to the caller's owner.

Two promises live here because here nobody can forget them: a request that writes needs a permit, which is
asked last, and an error text carries no personal value.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import unquote, urlencode

import aiohttp
import orjson

from bridge.errors import (
    BridgeError,
    Conflict,
    NotFound,
    RecordRejected,
    TargetHalted,
    TryLater,
)
from bridge.wire.parsing import MOST_VALUES, TooMuch, parse
from bridge.wire.permit import Permit
from bridge.wire.places import Places
from bridge.wire.quiet import LONGEST_PAUSE, granted, quiet_time, retry_after
from bridge.wire.redaction import words
from bridge.wire.unanswered import why

Reading = Literal["GET", "POST"]
"""The methods of requests that change nothing: a sign-in and a search may be a POST."""

Turn = Callable[[], Awaitable[None]]
Told = Callable[[float], Awaitable[None]]

MAX_BODY = 32 * 2**20
"""Bytes of an answer that are read, after decompression: more than a directory of 10,000 people has."""
MAX_ERROR = 64 * 2**10
"""Bytes of an answer that is an error; the rest stays unread, and the connection is closed."""

_CONTENT_TYPE = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; of an error the first MAX_ERROR bytes.

    `headers` are case-insensitive; `most_values` bounds what is made of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    most_values: int = MOST_VALUES

    def json(self) -> Any:
        """The parsed body. Raises TryLater when it is not JSON (a gateway's page, a truncated answer)."""
        try:
            return parse(self.body, self.most_values)
        except TooMuch as error:
            raise TryLater(f"answered {self.status} with JSON that {error}") from None
        except ValueError:
            named = _CONTENT_TYPE.match(self.headers.get("Content-Type", ""))
            kind = named[0] if named else "no content type"
            raise TryLater(
                f"answered {self.status} with {kind} that is not JSON; is the address right?"
            ) from None


def open_session() -> aiohttp.ClientSession:
    """A session for `Http`: no cookies, no limit of its own, and no second attempt behind our back."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    )
    # aiohttp repeats GET, PUT and DELETE once when a kept connection breaks, past rate and lock; it has no
    # public switch for that.
    session._retry_connection = False  # noqa: SLF001
    return session


Classify = Callable[[Answer, str], BridgeError | None]


class Sign(Protocol):
    """Signs requests with what ends after a time, or differs with each of them."""

    async def headers(self) -> Mapping[str, str]:
        """What is added to one request. Raises what fetching it raises."""
        ...

    def refused(self, sent: Mapping[str, str]) -> BridgeError | None:
        """What an answer of 401 means for what `headers` gave; None: what it always means."""
        ...


Stamp = Callable[[Mapping[str, str], bytes], Mapping[str, str]]
"""Gives headers that tell of one attempt, such as its time and signature: from the headers, and the body."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One request, before it is signed. `body` is sent as JSON, `form` as a form, `content` as it is."""

    method: str
    path: str
    params: Mapping[str, str] | None = None
    body: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] | None = None

    def data(self) -> bytes | None:
        if self.content is not None:
            return self.content
        if self.form is not None:
            return urlencode(self.form).encode()
        return None if self.body is None else orjson.dumps(self.body)

    @property
    def content_type(self) -> str:
        return "application/json" if self.form is None else "application/x-www-form-urlencoded"


class Http:
    """A base address, its headers and its limits around a shared aiohttp session.

    `timeout` (seconds) covers connecting, sending and reading the whole body; `max_body` (bytes) and
    `most_values` (of JSON) bound an answer; `concurrency` bounds the requests under way; `turn` waits until
    the next one that reads may be sent (a permit does for one that writes); `told` hears, before the error
    is raised, for how many seconds the server is left alone that has asked for it, at most `longest_pause`.
    `classify` turns an answer into the error to raise, or None for success. `sign` adds to each request what
    proves who sends it, where `headers` alone do not; `stamp` does so from the request itself, at the moment
    when it leaves. `reads` False: nothing is ever read there, so that a 403 says that the credentials are
    refused, and not that one object may not be changed.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        max_body: int = MAX_BODY,
        most_values: int = MOST_VALUES,
        concurrency: int = 100,
        classify: Classify | None = None,
        turn: Turn | None = None,
        told: Told | None = None,
        longest_pause: float = LONGEST_PAUSE,
        sign: Sign | None = None,
        stamp: Stamp | None = None,
        reads: bool = True,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = session
        self._headers = dict(headers or {})
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._max_body = max_body
        self._most_values = most_values
        self._classify = classify or classify_status
        self._turn = turn
        self._told = told
        self.longest_pause = longest_pause
        self._sign = sign
        self._stamp = stamp
        self._reads = reads
        self._places = Places(concurrency)
        self._quiet_until = 0.0

    async def read(
        self,
        path: str,
        *,
        method: Reading = "GET",
        params: Mapping[str, str] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request that changes nothing below the base address; `body` is sent as JSON, or a `form`.

        Raises TryLater (no answer), or what `classify` makes of the answer.
        """
        request = _Request(method, path, params, body=body, form=form, headers=headers)
        return await self._request(request, None)

    async def write(
        self,
        method: str,
        path: str,
        permit: Permit,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request that changes something. Raises what `read` and the permit raise.

        `content` is sent in place of `body`, just as it is; `body` is then what an error may not repeat.
        """
        request = _Request(method, path, params, body=body, content=content, headers=headers)
        return await self._request(request, permit)

    async def _request(self, request: _Request, permit: Permit | None) -> Answer:
        async with self._places.one():
            signed = await self._sign.headers() if self._sign else {}
            if self._turn and not permit:
                await self._turn()
            self._check_asked_to_wait()
            headers = {**self._headers, **signed, **(request.headers or {})}
            if permit:
                await permit.ask()  # with its pace; last: nothing may come between it and the request
            answer = await self._send(request, headers)
        private = [request.body, request.params, request.form, *self._not_to_be_said(request.path, headers)]
        writing = permit is not None
        error = self._error(answer, words(answer.status, answer.body, private), writing=writing)
        if error and answer.status < 300:  # the target's own way of refusing: only now its words matter
            error = self._error(answer, words(400, answer.body, private), writing=writing)
        if answer.status == 401 and self._sign:
            error = self._sign.refused(signed) or error
        if isinstance(error, TryLater) and error.after:
            error.after = granted(error.after, self.longest_pause)
            await self._leave_alone(error.after)
        if error:
            raise error
        return answer

    def _not_to_be_said(self, path: str, headers: Mapping[str, str]) -> list[str]:
        """What else a server may repeat in an error: ids in the address, and our credentials."""
        secrets = [value for name, value in headers.items() if name.lower() not in ("accept", "content-type")]
        return [*unquote(path).split("/"), *secrets]

    async def _leave_alone(self, seconds: float) -> None:
        """Send nothing for so long; where others share the server, they are told, and `turn` asks them."""
        if self._told:
            await self._told(seconds)
        else:
            self._quiet_until = asyncio.get_running_loop().time() + seconds

    def _error(self, answer: Answer, said: str, *, writing: bool) -> BridgeError | None:
        error = self._classify(answer, said)
        if writing and self._reads and answer.status == 403 and isinstance(error, TargetHalted):
            # Reading is allowed, so the credentials are good: it is this object that may not be changed.
            return RecordRejected(str(error))
        return error

    def _check_asked_to_wait(self) -> None:
        """Raise TryLater while the server's last Retry-After runs: it was meant for all our requests."""
        if (left := self._quiet_until - asyncio.get_running_loop().time()) > 0:
            raise TryLater("the target has asked to wait", after=left)

    async def _send(self, request: _Request, headers: Mapping[str, str]) -> Answer:
        data = request.data()
        sent = {"Accept": "application/json", **headers}
        if data is not None:
            sent.setdefault("Content-Type", request.content_type)
        if self._stamp:
            sent |= self._stamp(sent, data or b"")
        try:
            async with self._session.request(
                request.method,
                self.base_url + request.path,
                params=request.params,
                data=data,
                headers=sent,
                timeout=self._timeout,
                allow_redirects=False,  # a redirect would carry the credentials to another host
            ) as response:
                body = await self._read(response)
                return Answer(response.status, response.headers, body, self._most_values)
        except TimeoutError:
            seconds = self._timeout.total
            raise TryLater(f"no answer within {seconds:g} s", unreachable=True) from None
        except (aiohttp.ClientError, asyncio.IncompleteReadError, OSError) as error:
            raise TryLater(f"no answer{why(error)}", unreachable=True) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The body, decompressed piece by piece; what is not read is never decompressed."""
        is_error = response.status >= 300
        most = min(MAX_ERROR, self._max_body) if is_error else self._max_body
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > most:
                response.close()  # the rest is neither read nor waited for
                if is_error:
                    return b"".join(chunks)[:most]
                raise TryLater(f"the answer is larger than {most} bytes")
        return b"".join(chunks)


def classify_status(answer: Answer, said: str) -> BridgeError | None:
    """What an answer's status means by RFC 9110 and RFC 6585; `said` is the server's own redacted words."""
    status = answer.status
    if 200 <= status < 300:
        return None
    text = f"answered {status}" + (f": {said}" if said else "")
    if status == 401 or status == 403:
        return TargetHalted(text)
    if status == 404 or status == 410:
        return NotFound(text)
    if status == 409:
        return Conflict(text)
    if status == 429:
        return TryLater(text, after=quiet_time(answer.headers))
    if status in (408, 425) or status >= 500:
        return TryLater(text, after=retry_after(answer.headers))
    if 300 <= status < 400:
        return TargetHalted(f"answered {status} (a redirect); set base_url to the final address")
    return RecordRejected(text)
