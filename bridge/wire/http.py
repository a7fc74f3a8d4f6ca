"""One attempt, one time-out, one classified error. Retrying belongs to the caller's owner.

Two promises live here because here nobody can forget them: a request that writes needs a permit, which is
asked last, and an error text carries no personal value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, get_args
from urllib.parse import unquote

import aiohttp

from bridge import tracing
from bridge.errors import BridgeError, RecordRejected, TargetHalted, TryLater
from bridge.wire.answer import MAX_ERROR, Answer, Classify, classify_status
from bridge.wire.calls import shown_path, tell
from bridge.wire.parsing import MOST_VALUES
from bridge.wire.permit import Permit
from bridge.wire.places import Places
from bridge.wire.quiet import LONGEST_PAUSE, granted
from bridge.wire.redaction import words
from bridge.wire.request import Request, Turn
from bridge.wire.timing import UNANSWERED, Measured, timed, unheard
from bridge.wire.unanswered import why
from bridge.wire.wrapping import Wrapped, Wrapping

Reading = Literal["GET", "POST"]
"""The methods of requests that change nothing: a sign-in and a search may be a POST."""

Told = Callable[[float], Awaitable[None]]

MAX_BODY = 32 * 2**20
"""Bytes of an answer that are read, after decompression: more than a directory of 10,000 people has."""


def open_session() -> aiohttp.ClientSession:
    """A session for `Http`: no cookies, no limit of its own, and no second attempt behind our back."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    )
    # aiohttp repeats GET, PUT and DELETE once when a kept connection breaks, past rate and lock; it has no
    # public switch for that.
    session._retry_connection = False  # noqa: SLF001
    return session


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
class _Exchange:
    """A request's headers, those of them that sign it, its answer, and after how many seconds that came.

    `inside` are the answers to what it carried, in their order; None where there is none.
    """

    signed: Mapping[str, str]
    headers: Mapping[str, str]
    answer: Answer
    seconds: float
    inside: Sequence[Answer | None] = ()


Together = Answer | BridgeError
"""What came of one request among others."""


