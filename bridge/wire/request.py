"""One HTTP request, before it is signed and sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson

from bridge.wire.calls import Heard, hearers

Turn = Callable[[], Awaitable[None]]
"""Waits until one more request may leave. Raises TryLater while the server has asked to wait."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """`path` is below the base address. `body` is sent as JSON, `form` as a form, `content` as it is.

    `turns` are those that it takes besides that of every request, where the server counts it among fewer.
    `hearers` are those for whom it is made, wherever it is sent from.
    """

    method: str
    path: str
    params: Mapping[str, str] | None = None
    body: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] | None = None
    turns: tuple[Turn, ...] = ()
    hearers: tuple[Heard, ...] = field(default_factory=hearers)

    def data(self) -> bytes | None:
        """The bytes of the body."""
        if self.content is not None:
            return self.content
        if self.form is not None:
            return urlencode(self.form).encode()
        return None if self.body is None else orjson.dumps(self.body)

    @property
    def content_type(self) -> str:
        """What the body is, where no header says so."""
        return "application/json" if self.form is None else "application/x-www-form-urlencoded"
