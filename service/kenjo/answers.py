"""One request to Kenjo: an answer that can be used or refuses, else one clear sentence."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from bridge.errors import SourceUnavailable, TryLater
from bridge.wire.answer import Answer
from bridge.wire.http import Http, Reading
from bridge.wire.parsing import TooMuch
from bridge.wire.quiet import granted, quiet_time, retry_after
from bridge.wire.redaction import words
from service.kenjo.bodies import cut, decoded
from service.kenjo.lenient import read_list

REFUSALS = (401, 403)
"""What Kenjo answers to a token, or to a key, that may not do this."""


KEYS = "Settings > Integrations > API keys"
"""Where Kenjo shows its API keys and their permissions."""

_PERMISSIONS = {
    "employees": "employee",
    "companies": "company",
    "offices": "office",
    "departments": "department",
    "teams": "team",
    "areas": "area",
}
"""What Kenjo calls the permission for lists that begin so."""


async def ask(
    http: Http,
    method: Reading,
    path: str,
    *,
    token: str = "",
    params: Mapping[str, str] | None = None,
    body: Any = None,
    refusals: Collection[int] = REFUSALS,
) -> Answer:
    """Send one request that changes nothing; `http` classifies nothing.

    The status of the answer is 2xx or one of `refusals`. Raises SourceUnavailable for every other one.
    """
    headers = {"Authorization": token} if token else {}
    try:
        answer = await http.read(path, method=method, params=params, body=body, headers=headers)
    except TryLater as error:
        where = f" (Kenjo is asked at {urlsplit(http.base_url).hostname})" if error.unreachable else ""
        raise SourceUnavailable(f"Kenjo could not be asked for {path}: {error}{where}") from None
    if 200 <= answer.status < 300 or answer.status in refusals:
        return answer
    said = words(answer.status, answer.body, [token, body])
    raise SourceUnavailable(
        f"Kenjo answered {answer.status} for {path}{f' ({said})' if said else ''}; {_advice(answer)}",
        after=_pause(answer, http.longest_pause),
    )


def parsed(answer: Answer, path: str) -> Any:
    """The JSON of an answer. Raises SourceUnavailable when it is none."""
    try:
        return answer.json()
    except TryLater as error:
        raise SourceUnavailable(f"Kenjo's {path} {error}") from None


async def parsed_list(answer: Answer, path: str, keep: Collection[str]) -> Any:
    """The JSON of a list, in which single values may be broken, its rows cut down to the fields `keep`.

    Raises SourceUnavailable when it is none.
    """
    try:
        return await decoded(answer.body, answer.most_values, keep)
    except TooMuch:
        return parsed(answer, path)  # which says so
    except ValueError:
        with contextlib.suppress(ValueError, RecursionError):
            return cut(await asyncio.to_thread(read_list, answer.body), keep)  # it is slow
        return parsed(answer, path)


def _pause(answer: Answer, longest: float) -> float | None:
    """Seconds for which Kenjo asked to be left alone, as far as they are granted."""
    wait = quiet_time(answer.headers) if answer.status == 429 else retry_after(answer.headers)
    return granted(wait, longest) if wait else None


def _advice(answer: Answer) -> str:
    wait = retry_after(answer.headers)
    pause = f" (it asks to wait {wait:g} s)" if wait else ""
    if answer.status == 429:
        return f"the next poll tries again{pause}, and a longer kenjo.poll_interval asks less often"
    if answer.status >= 500 or answer.status == 408:
        return f"the next poll tries again{pause}"
    return "make sure that kenjo.base_url is right: it ends in /api/v1"


def refused(name: str, status: int) -> str:
    """Why Kenjo does not give a list, and what to do."""
    permission = _PERMISSIONS.get(name.partition("/")[0], name)
    if status == 403:
        return (
            f"Kenjo does not let the API key read {name} ({status}): tick '{permission}' among the key's"
            f" permissions in Kenjo under {KEYS}"
        )
    return (
        f"Kenjo refused to give {name} ({status}) right after a sign-in: make sure that the API key is still"
        f" listed in Kenjo under {KEYS} and that '{permission}' is ticked among its permissions"
    )
