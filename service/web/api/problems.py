"""What went wrong, as problem details (RFC 9457), and which status each error of ours has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from math import ceil

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from redis.exceptions import RedisError

from bridge.errors import (
    BridgeError,
    ConfigurationError,
    NotThere,
    StoreUnavailable,
    Unreadable,
    WhoIsMeant,
    unforeseen,
)
from bridge.logs import get_logger
from bridge.printable import visible_json
from bridge.store.trouble import trouble
from service.operations.polling import AskedTooOften

log = get_logger("web")

MEDIA = "application/problem+json"


class Wrong(BaseModel):
    """One thing that is wrong with what was asked."""

    where: str
    """`query`, `body` or `path`, and the field, joined by points."""
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str = "about:blank"
    """Always `about:blank`: the status says what kind of problem it is."""
    title: str
    """The status in words."""
    status: int = Field(ge=400, le=599)
    detail: str
    """A sentence that says what to do."""
    errors: list[Wrong] | None = None
    """Each thing that is wrong with what was asked, where it was read and refused."""


class Refused(Exception):
    """A request is answered with a problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Wrong] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.errors = errors


_SENTENCES = {
    404: "There is nothing at this address: /api/v1/openapi.json lists what there is.",
    405: "This address takes other methods: see the header Allow.",
    413: "This is more than is taken at once.",
}
"""What statuses mean that the server itself gives."""


@contextmanager
def of_what_was_asked() -> Iterator[None]:
    """What is found wrong here is wrong with what was asked, not with how things stand. Raises Refused."""
    try:
        yield
    except (NotThere, Unreadable):
        raise
    except ConfigurationError as error:
        raise Refused(422, str(error)) from None


def response(error: Exception) -> web.Response:
    """The answer to a request that has led to an error."""
    refused = _refused(error)
    problem = Problem(
        title=HTTPStatus(refused.status).phrase,
        status=refused.status,
        detail=refused.detail,
        errors=list(refused.errors) or None,
    )
    return web.Response(
        status=refused.status,
        body=visible_json(problem.model_dump_json(exclude_none=True)).encode(),
        content_type=MEDIA,
        headers={"Cache-Control": "no-store", **refused.headers},
    )


def _refused(error: Exception) -> Refused:
    match error:
        case Refused():
            return error
        case web.HTTPException():
            kept = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
            detail = _SENTENCES.get(error.status, f"{error.reason}.")
            return Refused(error.status, detail, headers=kept)
        case NotThere() | WhoIsMeant(none=True):
            return Refused(404, str(error))
        case AskedTooOften():
            return Refused(429, str(error), headers={"Retry-After": str(ceil(error.after))})
        case Unreadable() | StoreUnavailable():
            return Refused(503, str(error))
        case ConfigurationError():  # what is asked for does not fit how things stand
            return Refused(409, str(error))
        case BridgeError():
            return Refused(503, str(error))
        case RedisError() | OSError():
            return Refused(503, trouble(error))
    said = str(unforeseen(error))
    log.error("request failed", reason=said)
    return Refused(500, said)


def invalid(error: ValidationError, where: str) -> Refused:
    """What is wrong with a query or a body: the fields and the rules, never what was given."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = [
        Wrong(where=".".join([where, *(str(part)[:100] for part in one["loc"])]), detail=one["msg"][:500])
        for one in found[:20]
    ]
    if any(one["type"] == "json_invalid" for one in found):
        return Refused(400, "The body is not JSON.", errors=wrong)
    detail = "; ".join(f"{one.where}: {one.detail}" for one in wrong[:3])
    return Refused(422, f"This cannot be done as it was asked: {detail}.", errors=wrong)
