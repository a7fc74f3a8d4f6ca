"""The part of a profile's language that describes single requests. Only data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from bridge.config.section import Section

_EXPRESSION = re.compile(r"\{[^{}]*\}")
_REQUEST = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /([^\s{}]|\{[^{}]*\})*")


def _has_steps(value: str) -> str:
    if value and not all(_EXPRESSION.sub("x", value).split(".")):
        raise ValueError("is not a place such as data.employees: between two dots there is nothing")
    return value


Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

Place = Annotated[str, AfterValidator(_has_steps)]
"""Where something stands in an answer or a body; '' is all of it."""


class Request(Section):
    """One request. What is in `{}` of a path, and all of `params` and `body`, are CEL expressions."""

    request: str
    """Method and path below `base_url`, as in `GET /employees/{id}`. What `{}` gives stays one segment."""
    params: dict[str, str] = Field(default_factory=dict)
    """What follows the `?`, an expression each; one that gives null is left out."""
    body: str | None = None
    """The JSON that is sent."""

    @field_validator("request")
    @classmethod
    def _has_method_and_path(cls, value: str) -> str:
        if not _REQUEST.fullmatch(value):
            raise ValueError("is not a method and a path, as in 'GET /employees/{id}'")
        return value

    @property
    def method(self) -> str:
        """The method, in capitals."""
        return self.request.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path, with its expressions."""
        return self.request.partition(" ")[2]


def every(description: Any) -> Iterator[str]:
    """All requests in a description, at any depth: method and path each."""
    if isinstance(description, str):
        if _REQUEST.fullmatch(description):
            yield description
    elif isinstance(description, Mapping):
        for one in description.values():
            yield from every(one)
    elif isinstance(description, list):
        for one in description:
            yield from every(one)


def segments(description: Any) -> Iterator[str]:
    """The segments of all paths in a description that no expression gives."""
    for request in every(description):
        yield from _EXPRESSION.sub("{}", request.partition(" ")[2]).partition("?")[0].split("/")


class Paging(Section):
    """How a list goes on. Its requests can use `size`, and `offset`, `page` or `cursor`."""

    by: Literal["offset", "page", "cursor", "next", "link"]
    """`offset`, `page` and `cursor` are variables for the request (`cursor` is null at first); `next` follows
    an address in the answer, `link` the one in the header `Link` (RFC 8288), if it leads to the same API."""
    size: int = Field(100, ge=1, le=10_000)
    """Objects on a page, for the variable `size`."""
    first: int = Field(1, ge=0)
    """The number of the first page."""
    at: Place | None = None
    """Where in the answer the cursor, or the next address, stands. Empty there: it was the last page."""
    more: Place | None = None
    """Where in the answer stands whether there is another page, for tools that give a cursor with the last
    one, too. Only where that is false has a list ended, and can be whole."""
    total: Place | None = None
    """Where in the answer stands how many objects there are. By `offset` and `page` a list counts as whole
    only if so many were seen, as objects move to other pages when one is deleted."""


class ListRequest(Request):
    """A request whose answer holds objects."""

    items: Place = ""
    """Where in the answer the objects stand, as in `data.employees`; nothing: the answer is the list."""
    pages: Paging | None = None
    """How the list goes on; without it, one answer holds all."""


class ReadRequest(Request):
    """A request whose answer holds one object."""

    item: Place = ""
    """Where in the answer the object stands; nothing: the answer is the object."""


class Step(Request):
    """One of the requests that change an object. Can use `changed`, `there`, `whole` and `id`."""

    sends: list[str] = Field(default_factory=list)
    """Attributes that only this step sends; without it, all that no other step names. A step of `update` is
    left out where nothing of what it sends differs."""
    when: str | None = None
    """An expression: only where it is true is the step sent."""
    item: Place | None = None
    """Where in the answer the changed object stands; without it, the object is read again."""


class Create(Request):
    """The request that makes an object. Can use `wanted`, in a list of `lists` `name`."""

    id: Place = "id"
    """Where in the answer the new object's id stands."""
    id_in: Literal["answer", "location"] = "answer"
    """`location`: the id stands in the header `Location` instead: as its parameter `id`, else at its end."""
    later: list[str] = Field(default_factory=list)
    """Attributes that a create does not take, or takes without saying so: they follow by `update`."""
    item: Place | None = None
    """Where in the answer the new object stands; without it, the object is read."""


class Names(ListRequest):
    """A list of names, such as departments, whose ids an attribute takes."""

    id: Place = Field("id", min_length=1)
    """Where in an entry its id stands."""
    name: Place = Field("name", min_length=1)
    """Where in an entry its name stands."""
    create: Create | None = None
    """How an entry is made, for attributes with `missing: create`. Can use `name`."""


class MemberRequest(Request):
    """A request that adds or removes `members`, a list of ids, of the group `id`."""

    at_most: int = Field(1, ge=1)
    """Members that one request takes."""


class Rate(Section):
    """How often the tool takes some requests of its own, of which it takes fewer."""

    requests: list[str] = Field(default_factory=list)
    """These requests, as the profile has them: `POST /people/search`."""
    methods: list[Method] = Field(default_factory=list)
    """All requests with one of these methods."""
    per_second: float = Field(gt=0)
    """How many a second, all of them together."""

    def covers(self, one: Request) -> bool:
        """Whether it is the rate of a request."""
        return one.request in self.requests or one.method in self.methods


class Batch(Request):
    """A request that carries others: what is asked for at the same time to change, read or look up objects.

    Lists with `pages`, the list of all objects, `lists` and the sign-in go by themselves.
    """

    body: str
    """The JSON that is sent. Can use `parts`, the list of the requests that it carries."""
    part: str
    """A request as it stands in `parts`, an expression. Can use its `method`, its `url` below `base_url`, the
    same as `path` and `params`, its `body` (null: none), and `id`, a text by which its answer is known."""
    at_most: int = Field(ge=2, le=100)
    """Requests that one takes. A single one is sent as it is."""
    methods: list[Method] = Field(["GET", "POST", "PUT", "PATCH", "DELETE"], min_length=1)
    """The methods of requests that can be in one."""
    items: Place = ""
    """Where in the answer the answers to them stand, in any order; nothing: the answer is the list."""
    id: Place = Field("id", min_length=1)
    """Where in each of these the `id` of its request stands."""
    status: Place = Field("status", min_length=1)
    """Where its status stands."""
    headers: Place = Field("headers", min_length=1)
    """Where its headers stand, an object; they may be left out."""
    answer: Place = Field("body", min_length=1)
    """Where its body stands, as JSON or as a text that is JSON."""
    counts: Literal["one", "each"] = "one"
    """What the tool counts against its limits: the `one` request, or `each` of those in it."""


class TokenRequest(Request):
    """A request that gives a token, which goes with the others as `Authorization: Bearer`."""

    form: dict[str, str] = Field(default_factory=dict)
    """What is sent as a form instead of a `body`, an expression each."""
    token: Place = "access_token"  # noqa: S105 - where it stands
    """Where in the answer the token stands."""
    lifetime: Place = "expires_in"
    """Where in the answer the seconds stand for which it lives."""
