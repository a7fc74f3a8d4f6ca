"""Sends a profile's requests, and says what their answers mean: by its rules, else by HTTP's own words."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from bridge.errors import BridgeError, Conflict, NotFound, RecordRejected, TargetHalted, TryLater
from bridge.wire.answer import Answer, Classify, classify_status
from bridge.wire.http import Http, Reading
from bridge.wire.permit import Permit
from bridge.wire.quiet import quiet_time, retry_after, server_time
from bridge.wire.request import Request, Turn
from bridge.wire.tokens import Tokens, Vault, classify_sign_in
from workers.targets.batches import Batches, Singly
from workers.targets.rest.batching import Form
from workers.targets.rest.compiled import Call, Compiled, Rule
from workers.targets.rest.fields import at
from workers.targets.rest.scripts import Scope


class Forbidden(TargetHalted):
    """403: whoever asks is known, or it would be 401; it may be this one object that is not to be read."""


class Client:
    """One API, by its profile. `turns`: what waits for each of its `rates`, by name."""

    def __init__(
        self, http: Http, compiled: Compiled, scope: Scope, turns: Mapping[str, Turn] = MappingProxyType({})
    ) -> None:
        self._http = http
        self.scope = scope
        self._settings = compiled.settings
        self._turns = turns
        self._singly = Singly(http)
        self._batches: Batches | None = None
        if batch := compiled.batch:
            self._batches = Batches(http, Form(batch, self._settings, scope, self.prepare), batch.at_most)

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._http.base_url

    async def end(self) -> None:
        """Give up what has not been sent."""
        if self._batches:
            await self._batches.end()

    def prepare(self, call: Call, values: Mapping[str, Any]) -> Request:
        """Evaluate a request's expressions. Raises RecordRejected."""
        given = {"settings": self._settings, **values}
        body = None if call.body is None else self.scope.value(call.body, given)
        params = {name: self.scope.value(one, given) for name, one in call.params.items()}
        form = {name: self.scope.value(one, given) for name, one in call.form.items()}
        path = call.path.address(self.scope, given)
        sent = _texts(form) if call.form else None
        return Request(call.method, path, _texts(params), body, sent, turns=self._turns_of(call))

    def _turns_of(self, call: Call) -> tuple[Turn, ...]:
        return tuple(self._turns[name] for name in call.rates if name in self._turns)

    async def read(self, call: Call, values: Mapping[str, Any]) -> Answer:
        """Send a request that changes nothing. Raises what `Http.read` raises."""
        return await self._line(call).read(self.prepare(call, values))

    def _line(self, call: Call) -> Batches | Singly:
        return self._batches if self._batches and call.together else self._singly

    async def follow(self, call: Call, path: str) -> Answer:
        """GET an address below the base address, as the answer to a call has named it."""
        return await self._http.read(path, turns=self._turns_of(call))

    async def write(self, call: Call, values: Mapping[str, Any], permit: Permit) -> Answer:
        """Send a request that changes something. Raises what `Http.write` raises."""
        return await self._line(call).write(self.prepare(call, values), permit)


def said(answer: Answer) -> Any:
    """The JSON of an answer; None for an empty one. Raises TryLater for a gateway's page."""
    return answer.json() if answer.body.strip() else None


def classifier(rules: Sequence[Rule], scope: Scope, otherwise: Classify | None = None) -> Classify:
    """What an answer means by a profile's rules."""

    def classify(answer: Answer, words: str) -> BridgeError | None:
        if rules:
            values = {"status": answer.status, "headers": _lowered(answer.headers), "body": _body(answer)}
            for rule in rules:
                if scope.is_true(rule.when, values):
                    return _error(rule, answer, words, _wait(rule, scope, values, answer))
        return (otherwise or _by_status)(answer, words)

    return classify


def _by_status(answer: Answer, words: str) -> BridgeError | None:
    """What an answer means by HTTP's own words."""
    error = classify_status(answer, words)
    if answer.status == 401:
        return TargetHalted(f"{error}: check the credentials")
    return Forbidden(f"{error}") if answer.status == 403 else error


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _body(answer: Answer) -> Any:
    try:
        return said(answer)
    except TryLater:
        return None


def _wait(rule: Rule, scope: Scope, values: Mapping[str, Any], answer: Answer) -> float | None:
    """The seconds that a rule's expression reads in an answer; None for no number."""
    if rule.wait is None:
        return None
    try:
        found = scope.value(rule.wait, {**values, "now": server_time(answer.headers)})
    except RecordRejected:
        return None
    return max(0.0, found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _error(rule: Rule, answer: Answer, words: str, wait: float | None) -> BridgeError | None:
    told = rule.says or words
    text = f"answered {answer.status}" + (f": {told}" if told else "")
    match rule.means:
        case "done":
            return None
        case "conflict":
            return Conflict(text)
        case "not_found":
            return NotFound(text)
        case "halted":
            return TargetHalted(text)
        case "rejected":
            return RecordRejected(text)
        case "throttled":
            return TryLater(text, after=quiet_time(answer.headers) if wait is None else wait)
    return TryLater(text, after=retry_after(answer.headers) if wait is None else wait)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """What is sent of parameters: no nulls, numbers as text, `true` and `false`."""
    found = {}
    for name, value in values.items():
        if value is not None:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


class SignsIn:
    """The headers that prove who sends requests, by a profile and the credentials that bridge.yaml gives."""

    def __init__(self, compiled: Compiled, secrets: Mapping[str, str], scope: Scope) -> None:
        self._compiled = compiled
        self._scope = scope
        self._values = {"secrets": secrets, "settings": compiled.settings}

    def headers(self) -> dict[str, str]:
        """The headers that stay the same."""
        sign_in = self._compiled.sign_in
        found = {name: one.fill(self._scope, self._values) for name, one in sign_in.headers.items()}
        if sign_in.basic:
            user, password = (one.fill(self._scope, self._values) for one in sign_in.basic)
            found["Authorization"] = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        return found

    def tokens(self, http: Http, vault: Vault) -> Tokens | None:
        """What gives the token that goes with each request, if there is one. `http`: to where it is given."""
        call = self._compiled.sign_in.token
        if call is None:
            return None
        client = Client(http, self._compiled, self._scope)

        async def fetch() -> tuple[str, float | None]:
            one = client.prepare(call, self._values)
            try:
                method = cast("Reading", call.method)
                answer = await http.read(
                    one.path, method=method, params=one.params, body=one.body, form=one.form
                )
            except RecordRejected as error:
                raise TargetHalted(f"the sign-in was refused ({error}): check the credentials") from None
            return self._token(said(answer))

        return Tokens(self._name(http.base_url), fetch, vault)

    def _token(self, body: Any) -> tuple[str, float | None]:
        sign_in = self._compiled.sign_in
        token, seconds = at(body, sign_in.token_at), at(body, sign_in.lifetime_at)
        if not isinstance(token, str) or not token or not token.isprintable():
            raise TryLater("the sign-in gave no usable token")
        try:
            return token, float(seconds) if seconds is not None else None
        except (TypeError, ValueError):
            return token, None

    def _name(self, base_url: str) -> str:
        """Another name for whoever signs in with other credentials."""
        parts = [self._compiled.profile.title, base_url, *sorted(map(str, self._values["secrets"].items()))]
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def sign_in_classifier(rules: Sequence[Rule], scope: Scope) -> Classify:
    """What an answer to a sign-in means."""
    return classifier(rules, scope, classify_sign_in)
