"""The form in which Microsoft Graph takes several requests in one.

"Combine multiple HTTP requests using JSON batching" of Microsoft Graph v1.0: at most twenty, each answered
and throttled by itself, carried out and answered in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from bridge.wire.answer import Answer
from bridge.wire.request import Request
from workers.targets.batches import answer_inside, inside
from workers.targets.entra.attributes import Object

MOST = 20
"""Requests inside one, the most that Microsoft Graph takes."""

_PATH = "/$batch"


class JsonBatch:
    """Requests in a batch, told apart by their numbers, and each counted."""

    counts_each = True

    def wrap(self, parts: Sequence[Request]) -> Request:
        """The request that carries them."""
        return Request("POST", _PATH, body={"requests": [_inner(*part) for part in enumerate(parts)]})

    def unwrap(self, answer: Answer, parts: Sequence[Request]) -> list[Answer | None]:
        """The answer to each; None where there is none, or one without a status."""
        body = answer.json()
        told = inside(body.get("responses") if isinstance(body, dict) else None)
        answers = {str(one.get("id")): one for one in told if isinstance(one, dict)}
        found = (answers.get(str(number), {}) for number in range(len(parts)))
        return [
            answer_inside(one.get("status"), one.get("headers"), one.get("body"), answer) for one in found
        ]


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
