"""Recorded answers of an HTTP API, and a server on this machine that gives them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from bridge.errors import ConfigurationError

_REQUEST = re.compile(r"[A-Z]+ (https?://|/)\S*")
_HEADER = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)  # RFC 9110, section 5.6.2
_OF_THE_CONNECTION = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "keep-alive", "transfer-encoding"}
)
"""Headers that tell how an answer was carried, and are not true of one that is given again."""


def read_recorded(path: Path) -> list[Mapping[str, Any]]:
    """Recorded answers: a JSON list of `{"request": "GET /people/7", "status": 200, "answer": ...}`.

    `path` is a file, or a folder with a file for each. Raises ConfigurationError.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    found: list[Mapping[str, Any]] = []
    for file in files:
        try:
            content = json.loads(file.read_text("utf-8-sig"))
        except OSError as error:
            raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(f"{file} cannot be read as JSON ({type(error).__name__})") from None
        for number, one in enumerate(content if isinstance(content, list) else [content], 1):
            if wrong := _wrong_with(one):
                raise ConfigurationError(f"{file}: recorded answer {number} {wrong}")
            found.append(one)
    if not found:
        raise ConfigurationError(
            f"{path} holds no recorded answers: it needs a list of"
            ' {"request": "GET /people", "answer": ...}'
        )
    return found


def _wrong_with(one: Any) -> str:
    """What is wrong with a recorded answer; "" for nothing."""
    if not isinstance(one, dict) or not _REQUEST.fullmatch(str(one.get("request"))):
        return 'needs its request, as in {"request": "GET /people", "answer": ...}'
    status = one.get("status", 200)
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        return "has a status that is no number from 200 to 599"
    headers = one.get("headers") or {}
    if not isinstance(headers, dict) or not all(map(_is_header, headers.items())):
        return 'has headers that are not texts by name, as in {"Link": "..."}'
    return ""


def _is_header(header: tuple[str, Any]) -> bool:
    name, value = header
    return bool(_HEADER.fullmatch(name)) and isinstance(value, str) and value.isprintable()


class _Answers:
    """Gives the recorded answers, one after the other to the same request, the last one again and again.

    `elsewhere` is the API's address, as it may stand in requests, links and next pages; `lacking` are
    requests for which nothing is recorded.
    """

    def __init__(
        self, recorded: list[Mapping[str, Any]], elsewhere: re.Pattern[str], lacking: list[str]
    ) -> None:
        self.address = ""
        self._elsewhere = elsewhere
        self._lacking = lacking
        self._waiting: dict[str, list[Mapping[str, Any]]] = {}
        for one in recorded:
            request = elsewhere.sub("", str(one["request"])).partition("?")[0]
            self._waiting.setdefault(request, []).append(one)

    async def give(self, request: web.Request) -> web.Response:
        asked = f"{request.method} {request.path}"
        there = self._waiting.get(asked)
        if not there:
            self._lacking.append(asked)
            return web.json_response({"message": "nothing is recorded for this request"}, status=501)
        one = there.pop(0) if len(there) > 1 else there[0]
        headers = (one.get("headers") or {}).items()
        return web.Response(
            text=self._here(json.dumps(one.get("answer"))),
            status=one.get("status", 200),
            headers=[
                (name, self._here(value)) for name, value in headers if name.lower() not in _OF_THE_CONNECTION
            ],
            content_type="application/json",
        )

    def _here(self, text: str) -> str:
        return self._elsewhere.sub(self.address, text)


@asynccontextmanager
async def answering(
    recorded: list[Mapping[str, Any]], base_url: str, lacking: list[str]
) -> AsyncIterator[str]:
    """A server with recorded answers; its address. `base_url` is the profile's, with `{}` in it."""
    parts = re.split(r"\{[^{}]*\}", base_url.rstrip("/"))
    answers = _Answers(recorded, re.compile(r"[^\s/\"?#]+".join(map(re.escape, parts))), lacking)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answers.give)
    runner = web.AppRunner(application, handle_signals=False, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        answers.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield answers.address
    finally:
        await runner.cleanup()
