"""The form in which an API takes several requests in one, as its profile says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from bridge.wire.answer import Answer
from bridge.wire.request import Request
from workers.targets.batches import answer_inside, inside
from workers.targets.rest.compiled import Batch, Call
from workers.targets.rest.fields import at, id_of
from workers.targets.rest.scripts import Scope


class Form:
    """Requests in a batch, told apart by their numbers. `prepare` evaluates the request that carries them."""

    def __init__(
        self,
        batch: Batch,
        settings: Mapping[str, str | None],
        scope: Scope,
        prepare: Callable[[Call, Mapping[str, Any]], Request],
    ) -> None:
        self._batch = batch
        self._settings = settings
        self._scope = scope
        self._prepare = prepare
        self.counts_each = batch.counts_each

    def wrap(self, parts: Sequence[Request]) -> Request:
        """The request that carries them. Raises RecordRejected where an expression fails."""
        return self._prepare(self._batch.call, {"parts": [self._part(*part) for part in enumerate(parts)]})

    def _part(self, number: int, part: Request) -> Any:
        query = urlencode(part.params, quote_via=quote) if part.params else ""
        values = {
            "settings": self._settings,
            "id": str(number),
            "method": part.method,
            "url": f"{part.path}?{query}" if query else part.path,
            "path": part.path,
            "params": part.params or {},
            "body": part.body,
        }
        return self._scope.value(self._batch.part, values)

    def unwrap(self, answer: Answer, parts: Sequence[Request]) -> list[Answer | None]:
        """The answer to each; None where there is none, there are two, or one without a status."""
        batch = self._batch
        found: dict[str, list[Any]] = {}
        for one in inside(at(answer.json(), batch.items)):
            found.setdefault(id_of(one, batch.id), []).append(one)
        return [self._answer(found.get(str(number), []), answer) for number in range(len(parts))]

    def _answer(self, told: Sequence[Any], whole: Answer) -> Answer | None:
        if len(told) != 1:
            return None
        status, headers, body = (
            at(told[0], place) for place in (self._batch.status, self._batch.headers, self._batch.answer)
        )
        return answer_inside(status, headers, body, whole)
