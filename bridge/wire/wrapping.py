"""Requests that travel inside one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.wire.answer import Answer
from bridge.wire.request import Request


class Wrapping(Protocol):
    """How an API takes several requests inside one. `counts_each`: its limits count these, not that one."""

    counts_each: bool

    def wrap(self, parts: Sequence[Request]) -> Request:
        """The one that carries them."""
        ...

    def unwrap(self, answer: Answer, parts: Sequence[Request]) -> Sequence[Answer | None]:
        """The answer to each, in their order; None where there is none. Raises TryLater for none at all."""
        ...


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What travels inside a request, and how."""

    parts: Sequence[Request]
    wrapping: Wrapping

    def answers(self, answer: Answer) -> Sequence[Answer | None]:
        """The answer to each; none at all where the request that carries them was refused."""
        return self.wrapping.unwrap(answer, self.parts) if answer.status < 300 else ()
