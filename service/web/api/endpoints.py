"""What can be asked at which address: each endpoint is read from the types of the function that answers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_type_hints

from bridge.config.web_settings import Role
from service.web.api.values import Answer, Asked

Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address.

    `needs`: the least role, None where everybody may ask; `query`, `body` and `answer`: the models of what is
    asked and answered; `media`: what is answered where that is no JSON of a model.
    """

    method: Method
    path: str
    handler: Callable[..., Awaitable[Any]]
    needs: Role | None
    status: int
    query: type[Asked] | None
    body: type[Asked] | None
    answer: type[Answer] | None
    media: tuple[str, ...]
    takes_visitor: bool

    @property
    def name(self) -> str:
        """Its name for programs, as the function is called."""
        return self.handler.__name__.rstrip("_")

    @property
    def summary(self) -> str:
        """What it does, in a line."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """What else is to be said of it, and which role it needs."""
        rest = (inspect.getdoc(self.handler) or "").partition("\n")[2].strip().replace("\n", " ")
        role = f"Needs the role {self.needs}." if self.needs else "Needs no token."
        return f"{rest} {role}".strip()

    @property
    def variables(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"{(\w+)}", self.path)


def endpoint(
    method: Method,
    path: str,
    handler: Callable[..., Awaitable[Any]],
    needs: Role | None = Role.VIEWER,
    *,
    status: int = 200,
    media: tuple[str, ...] = (),
) -> Endpoint:
    """An endpoint. The function takes what it has of `visitor`, `query`, `body` and the path's names."""
    hints = get_type_hints(handler)
    answer = hints["return"]
    is_model = isinstance(answer, type) and issubclass(answer, Answer)
    return Endpoint(
        method=method,
        path=path,
        handler=handler,
        needs=needs,
        status=204 if answer is NoneType else status,
        query=hints.get("query"),
        body=hints.get("body"),
        answer=answer if is_model else None,
        media=media,
        takes_visitor="visitor" in hints,
    )
