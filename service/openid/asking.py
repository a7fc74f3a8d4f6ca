"""Requests to the provider, by the one HTTP client: bounded, in time, never led elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bridge.errors import BridgeError
from bridge.wire.answer import Answer, Classify
from bridge.wire.http import Http, Reading, open_session
from service.openid.errors import ProviderUnusable

_TIMEOUT = 10.0
"""Seconds for one request: somebody waits for it."""

_MOST_BYTES, _MOST_VALUES = 2**20, 20_000
"""Of one document: more than the keys and settings of any provider have."""

_ERROR = re.compile(r"[a-z_]{1,40}")
"""An error code of RFC 6749, section 5.2, as far as we show one."""


async def document(url: str, called: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object at an address. Raises ProviderUnusable; `called` is what its sentence calls that."""
    found = await _asked(url, called, "GET", _answers, headers=headers)
    if not isinstance(found, dict):
        raise ProviderUnusable(f"{called}: no JSON object; look whether web.oidc.issuer is right")
    return found


async def posted(url: str, called: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Any:
    """What is answered to a form: a JSON value, also of a refusal (400, 401). Raises ProviderUnusable."""
    return await _asked(url, called, "POST", _answers_or_refuses, form=form, headers=headers)


def error_code(answer: Any) -> str:
    """The error that an answer has, "" for none; what is no code of the specification is `unknown`."""
    code = answer.get("error") if isinstance(answer, Mapping) else None
    if code is None:
        return ""
    return code if isinstance(code, str) and _ERROR.fullmatch(code) else "unknown"


def _answers(answer: Answer, _said: str) -> BridgeError | None:
    """Its words are left out: they may repeat what we have sent."""
    return None if 200 <= answer.status < 300 else ProviderUnusable(f"answered {answer.status}")


def _answers_or_refuses(answer: Answer, said: str) -> BridgeError | None:
    return None if answer.status in (400, 401) else _answers(answer, said)


async def _asked(
    url: str,
    called: str,
    method: Reading,
    classify: Classify,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    async with open_session() as session:
        http = Http(
            session,
            f"{parts.scheme}://{parts.netloc}",
            timeout=_TIMEOUT,
            max_body=_MOST_BYTES,
            most_values=_MOST_VALUES,
            classify=classify,
        )
        try:
            return (await http.read(path, method=method, form=form, headers=headers)).json()
        except BridgeError as error:
            raise ProviderUnusable(f"{called}: {error}") from None