class Http:
    """A base address, its headers and its limits around a shared aiohttp session.

    `timeout` (seconds) covers connecting, sending and reading the whole body; `max_body` (bytes) and
    `most_values` (of JSON) bound an answer; `concurrency` bounds the requests under way; `turn` waits until
    the next one that reads may be sent (a permit does for one that writes); `told` hears, before the error
    is raised, for how many seconds the server is left alone that has asked for it, at most `longest_pause`.
    `classify` turns an answer into the error to raise, or None for success. `sign` adds to each request what
    proves who sends it, where `headers` alone do not; `stamp` does so from the request itself, at the moment
    when it leaves. `reads` False: nothing is ever read there, so that a 403 says that the credentials are
    refused, and not that one object may not be changed. `words` are the segments of paths that name nobody
    (`bridge.wire.calls`). `measured` hears of each request, and of each that travels inside one.
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
        words: Collection[str] = (),
        measured: Measured = unheard,
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
        self._words = frozenset(words)
        self._measured = measured
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
        turns: tuple[Turn, ...] = (),
    ) -> Answer:
        """Send one request that changes nothing below the base address; `body` is sent as JSON, or a `form`.

        Raises TryLater (no answer), or what `classify` makes of the answer.
        """
        request = Request(method, path, params, body=body, form=form, headers=headers, turns=turns)
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
        turns: tuple[Turn, ...] = (),
    ) -> Answer:
        """Send one request that changes something. Raises what `read` and the permit raise.

        `content` is sent in place of `body`, just as it is; `body` is then what an error may not repeat.
        """
        request = Request(method, path, params, body=body, content=content, headers=headers, turns=turns)
        return await self._request(request, permit)

    async def read_together(self, parts: Sequence[Request], wrapping: Wrapping) -> Sequence[Together]:
        """Send requests that change nothing inside one: to each its answer, or what it alone would raise.

        Raises what is the matter with all of them, and ValueError for a write.
        """
        if any(part.method not in get_args(Reading) for part in parts):
            raise ValueError("a request that writes needs a permit")
        return await self._together(parts, wrapping, None)

    async def write_together(
        self, parts: Sequence[Request], wrapping: Wrapping, permit: Permit
    ) -> Sequence[Together]:
        """The same of requests that change something; `permit` is that of them all."""
        return await self._together(parts, wrapping, permit)

    async def _together(
        self, parts: Sequence[Request], wrapping: Wrapping, permit: Permit | None
    ) -> Sequence[Together]:
        carrier, writing = wrapping.wrap(parts), permit is not None
        exchange = await self._exchange(carrier, permit, Wrapped(parts, wrapping))
        # Each part tells of itself. Whoever may not send the whole may be let send each by itself, and 403 of
        # what was to read alone would say that nothing may be read.
        await self._judge(carrier, exchange, writing=True, tells=False)
        found: list[Together] = []
        for part, answer in zip(parts, exchange.inside, strict=True):
            try:
                if answer is None:
                    raise TryLater(
                        "what came of it is not in the answer to the requests that were sent together"
                    )
                await self._judge(part, replace(exchange, answer=answer), writing=writing)
                found.append(answer)
            except BridgeError as error:
                found.append(error)
        return found

    async def _request(self, request: Request, permit: Permit | None) -> Answer:
        exchange = await self._exchange(request, permit)
        await self._judge(request, exchange, writing=permit is not None)
        return exchange.answer

    async def _exchange(
        self, request: Request, permit: Permit | None, carried: Wrapped | None = None
    ) -> _Exchange:
        """Send a request when it may leave."""
        each = carried is not None and carried.wrapping.counts_each
        paced = permit is None or (carried is not None and not each)
        async with self._places.one():
            signed = await self._sign.headers() if self._sign else {}
            await self._take_turns(carried.parts if carried and each else [request], paced=paced)
            self._check_asked_to_wait()
            headers = {**self._headers, **signed, **(request.headers or {})}
            if permit:
                await permit.ask(paced=paced)  # last: nothing may come between it and the request
            times, method = len(carried.parts) if carried else 1, request.method
            with timed(method, self._measured, times=times, http__request__method=method) as sent:
                try:
                    answer = await self._send(request, headers)
                    answers = carried.answers(answer) if carried else ()
                except TryLater as unanswered:
                    self._tell(request, str(unanswered), sent.seconds)
                    raise
                sent.answered(*(_status(one) for one in answers or (answer,)))
                if tracing.is_on():
                    tracing.note(http__response__status_code=answer.status, url__template=self._path(request))
            return _Exchange(signed, headers, answer, sent.seconds, answers)

    async def _take_turns(self, counted: Sequence[Request], *, paced: bool) -> None:
        """Wait for the turns of what the server counts; `paced`: also for the pace, which no permit keeps."""
        turns = [turn for one in counted for turn in one.turns]
        if self._turn and paced:
            turns += [self._turn] * len(counted)
        await asyncio.gather(*(turn() for turn in turns))

    async def _judge(
        self, request: Request, exchange: _Exchange, *, writing: bool, tells: bool = True
    ) -> None:
        """Raise what an answer means that is an error. `tells`: also of one that is none."""
        answer = exchange.answer
        private = [request.body, request.params, request.form]
        private += self._not_to_be_said(request.path, exchange.headers)
        error = self._error(answer, words(answer.status, answer.body, private), writing=writing)
        if error and answer.status < 300:  # the target's own way of refusing: only now its words matter
            error = self._error(answer, words(400, answer.body, private), writing=writing)
        if answer.status == 401 and self._sign:
            error = self._sign.refused(exchange.signed) or error
        if isinstance(error, TryLater) and error.after:
            error.after = granted(error.after, self.longest_pause)
            await self._leave_alone(error.after)
        if error or tells:
            self._tell(request, str(error) if error else f"answered {answer.status}", exchange.seconds)
        if error:
            raise error

    def _tell(self, request: Request, answer: str, seconds: float) -> None:
        """Let those hear of a call for whom it was made."""
        tell(request.hearers, f"{request.method} {self._path(request)}", answer, seconds)

    def _path(self, request: Request) -> str:
        """The path as far as it names nobody."""
        return shown_path(request.path, self._words, request.params)

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

    async def _send(self, request: Request, headers: Mapping[str, str]) -> Answer:
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


def _status(answer: Answer | None) -> str:
    return str(answer.status) if answer else UNANSWERED
