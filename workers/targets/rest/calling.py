"""Compiles the requests of a profile. What is wrong is said with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bridge.errors import ConfigurationError
from bridge.mapping.expressions import Expression
from workers.targets.rest import profile as words
from workers.targets.rest import requests
from workers.targets.rest.compiled import (
    MEMBERS,
    Batch,
    Call,
    Creation,
    Listing,
    Members,
    Names,
    Rule,
    SignIn,
    Step,
)
from workers.targets.rest.expressing import Expressing
from workers.targets.rest.fields import steps

_PAGES = ("size", "offset", "page", "cursor")

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "list": ("settings", "fields"),
    "find": ("settings", "fields", "value"),
    "read": ("settings", "fields", "id"),
    "create": ("settings", "wanted"),
    "step": ("settings", "id", "changed", "there", "whole"),
    "delete": ("settings", "id"),
    "members.list": ("settings", "id"),
    "members": ("settings", "id", MEMBERS),
    "lists": ("settings",),
    "lists.create": ("settings", "name"),
    "sign_in": ("settings", "secrets"),
    "batch": ("settings", "parts"),
    "batch.part": ("settings", "id", "method", "url", "path", "params", "body"),
    "answers": ("status", "headers", "body"),
    "answers.wait": ("status", "headers", "body", "now"),
}
"""What expressions can use, by where they stand; those of lists with `pages` also the variables of pages."""

_WITHOUT = {
    "parts": "the requests that it is to carry would not be sent",
    "id": "nobody could tell which answer is whose",
}
"""What of a batch without these, by variable."""


class Calling(Expressing):
    """Compiles requests, and what belongs to them."""

    def call(self, one: requests.Request, *place: str, given: Collection[str]) -> Call:
        """One request."""
        form = one.form if isinstance(one, requests.TokenRequest) else {}

        def every(texts: Mapping[str, str], word: str) -> dict[str, Expression]:
            return {
                name: self.expression(text, *place, word, name, given=given) for name, text in texts.items()
            }

        return Call(
            one.method,
            self.template(one.path, *place, "request", given=given),
            every(one.params, "params"),
            None if one.body is None else self.expression(one.body, *place, "body", given=given),
            every(form, "form"),
            self._rates(one),
        )

    def _rates(self, one: requests.Request) -> tuple[str, ...]:
        """The names of the rates that a request keeps to; a sign-in keeps to none."""
        if isinstance(one, requests.TokenRequest):
            return ()
        return tuple(name for name, rate in self._profile.rates.items() if rate.covers(one))

    def writing(self, one: requests.Request, *place: str, given: Collection[str]) -> Call:
        """A request that changes something."""
        if one.method == "GET":
            raise ConfigurationError(
                f"{self.where(*place, 'request')} is to change something: a GET only reads (RFC 9110, 9.2.1)"
            )
        return self.together(self.call(one, *place, given=given))

    def together(self, call: Call) -> Call:
        """The same request, which goes in one with others where the profile lets it."""
        batch = self._profile.batch
        return replace(call, together=batch is not None and call.method in batch.methods)

    def batch(self, one: requests.Batch) -> Batch:
        """A request that carries others."""
        call = replace(self.writing(one, "batch", given=VARIABLES["batch"]), together=False)
        part = self.expression(one.part, "batch", "part", given=VARIABLES["batch.part"])
        assert call.body  # noqa: S101 - there is no batch without one
        for name, expression in (("parts", call.body), ("id", part)):
            if name not in expression.variables:
                raise ConfigurationError(f"{expression.where} leaves out `{name}`: {_WITHOUT[name]}")
        items, id_, status = steps(one.items), steps(one.id), steps(one.status)
        headers, answer = steps(one.headers), steps(one.answer)
        return Batch(call, part, one.at_most, items, id_, status, headers, answer, one.counts == "each")

    def listing(self, one: requests.ListRequest, *place: str, given: Collection[str]) -> Listing:
        """A request for objects."""
        self._check_reads(one, *place)
        pages = one.pages
        if pages and (pages.by in ("cursor", "next")) != (pages.at is not None):
            raise ConfigurationError(f"{self.where(*place, 'pages')}: `at` belongs to cursor and next only")
        call = self.call(one, *place, given=(*given, *(_PAGES if pages else ())))
        return Listing(call, steps(one.items), pages)

    def looking_up(self, one: requests.ListRequest, *place: str, given: Collection[str]) -> Listing:
        """A request for few objects, so that others may go with it if it has no pages."""
        found = self.listing(one, *place, given=given)
        return found if found.pages else replace(found, call=self.together(found.call))

    def reading(self, one: requests.ReadRequest, *place: str) -> Listing:
        """A request for one object."""
        self._check_reads(one, *place)
        call = self.together(self.call(one, *place, given=VARIABLES["read"]))
        return Listing(call, steps(one.item), None)

    def _check_reads(self, one: requests.Request, *place: str) -> None:
        if one.method not in ("GET", "POST"):
            raise ConfigurationError(f"{self.where(*place, 'request')} reads: it can be a GET or a POST only")

    def steps(self, every: Sequence[requests.Step], *place: str) -> tuple[Step, ...]:
        """The requests that change an object."""
        return tuple(self._step(one, *place, str(number)) for number, one in enumerate(every))

    def _step(self, one: requests.Step, *place: str) -> Step:
        given = VARIABLES["step"]
        when = None if one.when is None else self.condition(one.when, *place, "when", given=given)
        item = None if one.item is None else steps(one.item)
        return Step(self.writing(one, *place, given=given), when, tuple(one.sends), item)

    def creation(self, one: requests.Create, *place: str, given: Collection[str]) -> Creation:
        """The request that makes an object."""
        return Creation(
            self.writing(one, *place, given=given),
            None if one.id_in == "location" else steps(one.id),
            tuple(one.later),
            None if one.item is None else steps(one.item),
        )

    def names(self, one: requests.Names, *place: str) -> Names:
        """A list of names."""
        create = None
        if one.create:
            create = self.creation(one.create, *place, "create", given=VARIABLES["lists.create"])
        listing = self.listing(one, *place, given=VARIABLES["lists"])
        return Names(listing, steps(one.id), steps(one.name), create)

    def members(self, one: words.Members) -> Members:
        """How the members of a group are read, added and removed."""
        place = "groups", MEMBERS
        if (one.read is None) == (one.listing is None):
            raise ConfigurationError(
                f"{self.where(*place)} needs one of `read` and `list`: where a group's members are shown"
            )
        listing = None
        if one.listing:
            listing = self.looking_up(one.listing, *place, "list", given=VARIABLES["members.list"])
        given = VARIABLES[MEMBERS]
        return Members(
            None if one.read is None else steps(one.read),
            listing,
            steps(one.id),
            self.writing(one.add, *place, "add", given=given),
            one.add.at_most,
            self.writing(one.remove, *place, "remove", given=given),
            one.remove.at_most,
        )

    def sign_in(self, one: words.SignIn) -> SignIn:
        """How requests prove who sends them."""
        given, place = VARIABLES["sign_in"], "sign_in"
        basic = token = None
        if one.basic:
            both = {"user": one.basic.user, "password": one.basic.password}
            made = self.templates(both, place, "basic", given=given)
            basic = made["user"], made["password"]
        if one.token:
            self._check_reads(one.token, place, "token")
            token = self.call(one.token, place, "token", given=given)
        token_at, lifetime_at = (one.token.token, one.token.lifetime) if one.token else ("", "")
        headers = self.templates(one.headers, place, "headers", given=given)
        return SignIn(headers, basic, token, steps(token_at), steps(lifetime_at))

    def rule(self, one: words.Rule, *place: str) -> Rule:
        """What an answer means."""
        when = self.condition(one.when, *place, "when", given=VARIABLES["answers"])
        return Rule(when, one.means, one.says, None if one.wait is None else self._wait(one, *place, "wait"))

    def _wait(self, one: words.Rule, *place: str) -> Expression:
        if one.means not in ("later", "throttled"):
            raise ConfigurationError(f"{self.where(*place)} belongs to `later` and `throttled` only")
        return self.number(str(one.wait), *place, given=VARIABLES["answers.wait"])
